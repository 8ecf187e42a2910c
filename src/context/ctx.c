/*
 * From a config to an SSL_CTX, one step an aspect.  The order of the steps
 * matters: ciphers come first, since their @SECLEVEL judges what is loaded.
 */
#include "context/ctx.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/compat.h"
#include "context/acme.h"
#include "context/algorithms.h"
#include "context/client_cert.h"
#include "context/identity.h"
#include "context/keylog.h"
#include "context/psk.h"
#include "context/trusted.h"
#include "context/session_settings.h"
#include "verification/dane.h"
#include "verification/verify.h"

/* A context under construction; everything is borrowed. */
struct build {
	struct iss_error *err;
	struct iss_ctx *ctx;
	SSL_CTX *ssl_ctx; /* of ctx */
	const struct iss_config *config;
	const struct iss_link *link;
	const struct iss_ctx *before; /* NULL: there is none */
};

/* One aspect of a context: ISS_OK, ISS_INVALID or ISS_ERROR. */
typedef int step_fn(struct build *build);

/* Turn a failure into one for which the program is to blame. */
static int
blame_program(int rv)
{
	return rv == ISS_OK ? ISS_OK : ISS_INVALID;
}

static bool
role_default(int given, bool otherwise)
{
	return given < 0 ? otherwise : given != 0;
}

static int
begin_counts(struct build *build)
{
	if (build->before == NULL)
		return iss_stats_new(build->err, &build->ctx->stats);
	build->ctx->stats = iss_stats_up_ref(build->before->stats);
	return ISS_OK;
}

static int
note_alerts(struct build *build)
{
	iss_link_note_alerts(build->ssl_ctx);
	return ISS_OK;
}

/* The context of a virtual host has no clients. */
static int
allow_dane(struct build *build)
{
	return build->config->vhost != NULL
		   ? ISS_OK
		   : iss_dane_allow(build->err, build->ssl_ctx);
}

/* Before anything is read, so that no change can go unnoticed. */
static int
watch_files(struct build *build)
{
	const struct iss_config *config = build->config;

	build->ctx->reload = config->reload;
	if (!(config->reload > 0) || config->vhost != NULL)
		return ISS_OK;
	return iss_watch_begin(build->err, &build->ctx->watch, config);
}

static int
set_versions(struct build *build)
{
	return iss_algorithms_use_versions(
	    build->err, build->ssl_ctx, build->config);
}

static int
set_options(struct build *build)
{
	const struct iss_config *config = build->config;
	uint64_t options = SSL_OP_NO_COMPRESSION;
	long mode = SSL_MODE_ENABLE_PARTIAL_WRITE |
		    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY;

	if (config->mode_release_buffers)
		mode |= SSL_MODE_RELEASE_BUFFERS;
	if (config->server)
		options |= ISS_COMPAT_OP_NO_CLIENT_RENEGOTIATION;
	if (role_default(config->honor_cipher_order, config->server))
		options |= SSL_OP_CIPHER_SERVER_PREFERENCE;
	SSL_CTX_set_mode(build->ssl_ctx, mode);
	SSL_CTX_set_options(build->ssl_ctx, options);
	return ISS_OK;
}

static int
set_ciphers(struct build *build)
{
	return iss_algorithms_use_ciphers(
	    build->err, build->ssl_ctx, build->config);
}

static bool
asks_hello(const struct build *build)
{
	return build->config->server && build->config->vhost == NULL &&
	       iss_link_callbacks(build->link)->hello != NULL;
}

static int
set_groups(struct build *build)
{
	const char *groups = iss_algorithms_groups(build->config);

	if (groups != NULL && build->config->server &&
	    (build->ctx->groups = strdup(groups)) == NULL)
		return iss_error_memory(build->err);
	return iss_algorithms_use_groups(
	    build->err, build->ssl_ctx, build->config, asks_hello(build));
}

static int
set_dh(struct build *build)
{
	return build->config->server ? iss_algorithms_use_dh(build->err,
					   build->ssl_ctx, build->config)
				     : ISS_OK;
}

static int
set_trust(struct build *build)
{
	build->ctx->ocsp_mode = build->config->ocsp_mode;
	return iss_trusted_use(build->err, build->ssl_ctx, build->config,
	    &build->ctx->ignores_crl_file);
}

static int
set_client_cas(struct build *build)
{
	return iss_trusted_use_client_cas(
	    build->err, build->ssl_ctx, build->config);
}

/* For connections without fingerprints of their own. */
static int
set_fingerprints(struct build *build)
{
	const struct iss_config *config = build->config;

	build->ctx->force_fingerprint = config->force_fingerprint != 0;
	if (iss_fingerprint_list_copy(
		&build->ctx->fingerprints, &config->fingerprints))
		return ISS_OK;
	return iss_error_set(build->err, "SSL_fingerprint: out of memory");
}

