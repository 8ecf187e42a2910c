/*
 * The way from an SSL to everything of ours that belongs to it.  Each SSL that
 * we make has one struct iss_link in its ex_data; OpenSSL's callbacks get an
 * SSL and find the rest by iss_link_of, whatever SSL_CTX the connection has
 * come to (SNI).
 */
#ifndef ISS_LINK_H
#define ISS_LINK_H

#include <stdbool.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/error.h"
#include "base/kept_error.h"
#include "base/stats.h"
#include "link/callbacks.h"

struct iss_buf;
struct iss_choice;
struct iss_new_sessions;
struct iss_staple;
struct iss_verify;

enum { ISS_LINK_NAME_LEN = 32 };

/*
 * All pointers are borrowed.  A zeroed link without an SSL, with callbacks and
 * handle set, serves where the program is asked before there is a connection
 * (the password of a key) or without one.
 */
struct iss_link {
	SSL *ssl;           /* set by iss_link_attach */
	SSL_CTX *first_ctx; /* likewise; iss_link_first_ctx */
	const struct iss_callbacks *callbacks; /* static, or NULL */
	void *handle; /* given to the callbacks; see iss_link_lend */
	struct iss_verify *verify;
	struct iss_staple *staple;
	struct iss_new_sessions *new_sessions; /* NULL: none are kept */
	struct iss_stats *stats;               /* of the context; or NULL */
	bool session_came; /* to a client; who takes it sets this to false */
	unsigned char sent_alert;    /* the last fatal one that we sent; or 0 */
	unsigned char store_lookups; /* of sessions, in this handshake */
	bool busy;                   /* OpenSSL is on the stack for this SSL */
	bool pinned; /* a fingerprint accepts the peer: nothing refuses it */
	bool answers_acme; /* the handshake has no other use: acme.h */
	bool may_wait;     /* for an answer: iss_link_postpone */
	bool wants_answer; /* the handshake has stopped for one */
	bool shown;        /* a certificate of the program's choice */
	bool greeted;      /* a ClientHello has chosen the context, by this: */
	unsigned char first_name[ISS_LINK_NAME_LEN]; /* digest of the name */
	bool has_asked; /* the program what to do with the ClientHello: */
	struct iss_buf *hello; /* its bytes; NULL: not wanted */
	const struct iss_choice
	    *chosen; /* the context of that choice, if any */
	/*
	 * Why one of our callbacks refused to go on; the first failure stays.
	 * OpenSSL's error then says no more than that a callback failed.
	 */
	struct iss_kept_error failure;
};

/*
 * Hang the link on ssl; it must outlive ssl.  Returns ISS_OK, or ISS_ERROR when
 * memory runs out.  SSL_set_ex_data(3).
 */
int iss_link_attach(struct iss_error *err, struct iss_link *link, SSL *ssl);

/* The link of ssl; NULL for an SSL that somebody else made. */
struct iss_link *iss_link_of(const SSL *ssl);

/*
 * The link of the SSL whose peer is being verified; NULL as above.
 * SSL_get_ex_data_X509_STORE_CTX_idx(3).
 */
struct iss_link *iss_link_of_store(X509_STORE_CTX *store);

/*
 * The SSL_CTX that a connection began with, whatever it has come to: that of
 * its tickets, and of the store of its sessions.
 */
SSL_CTX *iss_link_first_ctx(const SSL *ssl);

/*
 * A callback wants to answer later (ISS_REPLY_LATER).  True if the handshake
 * may stop until then: it is to end with ISS_WANT_READ, and be called again.
 * False, with link->failure filled, if its caller would wait for the socket.
 * _may_wait is the same for a call that comes before the answer.
 */
bool iss_link_postpone(struct iss_link *link, const char *option);
bool iss_link_may_wait(struct iss_link *link);

/*
 * SSL_verify_strict, a mark on an SSL_CTX: connections follow the context that
 * they have come to (SNI).  Set it when the context is made; false when memory
 * runs out.  _is_strict is false for NULL.
 */
bool iss_link_set_strict(SSL_CTX *ctx);
bool iss_link_is_strict(const SSL *ssl);

/* Note in link->sent_alert which alerts the connections of a context send. */
void iss_link_note_alerts(SSL_CTX *ctx);

/*
 * Lend a handle for one call of the core; returns the one that was lent before,
 * which the program must lend again after the call.
 */
void *iss_link_lend(struct iss_link *link, void *handle);

/*
 * The callbacks that may be called now, with link->handle; any entry may be
 * NULL.  All are NULL while no handle is lent.
 */
const struct iss_callbacks *iss_link_callbacks(const struct iss_link *link);

/*
 * Bracket around every OpenSSL call that may run callbacks.  _enter clears
 * stale errors from OpenSSL's queue and returns true; it returns false, and
 * the caller must not call OpenSSL, when a callback came back to the SSL it was
 * called for.
 */
bool iss_link_enter(struct iss_link *link);
void iss_link_leave(struct iss_link *link);

#endif
