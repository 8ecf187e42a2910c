/*
 * One SSL_CTX, made from one config: what connections with the same options
 * share.  Counted, so that sockets and interpreters may hold it together.
 */
#ifndef ISS_CTX_H
#define ISS_CTX_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "options/config.h"
#include "base/error.h"
#include "link/link.h"
#include "context/protocols.h"
#include "base/refcount.h"
#include "sessions/session_policy.h"

struct iss_ctx {
	struct iss_refcount refs;
	SSL_CTX *ssl_ctx;
	bool server;
	bool has_identity; /* a certificate, with its key */
	char *host; /* what it serves of a server of several names; or NULL */
	struct iss_ctx **vhosts; /* those names, in order; owned */
	size_t n_vhosts;
	struct iss_protocols protocols;
	struct iss_psk_list psks;
	/* for connections that bring none of their own */
	struct iss_fingerprint_list fingerprints;
	bool force_fingerprint;
	int ocsp_mode; /* ISS_OCSP_*, -1: by the verify mode */
	/* of all options: what sessions are bound to */
	unsigned char rules[ISS_SESSION_POLICY_LEN];
	unsigned char
	    session_id[ISS_SESSION_POLICY_LEN]; /* a server's id context */
};

/*
 * Whose fault a failure to make a context is: a mistake in the program is
 * worth an exception, everything else is a return value.
 */
enum iss_ctx_fault { ISS_CTX_FINE, ISS_CTX_INVALID, ISS_CTX_FAILED };

/*
 * Make a context; link lends callbacks and handle for it (password,
 * ctx_created).  On ISS_CTX_FINE *out is the caller's to free, else err names
 * the option, the file and the reason.  SSL_CTX_new(3).
 */
enum iss_ctx_fault iss_ctx_new(struct iss_error *err, struct iss_ctx **out,
    const struct iss_config *config, const struct iss_link *link);

/*
 * A server's connection under ctx begins, or goes over to it: rules of its
 * own, if it has any, become part of its session id context, so that a client
 * cannot escape them with a session that another connection gave it.  Returns
 * ISS_OK or ISS_ERROR.  SSL_set_session_id_context(3).
 */
int iss_ctx_bind_sessions(struct iss_error *err, const struct iss_ctx *ctx,
    const struct iss_link *link);

/* The SSL_VERIFY_* flags, those of all hosts together. */
int iss_ctx_verify_mode(const struct iss_ctx *ctx);

/* One more holder; each calls iss_ctx_free, for which NULL is fine. */
struct iss_ctx *iss_ctx_up_ref(struct iss_ctx *ctx);
void iss_ctx_free(struct iss_ctx *ctx);

#endif