static bool
is_named(const struct iss_identity *identity)
{
	return identity->cert != NULL || identity->cert_file != NULL ||
	       identity->key != NULL || identity->key_file != NULL;
}

/* Of the hosts of a server, each needs both certificate and key. */
static int
set_identities(struct build *build)
{
	const struct iss_config *config = build->config;
	bool used = false;
	size_t i;

	for (i = 0; i < config->n_identities; i++) {
		if (iss_identity_use(build->err, build->ssl_ctx,
			&config->identities[i], build->link, config->key_cache,
			&used) != ISS_OK)
			return ISS_ERROR;
		if (!used && (config->vhost != NULL || i > 0) &&
		    is_named(&config->identities[i]))
			return iss_error_set(build->err,
			    "SSL_cert (or SSL_cert_file) and SSL_key (or "
			    "SSL_key_file) must both be given");
		build->ctx->has_identity |= used;
	}
	build->ctx->vhosts.has_default = build->ctx->has_identity;
	/* the server may ask for it after the handshake (RFC 8446, 4.6.2) */
	if (!config->server)
		SSL_CTX_set_post_handshake_auth(
		    build->ssl_ctx, build->ctx->has_identity);
	return ISS_OK;
}

static int
set_psks(struct build *build)
{
	const struct iss_config *config = build->config;
	struct iss_psk_list *psks = &build->ctx->psks;

	if (config->psks.count == 0)
		return ISS_OK;
	if (!iss_psk_list_copy(psks, &config->psks))
		return iss_error_set(build->err, "SSL_psk: out of memory");
	return blame_program(
	    iss_psk_use(build->err, build->ssl_ctx, psks, config->server));
}

static int
set_protocols(struct build *build)
{
	return blame_program(iss_protocols_use(build->err,
	    &build->ctx->protocols, build->ssl_ctx,
	    &build->config->alpn_protocols, &build->config->npn_protocols));
}

/* Contexts that differ in any option do not share sessions. */
static int
set_rules(struct build *build)
{
	struct iss_session_policy policy;
	int rv;

	iss_session_policy_init(&policy);
	iss_session_policy_add_options(&policy, build->config);
	if (build->config->server)
		iss_session_policy_peek(&policy, build->ctx->demands);
	iss_session_policy_add_identities(&policy, build->config);
	rv = iss_session_policy_final(build->err, &policy, build->ctx->rules);
	iss_session_policy_release(&policy);
	return rv;
}

/* May a sub of the program decide which clients are accepted? */
static bool
program_judges(const struct build *build, const struct iss_config *config)
{
	const struct iss_callbacks *ask = iss_link_callbacks(build->link);

	return ask->ctx_created != NULL ||
	       (ask->verify != NULL && iss_trusted_verifies(config));
}

/* A client that was accepted under other rules must not resume. */
static const struct iss_session_id *
session_id_before(const struct build *build)
{
	const struct iss_ctx *before = build->before;

	if (before == NULL || before->session_id_is_named ||
	    build->config->other_judge)
		return NULL;
	if (iss_session_id_selects(build->config) &&
	    memcmp(before->demands, build->ctx->demands,
		sizeof(before->demands)) != 0)
		return NULL;
	return &before->session_id;
}

/* Revocation lists expire, and OpenSSL finds newer ones in SSL_ca_path. */
static bool
lists_change(const struct iss_config *config)
{
	return iss_trusted_verifies(config) &&
	       (config->check_crl || config->crl_check_all);
}

/* Of sessions that OpenSSL keeps itself it asks nobody; and it looks for them
 * in the first context, not in the one that a ClientHello has chosen. */
static void
keep_no_sessions(SSL_CTX *ctx)
{
	SSL_CTX_set_session_cache_mode(ctx,
	    SSL_CTX_get_session_cache_mode(ctx) | SSL_SESS_CACHE_NO_INTERNAL);
}

/* Are clients judged again before they resume? */
static bool
judges_again(const struct build *build, const struct iss_config *config)
{
	return lists_change(config) || (program_judges(build, config) &&
					   iss_session_id_is_shared(config));
}

/* Those of another context, which a ClientHello may choose. */
static bool
others_judge_again(const struct build *build)
{
	const struct iss_config *config = build->config;
	bool judged = asks_hello(build);
	size_t i;

	for (i = 0; !judged && i < config->n_vhosts; i++)
		judged = judges_again(build, &config->vhosts[i]);
	return judged;
}

/* No digest tells one sub from another: what a program decides about clients
 * does not hold where another one may have made the session. */
