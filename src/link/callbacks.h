/*
 * What the core asks the program around it (Perl, or a test in C) while OpenSSL
 * works.  Each function gets the program's handle, which is lent for one call
 * of the core (link.h); the core never keeps a value of the program's.  A NULL
 * entry means "no opinion".
 *
 * None of these may unwind (longjmp, die) through the core: a callback that
 * wants to fail says so by its result, and the program remembers why.
 */
#ifndef ISS_CALLBACKS_H
#define ISS_CALLBACKS_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ocsp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

struct iss_buf;          /* base/buf.h */
struct iss_cert_request; /* context/client_cert.h */
struct iss_hello;        /* context/hello.h */
struct iss_identity;     /* options/config.h */
struct iss_message;      /* connection/trace.h */
struct iss_ocsp_answer;  /* revocation/ocsp.h */

/* The outcome of the program's own check of a stapled OCSP response. */
enum iss_staple_opinion {
	ISS_STAPLE_NO_OPINION,
	ISS_STAPLE_SEEN,
	ISS_STAPLE_REFUSED
};

/* The program's answer to a question of the handshake. */
enum iss_reply {
	ISS_REPLY_NONE,    /* go on without */
	ISS_REPLY_GIVEN,   /* as the question says */
	ISS_REPLY_REFUSED, /* end the handshake */
	ISS_REPLY_LATER,   /* stop the handshake: iss_link_postpone */
	ISS_REPLY_WRONG    /* of the wrong kind, or there is an exception */
};

/* A result of acme: ISS_REPLY_LATER. */
enum { ISS_ACME_LATER = -2 };

enum { ISS_TICKET_SECRET_LEN = 32, ISS_TICKET_NAME_LEN = 16 };

/* A server's key for session tickets, and the name that tickets give it. */
struct iss_ticket_key {
	unsigned char secret[ISS_TICKET_SECRET_LEN];
	unsigned char name[ISS_TICKET_NAME_LEN];
};

struct iss_callbacks {
	/*
	 * Write the password for an encrypted key to buf, of size bytes, and
	 * return its length; a negative number if there is none.
	 */
	int (*password)(void *handle, char *buf, size_t size);
	/*
	 * The program's opinion on the certificate that chain verification has
	 * reached.  ok is the verdict so far; the new verdict is returned.
	 * X509_STORE_CTX_set_verify_cb(3).
	 */
	bool (*verify)(void *handle, bool ok, X509_STORE_CTX *store);
	/* Does leaf belong to name?  Called where the scheme is a sub. */
	bool (*check_name)(void *handle, const char *name, X509 *leaf);
	/* A context was made and may be adjusted; false: do not use it. */
	bool (*ctx_created)(void *handle, SSL_CTX *ctx);
	/* Warn the user. */
	void (*warn)(void *handle, const char *text);
	/* A secret of the connection, as a line of a key log (RFC 9850). */
	void (*keylog)(void *handle, const char *line);
	/* A message of the protocol was sent or received. */
	void (*message)(void *handle, const struct iss_message *message);
	/*
	 * For a connection over a handle of the program's (connection/pump.h):
	 * read from it, write to it, and count the bytes that it has ready.
	 * ISS_OK with a count, ISS_EOF, ISS_WANT_*, ISS_INTR; ISS_ERROR with
	 * errno.
	 */
	int (*pump_read)(void *handle, void *buf, size_t len, size_t *got);
	int (*pump_write)(
	    void *handle, const void *buf, size_t len, size_t *put);
	size_t (*pump_pending)(void *handle);
	/*
	 * The current key for tickets.  If name (ISS_TICKET_NAME_LEN bytes) is
	 * not NULL: the secret of the key of that name, with the name of the
	 * current key.  False: there is no such key.  Without this entry a
	 * context leaves tickets to OpenSSL's own keys.
	 */
	bool (*ticket_key)(void *handle, const unsigned char *name,
	    struct iss_ticket_key *key);
	/*
	 * The key authorization for a host that a certificate authority asks
	 * about (context/acme.h): write it to buf, of size bytes, and return
	 * its length; ISS_ACME_LATER; another negative number or 0 if there is
	 * none.  Without this entry a context answers no challenges.
	 */
	int (*acme)(void *handle, const char *name, char *buf, size_t size);
	/*
	 * A client said hello.  GIVEN: the program has chosen a context by
	 * iss_conn_choose.  REFUSED: *alert is to be sent, else it stays as it
	 * is.  Without this entry nobody is asked.
	 */
	enum iss_reply (*hello)(
	    void *handle, const struct iss_hello *hello, int *alert);
	/*
	 * A server asks for our certificate.  GIVEN: *identity is borrowed,
	 * and stays until the call of the core ends.  NONE: show none.
	 * Without this entry a client shows the one that it has.
	 */
	enum iss_reply (*client_cert)(void *handle,
	    const struct iss_cert_request *request,
	    const struct iss_identity **identity);
	/*
	 * The program's store of sessions: put a value under key for so many
	 * seconds; append the one that is there to value; remove it, and tell
	 * whether it may be used: false if somebody else has removed it; put
	 * one unless there is one, and tell whether it was put.  False, and
	 * NONE, also if the store fails.  LATER counts while a server reads a
	 * ClientHello, and is NONE elsewhere.
	 */
	bool (*store_put)(void *handle, const char *key, const void *value,
	    size_t len, long seconds);
	enum iss_reply (*store_get)(
	    void *handle, const char *key, struct iss_buf *value);
	bool (*store_take)(void *handle, const char *key);
	bool (*store_add)(void *handle, const char *key, const void *value,
	    size_t len, long seconds);
	/*
	 * The server's stapled OCSP response, borrowed; NULL if there is none,
	 * or it cannot be read.
	 */
	enum iss_staple_opinion (*staple)(
	    void *handle, OCSP_RESPONSE *response);
	/* The answer of a responder about the certificate with that id, which
	 * is from iss_ocsp_id. */
	void (*ocsp_answer)(void *handle, const unsigned char *id, size_t len,
	    const struct iss_ocsp_answer *answer);
};

#endif
