/*
 * One SSL_CTX, made from one config: what connections with the same options
 * share.  Counted, so that sockets and interpreters may hold it together.
 */
#ifndef ISS_CTX_H
#define ISS_CTX_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#include "base/error.h"
#include "base/refcount.h"
#include "base/stats.h"
#include "context/choice.h"
#include "context/protocols.h"
#include "context/session_id.h"
#include "context/vhosts.h"
#include "context/watch.h"
#include "link/link.h"
#include "options/config.h"
#include "sessions/session_policy.h"

struct iss_ctx {
	struct iss_refcount refs;
	SSL_CTX *ssl_ctx;
	bool server;
	struct iss_stats *stats; /* one reference */
	bool has_identity;       /* a certificate, with its key */
	struct iss_protocols protocols;
	struct iss_psk_list psks;
	/* for connections that bring none of their own */
	struct iss_fingerprint_list fingerprints;
	bool force_fingerprint;
	int ocsp_mode; /* ISS_OCSP_*, -1: by the verify mode */
	/* SSL_crl_file is given, but nothing says that it is to be used */
	bool ignores_crl_file;
	bool has_public_keylog; /* others can read SSL_keylog_file */
	/* digest of all options: what sessions are bound to */
	unsigned char rules[ISS_SESSION_POLICY_LEN];
	/* of a server: of the same but for its certificates */
	unsigned char demands[ISS_SESSION_POLICY_LEN];
	double reload; /* seconds between looks at the files, 0: never */
	struct iss_watch watch;           /* those files */
	struct iss_session_id session_id; /* of a server */
	bool session_id_is_named;         /* SSL_session_id_context is given */
	struct iss_vhosts vhosts;         /* of a server */
	struct iss_ctx **vhost_ctxs;      /* their contexts, owned */
	size_t n_vhost_ctxs;
	struct iss_choice choice; /* of a server */
	char *groups;             /* of a server; NULL: OpenSSL's own */
	bool may_be_late;         /* a callback may answer later */
};

/*
 * Make a context.  link lends callbacks and handle for the call (password,
 * ctx_created, ticket_key).  Returns ISS_OK with *out for the caller to free;
 * ISS_INVALID for a value that no context can have, ISS_ERROR for any other
 * failure, both with err naming the option, the file and the reason.
 * SSL_CTX_new(3).
 */
int iss_ctx_new(struct iss_error *err, struct iss_ctx **out,
    const struct iss_config *config, const struct iss_link *link);

/*
 * The same for a context that will take the place of before, which may be NULL:
 * its counts go on, ticket keys are kept, and random session id contexts unless
 * the rules for clients differ, so that clients go on to resume.
 */
int iss_ctx_renew(struct iss_error *err, struct iss_ctx **out,
    const struct iss_config *config, const struct iss_link *link,
    const struct iss_ctx *before);

/* The SSL_VERIFY_* flags of the context and of its virtual hosts, joined. */
int iss_ctx_verify_mode(const struct iss_ctx *ctx);

/*
 * A server that no client can reach: it has no certificate, for no host, and
 * neither PSK nor anonymous ciphers.  Callbacks may still give it one.
 */
bool iss_ctx_shows_nothing(const struct iss_ctx *ctx);

/* Take one more reference; release one.  free(NULL) is fine. */
struct iss_ctx *iss_ctx_up_ref(struct iss_ctx *ctx);
void iss_ctx_free(struct iss_ctx *ctx);

#endif