static int
respect_judges(struct build *build)
{
	const struct iss_config *config = build->config;

	if (judges_again(build, config)) {
		keep_no_sessions(build->ssl_ctx);
		if (!iss_peer_end_set_judge(build->ssl_ctx, &iss_verify_judge))
			return iss_error_memory(build->err);
	}
	if (!program_judges(build, config) ||
	    iss_link_callbacks(build->link)->verify == NULL)
		return ISS_OK;
	return iss_session_id_set_alone(build->err, &build->ctx->session_id);
}

/*
 * A client has no session id context: OpenSSL would break off the handshake
 * where a session has another one, because it comes from another context or is
 * made of a pre-shared key.
 */
static int
set_sessions(struct build *build)
{
	const struct iss_config *config = build->config;
	int rv = iss_session_settings_use(build->err, build->ssl_ctx, config,
	    build->link, build->before != NULL ? build->before->ssl_ctx : NULL);

	if (rv != ISS_OK || !config->server)
		return rv;
	if (others_judge_again(build))
		keep_no_sessions(build->ssl_ctx);
	build->ctx->session_id_is_named = config->session_id_context != NULL;
	rv = iss_session_id_use(build->err, &build->ctx->session_id,
	    build->ssl_ctx, config, build->ctx->demands,
	    program_judges(build, config), session_id_before(build));
	return rv == ISS_OK ? respect_judges(build) : rv;
}

static int
set_keylog(struct build *build)
{
	const struct iss_config *config = build->config;

	if (config->keylog_file == NULL &&
	    iss_link_callbacks(build->link)->keylog == NULL)
		return ISS_OK;
	return iss_keylog_use(build->err, build->ssl_ctx, config->keylog_file,
	    config->tainted, &build->ctx->has_public_keylog);
}

static int
set_acme(struct build *build)
{
	if (!build->config->server || build->config->vhost != NULL ||
	    iss_link_callbacks(build->link)->acme == NULL)
		return ISS_OK;
	return iss_acme_new_ctx(build->err, &build->ctx->vhosts.acme);
}

/* Of a client that shows a certificate if it has one. */
static int
set_client_cert(struct build *build)
{
	if (build->config->server ||
	    iss_link_callbacks(build->link)->client_cert == NULL)
		return ISS_OK;
	SSL_CTX_set_post_handshake_auth(build->ssl_ctx, 1);
	iss_client_cert_install(build->ssl_ctx, build->config->key_cache);
	build->ctx->may_be_late = true;
	return ISS_OK;
}

static int
tell_program(struct build *build)
{
	const struct iss_link *link = build->link;
	const struct iss_callbacks *callbacks = iss_link_callbacks(link);

	if (callbacks->ctx_created == NULL ||
	    callbacks->ctx_created(link->handle, build->ssl_ctx))
		return ISS_OK;
	return iss_error_set(build->err, "SSL_create_ctx_callback failed");
}

static const struct iss_ctx *
vhost_before(const struct iss_ctx *before, const char *name)
{
	const struct iss_vhost *vhost = NULL;
	size_t i;

	if (before != NULL)
		vhost = iss_vhosts_find(
		    &before->vhosts, (const unsigned char *)name, strlen(name));
	if (vhost != NULL && strcmp(vhost->name, name) != 0)
		return NULL; /* a wildcard, which has its own sessions */
	for (i = 0; vhost != NULL && i < before->n_vhost_ctxs; i++)
		if (before->vhost_ctxs[i]->ssl_ctx == vhost->ssl_ctx)
			return before->vhost_ctxs[i];
	return NULL;
}

/* The context of a virtual host is made by the same steps. */
static int
add_vhost(struct build *build, const struct iss_config *config)
{
	struct iss_ctx *ctx = build->ctx;
	struct iss_ctx *one;
	int rv;

	rv = iss_ctx_renew(build->err, &one, config, build->link,
	    vhost_before(build->before, config->vhost));
	if (rv != ISS_OK) {
		iss_error_prefix(build->err, "host %s", config->vhost);
		return rv;
	}
	ctx->vhost_ctxs[ctx->n_vhost_ctxs++] = one;
	ctx->ignores_crl_file &= one->ignores_crl_file; /* all do */
	return iss_vhosts_add(build->err, &ctx->vhosts, config->vhost,
	    one->ssl_ctx, &one->session_id);
}

static int
add_vhosts(struct build *build)
{
	const struct iss_config *config = build->config;
	struct iss_ctx *ctx = build->ctx;
	int rv = ISS_OK;
	size_t i;

	if (config->n_vhosts == 0)
		return ISS_OK;
	ctx->vhost_ctxs = calloc(config->n_vhosts, sizeof(*ctx->vhost_ctxs));
	if (ctx->vhost_ctxs == NULL)
		return iss_error_set(build->err, "out of memory");
	for (i = 0; rv == ISS_OK && i < config->n_vhosts; i++)
		rv = add_vhost(build, &config->vhosts[i]);
	return rv;
}

