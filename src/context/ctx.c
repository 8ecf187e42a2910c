/*
 * From a config to an SSL_CTX, one step an aspect.  Owns the order of the
 * steps: ciphers come first, since their @SECLEVEL judges what is loaded.
 */
#include "context/ctx.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>
#include <openssl/x509_vfy.h>

#include "base/compat.h"
#include "context/dh.h"
#include "context/identity.h"
#include "context/psk.h"
#include "revocation/staple.h"
#include "sessions/new_sessions.h"
#include "context/vhosts.h"
#include "sessions/ticket.h"
#include "x509/trust.h"
#include "verification/verify.h"
#include "options/version.h"

/* INTERFACE: OpenSSL's default less everything that is weak today. */
#define DEFAULT_CIPHERS                                                        \
	"DEFAULT:!EXPORT:!LOW:!MEDIUM:!NULL:!aNULL:!eNULL:!RC4:!DES:!MD5:"     \
	"!SRP"

/* In TLS 1.3 a pre-shared key goes with SHA-256, so that comes first. */
#define SUITES_FOR_PSK                                                         \
	"TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:"                 \
	"TLS_AES_256_GCM_SHA384"

/* One aspect of a context. */
typedef enum iss_ctx_fault step_fn(struct iss_error *err, struct iss_ctx *ctx,
    const struct iss_config *config, const struct iss_link *link);

static bool
role_default(int given, bool otherwise)
{
	return given < 0 ? otherwise : given != 0;
}

/*
 * The other flags mean nothing to a server without SSL_VERIFY_PEER, and all
 * of it to a client (SSL_CTX_set_verify(3), BUGS): with us they include it.
 */
static int
verify_mode(const struct iss_config *config)
{
	if (config->verify_mode > 0)
		return config->verify_mode | SSL_VERIFY_PEER;
	if (config->verify_mode == 0)
		return SSL_VERIFY_NONE;
	return config->server ? SSL_VERIFY_NONE : SSL_VERIFY_PEER;
}

/*
 * The range of versions.  What the administrator asked for by OPENSSL_CONF
 * may be narrower than our default, and then stays: only what SSL_version
 * says in so many words goes beyond it.
 */
static enum iss_ctx_fault
set_versions(struct iss_error *err, struct iss_ctx *ctx,
    const struct iss_config *config, const struct iss_link *link)
{
	const char *text = config->version;
	struct iss_version_range versions;

	(void)link;
	switch (iss_version_parse(
	    err, &versions, text != NULL ? text : ISS_VERSION_DEFAULT)) {
	case ISS_VERSION_FINE:
		break;
	case ISS_VERSION_INVALID:
		return ISS_CTX_INVALID;
	case ISS_VERSION_UNSUPPORTED:
		return ISS_CTX_FAILED;
	}
	if ((versions.min != 0 &&
		!SSL_CTX_set_min_proto_version(ctx->ssl_ctx, versions.min)) ||
	    (versions.max != 0 &&
		!SSL_CTX_set_max_proto_version(ctx->ssl_ctx, versions.max))) {
		iss_error_openssl(err, "SSL_version %s", text);
		return ISS_CTX_FAILED;
	}
	SSL_CTX_set_options(ctx->ssl_ctx, versions.options);
	return ISS_CTX_FINE;
}

