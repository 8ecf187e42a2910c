/*
 * The revocation status that a server staples to its certificate (RFC 6066, 8;
 * RFC 8446, 4.4.2.1): the rule of one connection, and the outcome.
 */
#ifndef ISS_STAPLE_H
#define ISS_STAPLE_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "base/error.h"
#include "link/link.h"
#include "revocation/ocsp.h"

/*
 * The flags of SSL_ocsp_mode.  FULL_CHAIN affects only a resolver; FAIL_HARD
 * also makes a certificate that demands a staple (RFC 7633) get one.
 */
enum {
	ISS_OCSP_NO_STAPLE = 1,
	ISS_OCSP_MUST_STAPLE = 2,
	ISS_OCSP_FAIL_HARD = 4,
	ISS_OCSP_FULL_CHAIN = 8,
	ISS_OCSP_TRY_STAPLE = 16
};

struct iss_staple {
	int mode;                      /* flags as above */
	bool good;                     /* a response vouches for the leaf: */
	struct iss_ocsp_answer answer; /* this */
};

/*
 * Check the stapled responses on connections of this context that have a link.
 * Once, when the context is made.  SSL_CTX_set_tlsext_status_cb(3).
 */
void iss_staple_install(SSL_CTX *ctx);

/*
 * Set link->staple->mode from SSL_ocsp_mode (negative: not given), and ask the
 * server for a staple unless the mode forbids it or the peer is not verified.
 * For both ends of a connection, though a server ignores the mode.  Returns
 * ISS_OK or ISS_ERROR.
 */
int iss_staple_begin(
    struct iss_error *err, const struct iss_link *link, int mode);

/*
 * May a session be resumed as far as stapling is concerned?  The status found
 * by the full handshake holds as long as that response; if the mode requires a
 * staple, the full handshake must have had one.
 */
bool iss_staple_allows(
    const struct iss_staple *staple, const SSL_SESSION *session);

/* What iss_staple_allows knows of a session, for one that is kept as bytes. */
int64_t iss_staple_note_of(const SSL_SESSION *session);
bool iss_staple_set_note(SSL_SESSION *session, int64_t note);

/*
 * The handshake is done: take over what is known of a resumed session, and
 * fail if a required staple is missing.  Returns ISS_OK, or ISS_ERROR with
 * link->failure set.
 */
int iss_staple_finish(struct iss_link *link);

#endif