static int
set_choice(struct build *build)
{
	struct iss_ctx *ctx = build->ctx;

	if (!build->config->server)
		return ISS_OK;
	ctx->choice.ssl_ctx = ctx->ssl_ctx;
	ctx->choice.session_id = &ctx->session_id;
	ctx->choice.vhosts = &ctx->vhosts;
	ctx->choice.fingerprints = &ctx->fingerprints;
	ctx->choice.force_fingerprint = ctx->force_fingerprint;
	ctx->choice.groups = ctx->groups;
	ctx->choice.asks = asks_hello(build);
	ctx->may_be_late |= ctx->choice.asks || ctx->vhosts.acme != NULL ||
			    build->config->store != NULL;
	iss_choice_install(&ctx->choice);
	return ISS_OK;
}

/* In this order. */
static step_fn *const steps[] = {
	begin_counts,
	note_alerts,
	allow_dane,
	watch_files,
	set_versions,
	set_options,
	set_ciphers,
	set_groups,
	set_dh,
	set_trust,
	set_client_cas,
	set_fingerprints,
	set_identities,
	set_psks,
	set_protocols,
	set_rules,
	set_sessions,
	set_keylog,
	set_acme,
	set_client_cert,
	tell_program,
	add_vhosts,
	set_choice,
};

int
iss_ctx_new(struct iss_error *err, struct iss_ctx **out,
    const struct iss_config *config, const struct iss_link *link)
{
	return iss_ctx_renew(err, out, config, link, NULL);
}

int
iss_ctx_renew(struct iss_error *err, struct iss_ctx **out,
    const struct iss_config *config, const struct iss_link *link,
    const struct iss_ctx *before)
{
	struct iss_ctx *ctx = calloc(1, sizeof(*ctx));
	struct build build = { err, ctx, NULL, config, link, before };
	int rv = ISS_OK;
	size_t i;

	ERR_clear_error();
	if (ctx == NULL)
		return iss_error_set(err, "out of memory");
	ctx->server = config->server;
	if (!iss_refcount_init(&ctx->refs) ||
	    (ctx->ssl_ctx = SSL_CTX_new(TLS_method())) == NULL)
		rv = iss_error_openssl(err, "cannot create an SSL context");
	build.ssl_ctx = ctx->ssl_ctx;
	for (i = 0; rv == ISS_OK && i < sizeof(steps) / sizeof(steps[0]); i++)
		rv = steps[i](&build);
	if (rv != ISS_OK) {
		iss_ctx_free(ctx);
		return rv;
	}
	*out = ctx;
	ERR_clear_error(); /* of attempts whose failure does not matter */
	return ISS_OK;
}

int
iss_ctx_verify_mode(const struct iss_ctx *ctx)
{
	int mode = SSL_CTX_get_verify_mode(ctx->ssl_ctx);
	size_t i;

	for (i = 0; i < ctx->n_vhost_ctxs; i++)
		mode |= iss_ctx_verify_mode(ctx->vhost_ctxs[i]);
	return mode;
}

bool
iss_ctx_shows_nothing(const struct iss_ctx *ctx)
{
	STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(ctx->ssl_ctx);
	int i;

	if (!ctx->server || ctx->n_vhost_ctxs > 0 || ctx->psks.count > 0 ||
	    SSL_CTX_get0_certificate(ctx->ssl_ctx) != NULL)
		return false;
	for (i = 0; i < sk_SSL_CIPHER_num(ciphers); i++)
		if (SSL_CIPHER_get_auth_nid(sk_SSL_CIPHER_value(ciphers, i)) ==
		    NID_auth_null)
			return false;
	return true;
}

struct iss_ctx *
iss_ctx_up_ref(struct iss_ctx *ctx)
{
	iss_refcount_up(&ctx->refs);
	return ctx;
}

void
iss_ctx_free(struct iss_ctx *ctx)
{
	size_t i;

	if (ctx == NULL || !iss_refcount_down(&ctx->refs))
		return;
	/* the program may hold the SSL_CTX longer than we live */
	iss_choice_uninstall(ctx->ssl_ctx);
	iss_protocols_release(&ctx->protocols, ctx->ssl_ctx);
	iss_psk_forget(ctx->ssl_ctx);
	iss_psk_list_release(&ctx->psks);
	SSL_CTX_free(ctx->ssl_ctx);
	iss_vhosts_release(&ctx->vhosts);
	for (i = 0; i < ctx->n_vhost_ctxs; i++)
		iss_ctx_free(ctx->vhost_ctxs[i]);
	free(ctx->vhost_ctxs);
	iss_stats_free(ctx->stats);
	iss_fingerprint_list_release(&ctx->fingerprints);
	free(ctx->groups);
	iss_watch_release(&ctx->watch);
	iss_refcount_release(&ctx->refs);
	free(ctx);
}