static enum iss_ctx_fault
set_options(struct iss_error *err, struct iss_ctx *ctx,
    const struct iss_config *config, const struct iss_link *link)
{
	long mode = SSL_MODE_ENABLE_PARTIAL_WRITE |
		    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY;

	(void)err;
	(void)link;
	if (config->mode_release_buffers)
		mode |= SSL_MODE_RELEASE_BUFFERS;
	SSL_CTX_set_mode(ctx->ssl_ctx, mode);
	SSL_CTX_set_options(ctx->ssl_ctx, SSL_OP_NO_COMPRESSION);
	if (config->server)
		SSL_CTX_set_options(
		    ctx->ssl_ctx, ISS_COMPAT_OP_NO_CLIENT_RENEGOTIATION);
	if (role_default(config->honor_cipher_order, config->server))
		SSL_CTX_set_options(
		    ctx->ssl_ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
	return ISS_CTX_FINE;
}

static enum iss_ctx_fault
set_ciphers(struct iss_error *err, struct iss_ctx *ctx,
    const struct iss_config *config, const struct iss_link *link)
{
	const char *list = config->cipher_list;
	const char *suites = config->ciphersuites;
	const char *curves = config->ecdh_curve;

	(void)link;
	if (list == NULL)
		list = config->psks.count > 0 ? DEFAULT_CIPHERS
					      : DEFAULT_CIPHERS ":!PSK";
	if (suites == NULL && config->psks.count > 0)
		suites = SUITES_FOR_PSK;
	if (*list != '\0' && !SSL_CTX_set_cipher_list(ctx->ssl_ctx, list)) {
		iss_error_openssl(err, "SSL_cipher_list \"%s\"", list);
		return ISS_CTX_INVALID;
	}
	if (suites != NULL && !SSL_CTX_set_ciphersuites(ctx->ssl_ctx, suites)) {
		iss_error_openssl(err, "SSL_ciphersuites \"%s\"", suites);
		return ISS_CTX_INVALID;
	}
	if (curves != NULL && *curves != '\0' &&
	    !SSL_CTX_set1_groups_list(ctx->ssl_ctx, curves)) {
		iss_error_openssl(err, "SSL_ecdh_curve \"%s\"", curves);
		return ISS_CTX_INVALID;
	}
	return ISS_CTX_FINE;
}

/* A handle goes before a file. */
static enum iss_ctx_fault
set_dh(struct iss_error *err, struct iss_ctx *ctx,
    const struct iss_config *config, const struct iss_link *link)
{
	const char *option = config->dh != NULL ? "SSL_dh" : "SSL_dh_file";
	int rv = ISS_OK;

	(void)link;
	if (config->dh != NULL)
		rv = iss_dh_use_handle(err, ctx->ssl_ctx, config->dh);
	else if (config->dh_file != NULL)
		rv = iss_dh_use_file(err, ctx->ssl_ctx, config->dh_file);
	else
		SSL_CTX_set_dh_auto(ctx->ssl_ctx, config->dh_auto);
	if (rv == ISS_OK)
		return ISS_CTX_FINE;
	iss_error_prefix(err, "%s", option);
	return ISS_CTX_FAILED;
}

static int
add_trusted(
    struct iss_error *err, X509_STORE *store, const struct iss_config *config)
{
	size_t i;
	int n;

	for (n = 0; n < sk_X509_num(config->ca); n++)
		if (iss_trust_add_cert(
			err, store, sk_X509_value(config->ca, n)) != ISS_OK) {
			iss_error_prefix(err, "SSL_ca");
			return ISS_ERROR;
		}
	for (i = 0; i < config->ca_file.count; i++)
		if (iss_trust_add_file(err, store, config->ca_file.text[i]) !=
		    ISS_OK) {
			iss_error_prefix(err, "SSL_ca_file");
			return ISS_ERROR;
		}
	for (i = 0; i < config->ca_path.count; i++)
		if (iss_trust_add_dirs(err, store, config->ca_path.text[i]) !=
		    ISS_OK) {
			iss_error_prefix(err, "SSL_ca_path");
			return ISS_ERROR;
		}
	for (i = 0; i < config->crl_file.count; i++)
		if (iss_trust_add_crl_file(
			err, store, config->crl_file.text[i]) != ISS_OK) {
			iss_error_prefix(err, "SSL_crl_file");
			return ISS_ERROR;
		}
	return ISS_OK;
}

/*
 * What was named is loaded even where nothing is verified: a server completes
 * its own chain from it (SSL_CTX_add_extra_chain_cert(3), NOTES).
 */
static enum iss_ctx_fault
set_trust(struct iss_error *err, struct iss_ctx *ctx,
    const struct iss_config *config, const struct iss_link *link)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx->ssl_ctx);
	unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;
	(void)link;
	SSL_CTX_set_verify(ctx->ssl_ctx, verify_mode(config), NULL);
	iss_verify_install(ctx->ssl_ctx);
	iss_staple_install(ctx->ssl_ctx);
	ctx->ocsp_mode = config->ocsp_mode;
	if (config->check_crl)
		flags |= X509_V_FLAG_CRL_CHECK;
	if (!X509_VERIFY_PARAM_set_flags(param, flags)) {
		iss_error_openssl(err, "cannot set verification flags");
		return ISS_CTX_FAILED;
	}
	return add_trusted(err, SSL_CTX_get_cert_store(ctx->ssl_ctx), config) ==
		       ISS_OK
		   ? ISS_CTX_FINE
		   : ISS_CTX_INVALID;
}

