/*
 * The way out of the core: what the program around it (Perl, or a test in
 * C) is asked while OpenSSL works.  `host` is lent for one call of the core
 * and put back after it; the core stores no value of the host's, ever.  A
 * NULL entry means "no opinion".  None of these may unwind (longjmp, die)
 * through the core: a host that wants to fail says so by its result, and
 * remembers why on its own side.
 */
#ifndef ISS_CALLBACKS_H
#define ISS_CALLBACKS_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <openssl/ocsp.h>

#include "connection/trace.h"

struct iss_ocsp_answer;

/* What a user's own check of a stapled OCSP response came to. */
enum iss_staple_opinion {
	ISS_STAPLE_NO_OPINION,
	ISS_STAPLE_SEEN,
	ISS_STAPLE_REFUSED
};

enum { ISS_TICKET_SECRET_LEN = 32, ISS_TICKET_NAME_LEN = 16 };

/* What a server encrypts session tickets with, and how it calls that. */
struct iss_ticket_key {
	unsigned char secret[ISS_TICKET_SECRET_LEN];
	unsigned char name[ISS_TICKET_NAME_LEN];
};

struct iss_callbacks {
	/*
	 * Write the password for an encrypted key to buf, of size bytes, and
	 * return its length; negative: there is none.
	 */
	int (*password)(void *host, char *buf, size_t size);
	/*
	 * The user's opinion on the certificate that chain verification has
	 * reached: ok is the verdict so far; the new verdict is returned.
	 * X509_STORE_CTX_set_verify_cb(3).
	 */
	bool (*verify)(void *host, bool ok, X509_STORE_CTX *store);
	/* Does leaf belong to name?  Asked where the scheme is a sub. */
	bool (*check_name)(void *host, const char *name, X509 *leaf);
	/*
	 * A context was made and may be adjusted; false: do not use it.
	 */
	bool (*ctx_created)(void *host, SSL_CTX *ctx);
	/* A message of the protocol was sent or received: trace.h. */
	void (*message)(void *host, const struct iss_message *message);
	/*
	 * For a connection over a handle of the host's own (pump.h): read
	 * from it, write to it, and how much it can give without waiting.
	 * ISS_OK with a count, ISS_EOF, ISS_WANT_*, ISS_INTR; ISS_ERROR with
	 * errno.
	 */
	int (*pump_read)(void *host, void *buf, size_t len, size_t *got);
	int (*pump_write)(void *host, const void *buf, size_t len, size_t *put);
	size_t (*pump_pending)(void *host);
	/*
	 * The current key for tickets; where name (ISS_TICKET_NAME_LEN bytes)
	 * is not NULL, the secret of that key beside the current name.  False:
	 * there is none.  A context is made without it: OpenSSL has its own.
	 */
	bool (*ticket_key)(
	    void *host, const unsigned char *name, struct iss_ticket_key *key);
	/*
	 * The server's stapled OCSP response, lent; NULL: there is none that
	 * can be read.
	 */
	enum iss_staple_opinion (*staple)(void *host, OCSP_RESPONSE *response);
	/* A responder has said this of the certificate with that id (ocsp.h) */
	void (*ocsp_answer)(void *host, const unsigned char *id, size_t len,
	    const struct iss_ocsp_answer *answer);
};

/* Whom to ask during one call: the ops, and what they are given. */
struct iss_owner {
	const struct iss_callbacks *ops;
	void *host;
};

/*
 * Whom to ask about a connection of OpenSSL's: asker must outlive ssl.  It is
 * found whatever context the connection has come to.  get0 returns NULL for
 * one that somebody else made.
 */
bool iss_owner_attach(struct iss_owner *asker, SSL *ssl);
struct iss_owner *iss_owner_get0(const SSL *ssl);

#endif
