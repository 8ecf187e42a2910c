/*
 * Session id contexts are digests, or random.
 */
#include "context/session_id.h"

#include <openssl/rand.h>

#include "context/trusted.h"
#include "sessions/own_names.h"
#include "verification/verify.h"

static int
make_random(struct iss_error *err, struct iss_session_id *id)
{
	if (RAND_bytes(id->bytes, sizeof(id->bytes)) != 1)
		return iss_error_openssl(err, "cannot get random numbers");
	return ISS_OK;
}

bool
iss_session_id_selects(const struct iss_config *config)
{
	return iss_trusted_verifies(config) || config->psks.count > 0;
}

/*
 * Virtual hosts do not share sessions.  Where clients are selected the rules
 * are part of the name: a ticket key that several processes share must not let
 * in a session made under other rules, for example before a CRL was renewed.
 * Without SSL_session_id_context nothing but the rules and whom the server says
 * it is tells contexts apart.
 */
static int
digest_rules(struct iss_error *err, struct iss_session_id *id, SSL_CTX *ctx,
    const struct iss_config *config,
    const unsigned char rules[ISS_SESSION_POLICY_LEN], bool by_program)
{
	struct iss_session_policy policy;
	int rv;

	iss_session_policy_init(&policy);
	iss_session_policy_add_number(&policy, by_program);
	iss_session_policy_add_text(&policy, config->session_id_context);
	iss_session_policy_add_text(&policy, config->vhost);
	if (config->session_id_context == NULL ||
	    iss_session_id_selects(config))
		iss_session_policy_add(&policy, rules, ISS_SESSION_POLICY_LEN);
	if (config->session_id_context == NULL)
		iss_own_names_add(&policy, ctx);
	rv = iss_session_policy_final(err, &policy, id->bytes);
	iss_session_policy_release(&policy);
	return rv;
}

/* Other processes must find the same name untold. */
bool
iss_session_id_is_shared(const struct iss_config *config)
{
	return config->session_id_context != NULL ||
	       config->ticket_keys.count > 0 || config->shared_keys != NULL ||
	       config->store != NULL;
}

/* rules: of an id that other contexts may have as well; NULL: it is random. */
static int
make_chosen(struct iss_error *err, struct iss_session_id *id, SSL_CTX *ctx,
    const unsigned char rules[ISS_SESSION_POLICY_LEN])
{
	struct iss_session_policy policy;
	int rv;

	iss_session_policy_init(&policy);
	iss_session_policy_add_text(&policy, "chosen");
	iss_session_policy_add(&policy, id->bytes, sizeof(id->bytes));
	if (rules != NULL) {
		iss_session_policy_add(&policy, rules, ISS_SESSION_POLICY_LEN);
		iss_own_names_add(&policy, ctx);
	}
	rv = iss_session_policy_final(err, &policy, id->chosen);
	iss_session_policy_release(&policy);
	return rv;
}

/*
 * A server that asks for client certificates must name its sessions, or
 * OpenSSL refuses to resume them.
 */
int
iss_session_id_use(struct iss_error *err, struct iss_session_id *id,
    SSL_CTX *ctx, const struct iss_config *config,
    const unsigned char rules[ISS_SESSION_POLICY_LEN], bool by_program,
    const struct iss_session_id *before)
{
	bool is_shared = iss_session_id_is_shared(config);
	int rv = ISS_OK;

	if (is_shared)
		rv = digest_rules(err, id, ctx, config, rules, by_program);
	else if (before != NULL)
		*id = *before;
	else
		rv = make_random(err, id);
	if (rv != ISS_OK ||
	    make_chosen(err, id, ctx, is_shared ? rules : NULL) != ISS_OK)
		return ISS_ERROR;
	if (SSL_CTX_set_session_id_context(ctx, id->bytes, sizeof(id->bytes)))
		return ISS_OK;
	return iss_error_openssl(err, "SSL_session_id_context");
}

int
iss_session_id_set_alone(struct iss_error *err, struct iss_session_id *id)
{
	if (RAND_bytes(id->chosen, sizeof(id->chosen)) == 1)
		return ISS_OK;
	return iss_error_openssl(err, "cannot get random numbers");
}

static bool
has_own_rules(const struct iss_verify *verify)
{
	return verify->check != ISS_NAME_UNCHECKED ||
	       verify->force_fingerprint || verify->fingerprints.count > 0;
}

static int
digest_own_rules(struct iss_error *err, struct iss_session_id *own,
    const struct iss_session_id *id, const struct iss_link *link)
{
	struct iss_session_policy policy;
	int rv;

	iss_session_policy_init(&policy);
	iss_session_policy_add(&policy, id->bytes, sizeof(id->bytes));
	iss_verify_add_policy(link, &policy);
	rv = iss_session_policy_final(err, &policy, own->bytes);
	iss_session_policy_release(&policy);
	return rv;
}

int
iss_session_id_bind(struct iss_error *err, const struct iss_session_id *id,
    const struct iss_link *link)
{
	struct iss_session_id own;
	int rv;

	if (!has_own_rules(link->verify))
		return ISS_OK;
	/* A scheme that is a sub decides anew for each connection. */
	rv = link->verify->check == ISS_NAME_BY_CALLBACK
		 ? make_random(err, &own)
		 : digest_own_rules(err, &own, id, link);
	if (rv != ISS_OK)
		return ISS_ERROR;
	if (SSL_set_session_id_context(link->ssl, own.bytes, sizeof(own.bytes)))
		return ISS_OK;
	return iss_error_openssl(err, "cannot set the session id context");
}