/* The CA names that a server sends when it asks for a certificate. */
static enum iss_ctx_fault
set_client_cas(struct iss_error *err, struct iss_ctx *ctx,
    const struct iss_config *config, const struct iss_link *link)
{
	STACK_OF(X509_NAME) *names = NULL;
	int n;

	(void)link;
	if (config->client_ca_file != NULL) {
		if (iss_trust_subjects(err, config->client_ca_file, &names) !=
		    ISS_OK) {
			iss_error_prefix(err, "SSL_client_ca_file");
			return ISS_CTX_INVALID;
		}
		SSL_CTX_set_client_CA_list(ctx->ssl_ctx, names);
	}
	for (n = 0; n < sk_X509_num(config->client_ca); n++)
		if (!SSL_CTX_add_client_CA(
			ctx->ssl_ctx, sk_X509_value(config->client_ca, n))) {
			iss_error_openssl(err, "SSL_client_ca");
			return ISS_CTX_FAILED;
		}
	return ISS_CTX_FINE;
}

static enum iss_ctx_fault
set_identities(struct iss_error *err, struct iss_ctx *ctx,
    const struct iss_config *config, const struct iss_link *link)
{
	bool used = false;
	size_t i;

	for (i = 0; i < config->n_identities; i++) {
		if (iss_identity_use(err, ctx->ssl_ctx, &config->identities[i],
			link, &used) != ISS_OK)
			return ISS_CTX_FAILED;
		ctx->has_identity |= used;
	}
	/* Who has a certificate can show it later as well (RFC 8446, 4.6.2). */
	if (!ctx->server)
		SSL_CTX_set_post_handshake_auth(
		    ctx->ssl_ctx, ctx->has_identity);
	return ISS_CTX_FINE;
}

static enum iss_ctx_fault
set_psks(struct iss_error *err, struct iss_ctx *ctx,
    const struct iss_config *config, const struct iss_link *link)
{
	(void)link;
	if (config->psks.count == 0)
		return ISS_CTX_FINE;
	if (!iss_psk_list_copy(&ctx->psks, &config->psks)) {
		iss_error_set(err, "SSL_psk: out of memory");
		return ISS_CTX_FAILED;
	}
	return iss_psk_use(err, ctx->ssl_ctx, &ctx->psks, ctx->server) == ISS_OK
		   ? ISS_CTX_FINE
		   : ISS_CTX_INVALID;
}

static enum iss_ctx_fault
set_protocols(struct iss_error *err, struct iss_ctx *ctx,
    const struct iss_config *config, const struct iss_link *link)
{
	(void)link;
	if (iss_protocols_use(err, &ctx->protocols, ctx->ssl_ctx,
		&config->alpn_protocols, &config->npn_protocols) == ISS_OK)
		return ISS_CTX_FINE;
	return ISS_CTX_INVALID;
}

/* Whatever differs keeps the sessions of two contexts apart. */
static enum iss_ctx_fault
set_rules(struct iss_error *err, struct iss_ctx *ctx,
    const struct iss_config *config, const struct iss_link *link)
{
	struct iss_session_policy rules;
	int rv;

	(void)link;
	iss_session_policy_init(&rules);
	iss_session_policy_add_config(&rules, config);
	rv = iss_session_policy_final(err, &rules, ctx->rules);
	iss_session_policy_release(&rules);
	return rv == ISS_OK ? ISS_CTX_FINE : ISS_CTX_FAILED;
}

/*
 * The user's name for the sessions of a server; one that a host gave is none
 * of another's.  Where clients are verified the rules are part of it: a
 * session made under others, say before a CRL was renewed, must not be let
 * in by a ticket key that several share.
 */
static int
digest_session_context(struct iss_error *err, const struct iss_ctx *ctx,
    const struct iss_config *config, unsigned char id[ISS_SESSION_POLICY_LEN])
{
	struct iss_session_policy rules;
	int rv;

	iss_session_policy_init(&rules);
	iss_session_policy_add_text(&rules, config->session_id_context);
	iss_session_policy_add_text(&rules, config->vhost);
	if (SSL_CTX_get_verify_mode(ctx->ssl_ctx) != SSL_VERIFY_NONE)
		iss_session_policy_add(&rules, ctx->rules, sizeof(ctx->rules));
	rv = iss_session_policy_final(err, &rules, id);
	iss_session_policy_release(&rules);
	return rv;
}

