/*
 * The tables of a context's options, their defaults and their end.  A new
 * option begins with a row here.
 */
#include "options/config.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

#include "options/wire.h"

#define CONTEXT(name, kind, member)                                            \
	{                                                                      \
		"SSL_" name, kind, offsetof(struct iss_config, member), false, \
		    false                                                      \
	}
#define BY_VHOST(name, kind, member)                                           \
	{                                                                      \
		"SSL_" name, kind, offsetof(struct iss_config, member), true,  \
		    false                                                      \
	}
#define NEUTRAL(name, kind, member)                                            \
	{                                                                      \
		"SSL_" name, kind, offsetof(struct iss_config, member), false, \
		    true                                                       \
	}
#define IDENTITY(name, kind, member)                                           \
	{                                                                      \
		"SSL_" name, kind, offsetof(struct iss_identity, member),      \
		    true, false                                                \
	}

static const struct iss_option context_options[] = {
	CONTEXT("version", ISS_TEXT, version),
	BY_VHOST("cipher_list", ISS_TEXT, cipher_list),
	BY_VHOST("ciphersuites", ISS_TEXT, ciphersuites),
	CONTEXT("ecdh_curve", ISS_TEXT, ecdh_curve),
	CONTEXT("dh_file", ISS_FILE, dh_file),
	CONTEXT("dh", ISS_HANDLE, dh),
	CONTEXT("honor_cipher_order", ISS_SWITCH, honor_cipher_order),
	CONTEXT("alpn_protocols", ISS_PROTOCOLS, alpn_protocols),
	CONTEXT("npn_protocols", ISS_PROTOCOLS, npn_protocols),
	CONTEXT("mode_release_buffers", ISS_FLAG, mode_release_buffers),
	CONTEXT("key_cache", ISS_FLAG, key_cache),
	CONTEXT("psk", ISS_PSK_LIST, psks),
	BY_VHOST("verify_mode", ISS_NUMBER, verify_mode),
	BY_VHOST("verify_strict", ISS_FLAG, verify_strict),
	BY_VHOST("ca_file", ISS_TEXTS, ca_file),
	BY_VHOST("ca_path", ISS_PATHS, ca_path),
	BY_VHOST("ca", ISS_CERTS, ca),
	BY_VHOST("check_crl", ISS_FLAG, check_crl),
	BY_VHOST("crl_check_all", ISS_FLAG, crl_check_all),
	BY_VHOST("crl_file", ISS_TEXTS, crl_file),
	BY_VHOST("client_ca_file", ISS_FILE, client_ca_file),
	BY_VHOST("client_ca", ISS_CERTS, client_ca),
	CONTEXT("fingerprint", ISS_FINGERPRINTS, fingerprints),
	CONTEXT("force_fingerprint", ISS_SWITCH, force_fingerprint),
	CONTEXT("ocsp_mode", ISS_NUMBER, ocsp_mode),
	CONTEXT("session_id_context", ISS_TEXT, session_id_context),
	NEUTRAL("num_tickets", ISS_NUMBER, num_tickets),
	NEUTRAL("session_timeout", ISS_NUMBER, session_timeout),
	NEUTRAL("ticket_keys", ISS_TEXTS, ticket_keys),
	NEUTRAL("keylog_file", ISS_FILE, keylog_file),
	NEUTRAL("reload", ISS_SECONDS, reload),
};

static const struct iss_option identity_options[] = {
	IDENTITY("cert_file", ISS_FILE, cert_file),
	/* goes with a certificate, which tells enough */
	{ "SSL_key_file", ISS_FILE, offsetof(struct iss_identity, key_file),
	    true, true },
	IDENTITY("cert", ISS_CERTS, cert),
	IDENTITY("key", ISS_KEY, key),
};

const struct iss_option *
iss_config_options(size_t *count)
{
	*count = sizeof(context_options) / sizeof(context_options[0]);
	return context_options;
}

const struct iss_option *
iss_config_identity_options(size_t *count)
{
	*count = sizeof(identity_options) / sizeof(identity_options[0]);
	return identity_options;
}

void
iss_config_init(struct iss_config *config, bool server)
{
	memset(config, 0, sizeof(*config));
	config->server = server;
	config->honor_cipher_order = -1;
	config->verify_mode = -1;
	config->ocsp_mode = -1;
	config->dh_auto = 1;
	config->num_tickets = -1;
	config->session_timeout = -1;
	config->mode_release_buffers = true;
	config->key_cache = true;
	iss_buf_init(&config->alpn_protocols, ISS_WIRE_MAX);
	iss_buf_init(&config->npn_protocols, ISS_WIRE_MAX);
}

void
iss_config_disable_dh(struct iss_config *config)
{
	config->dh_auto = 0;
}

void
iss_config_set_other_judge(struct iss_config *config)
{
	size_t i;

	config->other_judge = true;
	for (i = 0; i < config->n_vhosts; i++)
		config->vhosts[i].other_judge = true;
}

void
iss_config_set0_store(struct iss_config *config, struct iss_store *store)
{
	size_t i;

	config->store = store;
	for (i = 0; i < config->n_vhosts; i++)
		config->vhosts[i].store = store;
}

void
iss_config_set0_shared_keys(
    struct iss_config *config, struct iss_shared_keys *keys)
{
	size_t i;

	config->shared_keys = keys;
	for (i = 0; i < config->n_vhosts; i++)
		config->vhosts[i].shared_keys = keys;
}

void
iss_config_release(struct iss_config *config)
{
	size_t i, count;
	const struct iss_option *options = iss_config_identity_options(&count);

	for (i = 0; i < config->n_identities; i++) {
		iss_option_clear_all(&config->identities[i], options, count);
		iss_buf_release(&config->identities[i].key_text);
	}
	free(config->identities);
	for (i = 0; i < config->n_vhosts; i++)
		iss_config_release(&config->vhosts[i]);
	free(config->vhosts);
	free(config->vhost);
	options = iss_config_options(&count);
	iss_option_clear_all(config, options, count);
}

struct iss_identity *
iss_config_add_identity(struct iss_error *err, struct iss_config *config)
{
	struct iss_identity *larger = realloc(
	    config->identities, (config->n_identities + 1) * sizeof(*larger));

	if (larger == NULL) {
		iss_error_set(err, "out of memory");
		return NULL;
	}
	config->identities = larger;
	larger += config->n_identities++;
	memset(larger, 0, sizeof(*larger));
	iss_buf_init(&larger->key_text, ISS_FILE_MAX);
	return larger;
}

int
iss_config_set_key_text(struct iss_error *err, struct iss_identity *identity,
    const void *bytes, size_t len)
{
	iss_buf_release(&identity->key_text); /* wipes it */
	if (len > ISS_FILE_MAX)
		return iss_error_set(err, "SSL_key: too large");
	if (!iss_buf_append(&identity->key_text, bytes, len))
		return iss_error_memory(err);
	return ISS_OK;
}

struct iss_config *
iss_config_add_vhost(
    struct iss_error *err, struct iss_config *config, const char *host)
{
	char *vhost = strdup(host);
	struct iss_config *larger =
	    realloc(config->vhosts, (config->n_vhosts + 1) * sizeof(*larger));

	if (larger != NULL)
		config->vhosts = larger;
	if (larger == NULL || vhost == NULL) {
		free(vhost);
		iss_error_set(err, "out of memory");
		return NULL;
	}
	larger += config->n_vhosts++;
	iss_config_init(larger, config->server);
	larger->vhost = vhost;
	return larger;
}
