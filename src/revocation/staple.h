/*
 * The revocation status that a server staples to its certificate (RFC 6066, 8;
 * RFC 8446, 4.4.2.1): one connection's rule about it, and what came of it.
 */
#ifndef ISS_STAPLE_H
#define ISS_STAPLE_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "base/error.h"
#include "revocation/ocsp.h"

/* The flags of SSL_ocsp_mode; of the last two only a resolver takes note. */
enum {
	ISS_OCSP_NO_STAPLE = 1,
	ISS_OCSP_TRY_STAPLE = 2,
	ISS_OCSP_MUST_STAPLE = 4,
	ISS_OCSP_FAIL_HARD = 8,
	ISS_OCSP_FULL_CHAIN = 16
};

struct iss_staple {
	int mode;
	bool good;                     /* what came says so of the leaf: */
	struct iss_ocsp_answer answer; /* this */
};

/*
 * Have stapled responses checked that come on connections of this context
 * which are judged by a struct iss_verify.  Once, when it is made.
 */
void iss_staple_install(SSL_CTX *ctx);

/*
 * The rule for a connection, of which only a client's end takes note, from
 * SSL_ocsp_mode (negative: none was given): asks for a staple unless the mode
 * says otherwise or the peer is not verified.  Returns ISS_OK or ISS_ERROR.
 */
int iss_staple_begin(
    struct iss_error *err, struct iss_staple *staple, SSL *ssl, int mode);

/*
 * May a session be resumed as far as its peer's staple is concerned?  What a
 * full handshake found holds as long as the response, and where it is
 * required one must have been there.
 */
bool iss_staple_allows(
    const struct iss_staple *staple, const SSL_SESSION *session);

struct iss_verify;

/*
 * The handshake is done: was the staple there if it is required?  Takes over
 * what is known of a resumed session.  Returns ISS_OK, or ISS_ERROR with
 * verify->failure set.
 */
int iss_staple_finish(struct iss_verify *verify, SSL *ssl);

#endif