/*
 * A server that asks for client certificates must name its sessions, or
 * OpenSSL refuses to resume them (SSL_CTX_set_session_id_context(3)); a
 * random name keeps one context's sessions out of the others.  A client has no
 * use for one: OpenSSL would break off where a session has another, be it
 * one of another context or one made of a pre-shared key.
 */
static enum iss_ctx_fault
set_session_context(struct iss_error *err, struct iss_ctx *ctx,
    const struct iss_config *config, const struct iss_link *link)
{
	unsigned char *id = ctx->session_id;

	if (!config->server) {
		iss_new_sessions_install(ctx->ssl_ctx);
		return ISS_CTX_FINE;
	}
	if (config->session_id_context != NULL) {
		if (digest_session_context(err, ctx, config, id) != ISS_OK)
			return ISS_CTX_FAILED;
	} else if (RAND_bytes(id, ISS_SESSION_POLICY_LEN) != 1) {
		iss_error_openssl(err, "no random numbers");
		return ISS_CTX_FAILED;
	}
	if (!SSL_CTX_set_session_id_context(
		ctx->ssl_ctx, id, ISS_SESSION_POLICY_LEN)) {
		iss_error_openssl(err, "SSL_session_id_context");
		return ISS_CTX_FAILED;
	}
	if (iss_link_callbacks(link)->ticket_key != NULL)
		iss_ticket_install(ctx->ssl_ctx);
	return ISS_CTX_FINE;
}

int
iss_ctx_bind_sessions(struct iss_error *err, const struct iss_ctx *ctx,
    const struct iss_link *link)
{
	const struct iss_verify *verify = link->verify;
	unsigned char id[ISS_SESSION_POLICY_LEN];
	struct iss_session_policy rules;
	int rv;

	if (verify->check == ISS_NAME_UNCHECKED && !verify->force_fingerprint &&
	    verify->fingerprints.count == 0)
		return ISS_OK;
	/* Of a scheme that is a sub nothing is known: it decides each time. */
	if (verify->check == ISS_NAME_BY_HOST) {
		if (RAND_bytes(id, sizeof(id)) != 1)
			return iss_error_openssl(err, "no random numbers");
	} else {
		iss_session_policy_init(&rules);
		iss_session_policy_add(
		    &rules, ctx->session_id, sizeof(ctx->session_id));
		iss_verify_add_policy(link, &rules);
		rv = iss_session_policy_final(err, &rules, id);
		iss_session_policy_release(&rules);
		if (rv != ISS_OK)
			return ISS_ERROR;
	}
	if (SSL_set_session_id_context(link->ssl, id, sizeof(id)))
		return ISS_OK;
	return iss_error_openssl(err, "cannot bind sessions");
}

/* What connections without fingerprints of their own go by. */
static enum iss_ctx_fault
set_fingerprints(struct iss_error *err, struct iss_ctx *ctx,
    const struct iss_config *config, const struct iss_link *link)
{
	(void)link;
	ctx->force_fingerprint = config->force_fingerprint != 0;
	if (iss_fingerprint_list_copy(
		&ctx->fingerprints, &config->fingerprints))
		return ISS_CTX_FINE;
	iss_error_set(err, "SSL_fingerprint: out of memory");
	return ISS_CTX_FAILED;
}

static enum iss_ctx_fault
tell_host(struct iss_error *err, struct iss_ctx *ctx,
    const struct iss_config *config, const struct iss_link *link)
{
	const struct iss_callbacks *ask = iss_link_callbacks(link);

	(void)config;
	if (ask->ctx_created == NULL ||
	    ask->ctx_created(link->handle, ctx->ssl_ctx))
		return ISS_CTX_FINE;
	iss_error_set(err, "SSL_create_ctx_callback failed");
	return ISS_CTX_FAILED;
}

static int
compare_hosts(const void *a, const void *b)
{
	const struct iss_ctx *const *left = a, *const *right = b;

	return strcmp((*left)->host, (*right)->host);
}

