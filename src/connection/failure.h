/*
 * All that is known about a failure: more than the sentence, for programs that
 * want to tell their users why, and for those who want to help.  Counted, since
 * a socket and its interpreter may hold it together.
 */
#ifndef ISS_FAILURE_H
#define ISS_FAILURE_H

#include "base/error.h"
#include "base/refcount.h"
#include "connection/conn.h"

enum {
	ISS_FAILURE_HINT_MAX = 512,
	ISS_FAILURE_PEER_MAX = 64,
	ISS_FAILURE_SAID_MAX = 4 * ISS_SOCK_FIRST + 1, /* each byte as \xNN */
};

struct iss_failure {
	struct iss_refcount refs;
	struct iss_error err; /* its kind is never ISS_KIND_NONE */
	const char *what;     /* context, connect, accept ...; static */
	char *wanted;         /* the name that was looked for, owned; or NULL */
	char *report;         /* of the handshake, owned; NULL: not asked for */
	int sent_alert;       /* which told the peer; 0: none */
	char peer[ISS_FAILURE_PEER_MAX]; /* address and port; or "" */
	const char *looks_like;          /* of ISS_KIND_NOT_TLS; static */
	char said[ISS_FAILURE_SAID_MAX]; /* its first line; or "" */
	char hint[ISS_FAILURE_HINT_MAX]; /* or "" */
	struct iss_blame blame;
};

/*
 * Describe an error of conn, which may be NULL: of no connection.  NULL when
 * memory runs out.
 */
struct iss_failure *iss_failure_new(
    const struct iss_error *err, const struct iss_conn *conn);

/* One more holder; each calls iss_failure_free, which accepts NULL. */
struct iss_failure *iss_failure_up_ref(struct iss_failure *failure);
void iss_failure_free(struct iss_failure *failure);

#endif