/* Each name of a server has a context of its own, made by the same steps. */
static enum iss_ctx_fault
add_hosts(struct iss_error *err, struct iss_ctx *ctx,
    const struct iss_config *config, const struct iss_link *link)
{
	enum iss_ctx_fault fault;
	struct iss_ctx *one;
	size_t i;

	if (ctx->server)
		iss_vhosts_install(ctx);
	if (config->n_vhosts == 0)
		return ISS_CTX_FINE;
	ctx->vhosts = calloc(config->n_vhosts, sizeof(*ctx->vhosts));
	if (ctx->vhosts == NULL) {
		iss_error_set(err, "out of memory");
		return ISS_CTX_FAILED;
	}
	for (i = 0; i < config->n_vhosts; i++) {
		fault = iss_ctx_new(err, &one, &config->vhosts[i], link);
		if (fault != ISS_CTX_FINE) {
			iss_error_prefix(
			    err, "host %s", config->vhosts[i].vhost);
			return fault;
		}
		ctx->vhosts[ctx->n_vhosts++] = one;
	}
	qsort(ctx->vhosts, ctx->n_vhosts, sizeof(*ctx->vhosts), compare_hosts);
	return ISS_CTX_FINE;
}

/* In this order. */
static step_fn *const steps[] = {
	set_versions,
	set_options,
	set_ciphers,
	set_dh,
	set_trust,
	set_client_cas,
	set_fingerprints,
	set_identities,
	set_psks,
	set_protocols,
	set_rules,
	set_session_context,
	tell_host,
	add_hosts,
};

enum iss_ctx_fault
iss_ctx_new(struct iss_error *err, struct iss_ctx **out,
    const struct iss_config *config, const struct iss_link *link)
{
	enum iss_ctx_fault fault = ISS_CTX_FAILED;
	struct iss_ctx *ctx;
	size_t i;

	ERR_clear_error();
	if ((ctx = calloc(1, sizeof(*ctx))) == NULL) {
		iss_error_set(err, "out of memory");
		return ISS_CTX_FAILED;
	}
	ctx->server = config->server;
	if (config->vhost != NULL &&
	    (ctx->host = strdup(config->vhost)) == NULL) {
		iss_error_set(err, "out of memory");
		goto done;
	}
	if (!iss_refcount_init(&ctx->refs) ||
	    (ctx->ssl_ctx = SSL_CTX_new(TLS_method())) == NULL) {
		iss_error_openssl(err, "cannot make an SSL context");
		goto done;
	}
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if ((fault = steps[i](err, ctx, config, link)) != ISS_CTX_FINE)
			goto done;
	*out = ctx;
	ctx = NULL;
	ERR_clear_error(); /* of what was tried and not needed */

done:
	iss_ctx_free(ctx);
	return fault;
}

struct iss_ctx *
iss_ctx_up_ref(struct iss_ctx *ctx)
{
	iss_refcount_up(&ctx->refs);
	return ctx;
}

int
iss_ctx_verify_mode(const struct iss_ctx *ctx)
{
	int mode = SSL_CTX_get_verify_mode(ctx->ssl_ctx);
	size_t i;

	for (i = 0; i < ctx->n_vhosts; i++)
		mode |= iss_ctx_verify_mode(ctx->vhosts[i]);
	return mode;
}

void
iss_ctx_free(struct iss_ctx *ctx)
{
	size_t i;

	if (ctx == NULL || !iss_refcount_down(&ctx->refs))
		return;
	/* Somebody else may hold it longer, and must not find us there. */
	if (ctx->ssl_ctx != NULL)
		SSL_CTX_set_client_hello_cb(ctx->ssl_ctx, NULL, NULL);
	iss_protocols_release(&ctx->protocols, ctx->ssl_ctx);
	iss_psk_forget(ctx->ssl_ctx);
	iss_psk_list_release(&ctx->psks);
	SSL_CTX_free(ctx->ssl_ctx);
	for (i = 0; i < ctx->n_vhosts; i++)
		iss_ctx_free(ctx->vhosts[i]);
	free(ctx->vhosts);
	free(ctx->host);
	iss_fingerprint_list_release(&ctx->fingerprints);
	iss_refcount_release(&ctx->refs);
	free(ctx);
}
