/*
 * Option values and the tables of their names.  Owns copies of texts and
 * references to handles; knows not what any option does.
 */
#include "options/config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "names/reference_id.h"
#include "options/wire.h"

#define CONTEXT(name, kind, member)                                            \
	{                                                                      \
		"SSL_" name, kind, offsetof(struct iss_config, member)         \
	}
#define IDENTITY(name, kind, member)                                           \
	{                                                                      \
		"SSL_" name, kind, offsetof(struct iss_identity, member)       \
	}
#define PEER(name, kind, member)                                               \
	{                                                                      \
		"SSL_" name, kind, offsetof(struct iss_peer_config, member)    \
	}

static const struct iss_option context_options[] = {
	CONTEXT("version", ISS_TEXT, version),
	CONTEXT("cipher_list", ISS_TEXT, cipher_list),
	CONTEXT("ciphersuites", ISS_TEXT, ciphersuites),
	CONTEXT("ecdh_curve", ISS_TEXT, ecdh_curve),
	CONTEXT("dh_file", ISS_FILE, dh_file),
	CONTEXT("dh", ISS_HANDLE, dh),
	CONTEXT("honor_cipher_order", ISS_SWITCH, honor_cipher_order),
	CONTEXT("alpn_protocols", ISS_PROTOCOLS, alpn_protocols),
	CONTEXT("npn_protocols", ISS_PROTOCOLS, npn_protocols),
	CONTEXT("mode_release_buffers", ISS_FLAG, mode_release_buffers),
	CONTEXT("psk", ISS_PSK_LIST, psks),
	CONTEXT("verify_mode", ISS_NUMBER, verify_mode),
	CONTEXT("ca_file", ISS_TEXTS, ca_file),
	CONTEXT("ca_path", ISS_PATHS, ca_path),
	CONTEXT("ca", ISS_CERTS, ca),
	CONTEXT("check_crl", ISS_FLAG, check_crl),
	CONTEXT("crl_file", ISS_TEXTS, crl_file),
	CONTEXT("client_ca_file", ISS_FILE, client_ca_file),
	CONTEXT("client_ca", ISS_CERTS, client_ca),
	CONTEXT("fingerprint", ISS_FINGERPRINTS, fingerprints),
	CONTEXT("force_fingerprint", ISS_SWITCH, force_fingerprint),
	CONTEXT("ocsp_mode", ISS_NUMBER, ocsp_mode),
	CONTEXT("session_id_context", ISS_TEXT, session_id_context),
};

static const struct iss_option identity_options[] = {
	IDENTITY("cert_file", ISS_FILE, cert_file),
	IDENTITY("key_file", ISS_FILE, key_file),
	IDENTITY("cert", ISS_CERTS, cert),
	IDENTITY("key", ISS_KEY, key),
};

static const struct iss_option peer_options[] = {
	PEER("hostname", ISS_FILE, hostname),
	PEER("fingerprint", ISS_FINGERPRINTS, fingerprints),
	PEER("force_fingerprint", ISS_SWITCH, force_fingerprint),
	PEER("ocsp_mode", ISS_NUMBER, ocsp_mode),
	PEER("strict_eof", ISS_FLAG, strict_eof),
	PEER("nodelay", ISS_FLAG, nodelay),
	PEER("usebio", ISS_FLAG, usebio),
	PEER("io_timeout", ISS_SECONDS, io_timeout),
};

const struct iss_option *
iss_config_options(size_t *count)
{
	*count = sizeof(context_options) / sizeof(context_options[0]);
	return context_options;
}

const struct iss_option *
iss_identity_options(size_t *count)
{
	*count = sizeof(identity_options) / sizeof(identity_options[0]);
	return identity_options;
}

const struct iss_option *
iss_peer_options(size_t *count)
{
	*count = sizeof(peer_options) / sizeof(peer_options[0]);
	return peer_options;
}

static void *
member(void *config, const struct iss_option *option)
{
	return (char *)config + option->offset;
}

static void
texts_clear(struct iss_texts *texts)
{
	size_t i;

	for (i = 0; i < texts->count; i++)
		free(texts->text[i]);
	free(texts->text);
	texts->text = NULL;
	texts->count = 0;
}

static void
certs_clear(STACK_OF(X509) * *certs)
{
	sk_X509_pop_free(*certs, X509_free);
	*certs = NULL;
}

void
iss_option_clear(void *config, const struct iss_option *option)
{
	void *value = member(config, option);

	switch (option->kind) {
	case ISS_TEXT:
	case ISS_FILE:
		free(*(char **)value);
		*(char **)value = NULL;
		break;
	case ISS_TEXTS:
	case ISS_PATHS:
		texts_clear(value);
		break;
	case ISS_PROTOCOLS:
		iss_buf_release(value);
		break;
	case ISS_FINGERPRINTS:
		iss_fingerprints_release(value);
		break;
	case ISS_CERTS:
		certs_clear(value);
		break;
	case ISS_KEY:
		EVP_PKEY_free(*(EVP_PKEY **)value);
		*(EVP_PKEY **)value = NULL;
		break;
	case ISS_PSK_LIST:
		iss_psk_list_release(value);
		break;
	case ISS_HANDLE:
		*(void **)value = NULL;
		break;
	case ISS_FLAG:
	case ISS_SWITCH:
	case ISS_NUMBER:
	case ISS_SECONDS:
		break;
	}
}

static void
release_all(void *config, const struct iss_option *options, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		iss_option_clear(config, &options[i]);
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
	iss_buf_init(&config->alpn_protocols, ISS_WIRE_MAX);
	iss_buf_init(&config->npn_protocols, ISS_WIRE_MAX);
}

void
iss_config_release(struct iss_config *config)
{
	size_t i, count;
	const struct iss_option *options = iss_identity_options(&count);

	for (i = 0; i < config->n_identities; i++)
		release_all(&config->identities[i], options, count);
	free(config->identities);
	for (i = 0; i < config->n_vhosts; i++)
		iss_config_release(&config->vhosts[i]);
	free(config->vhosts);
	free(config->host);
	options = iss_config_options(&count);
	release_all(config, options, count);
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
	return larger;
}

/* As a client will ask for it; what is no name, nobody asks for. */
static char *
normal_name(const char *name, size_t len)
{
	struct iss_error ignored;
	struct iss_reference_id host;
	char *copy;

	iss_error_clear(&ignored);
	if (iss_reference_id_init(&ignored, &host, name, len) == ISS_OK) {
		name = host.name;
		len = strlen(host.name);
	}
	if ((copy = calloc(1, len + 1)) != NULL)
		memcpy(copy, name, len);
	return copy;
}

struct iss_config *
iss_config_add_vhost(struct iss_error *err, struct iss_config *config,
    const char *name, size_t len)
{
	char *host = normal_name(name, len);
	struct iss_config *larger =
	    realloc(config->vhosts, (config->n_vhosts + 1) * sizeof(*larger));

	if (larger != NULL)
		config->vhosts = larger;
	if (larger == NULL || host == NULL) {
		free(host);
		iss_error_set(err, "out of memory");
		return NULL;
	}
	larger += config->n_vhosts++;
	iss_config_init(larger, config->server);
	larger->host = host;
	return larger;
}

void
iss_peer_config_init(struct iss_peer_config *config)
{
	memset(config, 0, sizeof(*config));
	config->force_fingerprint = -1;
	config->ocsp_mode = -1;
	config->nodelay = true;
	config->io_timeout = -1;
}

void
iss_peer_config_release(struct iss_peer_config *config)
{
	size_t count;
	const struct iss_option *options = iss_peer_options(&count);

	release_all(config, options, count);
}

/* A copy of text; NULL, with err set, when C could not carry it. */
static char *
copy_text(struct iss_error *err, const struct iss_option *option,
    const char *text, size_t len)
{
	char *copy;

	if (memchr(text, '\0', len) != NULL) {
		iss_error_set(err, "%s: the value has a NUL character in it",
		    option->name);
		return NULL;
	}
	if ((copy = malloc(len + 1)) == NULL) {
		iss_error_set(err, "%s: out of memory", option->name);
		return NULL;
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

static int
add_to_texts(struct iss_error *err, void *config,
    const struct iss_option *option, const char *text, size_t len)
{
	struct iss_texts *texts = member(config, option);
	size_t size = (texts->count + 1) * sizeof(*texts->text);
	char **larger;
	char *copy;

	if ((copy = copy_text(err, option, text, len)) == NULL)
		return ISS_ERROR;
	if ((larger = realloc(texts->text, size)) == NULL) {
		free(copy);
		return iss_error_set(err, "%s: out of memory", option->name);
	}
	texts->text = larger;
	texts->text[texts->count++] = copy;
	return ISS_OK;
}

int
iss_option_add_text(struct iss_error *err, void *config,
    const struct iss_option *option, const char *text, size_t len)
{
	if (option->kind == ISS_PROTOCOLS)
		return iss_wire_append(
		    err, member(config, option), option->name, text, len);
	if (option->kind == ISS_FINGERPRINTS)
		return iss_fingerprints_add(
		    err, member(config, option), option->name, text, len);
	return add_to_texts(err, config, option, text, len);
}

static int
split_paths(struct iss_error *err, void *config,
    const struct iss_option *option, const char *text, size_t len)
{
	const char *end = text + len;
	const char *colon;

	for (; text < end; text = colon + 1) {
		colon = memchr(text, ':', (size_t)(end - text));
		if (colon == NULL)
			colon = end;
		if (colon > text && iss_option_add_text(err, config, option,
					text, (size_t)(colon - text)) != ISS_OK)
			return ISS_ERROR;
	}
	return ISS_OK;
}

int
iss_option_set_text(struct iss_error *err, void *config,
    const struct iss_option *option, const char *text, size_t len)
{
	char *copy;

	iss_option_clear(config, option);
	switch (option->kind) {
	case ISS_PATHS:
		return split_paths(err, config, option, text, len);
	case ISS_TEXTS:
	case ISS_PROTOCOLS:
	case ISS_FINGERPRINTS:
		return iss_option_add_text(err, config, option, text, len);
	case ISS_FILE:
		if (len == 0)
			return ISS_OK;
		break;
	default:
		break;
	}
	if ((copy = copy_text(err, option, text, len)) == NULL)
		return ISS_ERROR;
	*(char **)member(config, option) = copy;
	return ISS_OK;
}

int
iss_option_set_number(struct iss_error *err, void *config,
    const struct iss_option *option, double number)
{
	void *value = member(config, option);

	switch (option->kind) {
	case ISS_FLAG:
		*(bool *)value = number != 0;
		return ISS_OK;
	case ISS_SWITCH:
		*(int *)value = number != 0;
		return ISS_OK;
	case ISS_SECONDS:
		*(double *)value = number;
		return ISS_OK;
	default:
		break;
	}
	if (!(number >= 0 && number <= INT_MAX))
		return iss_error_set(
		    err, "%s: %g is out of range", option->name, number);
	if (number != (int)number)
		return iss_error_set(
		    err, "%s: %g is no whole number", option->name, number);
	*(int *)value = (int)number;
	return ISS_OK;
}

int
iss_option_add1_cert(struct iss_error *err, void *config,
    const struct iss_option *option, X509 *cert)
{
	STACK_OF(X509) **certs = member(config, option);

	if (*certs == NULL)
		*certs = sk_X509_new_null();
	if (*certs == NULL || !sk_X509_push(*certs, cert))
		return iss_error_set(err, "%s: out of memory", option->name);
	X509_up_ref(cert);
	return ISS_OK;
}

int
iss_option_set1_key(struct iss_error *err, void *config,
    const struct iss_option *option, EVP_PKEY *key)
{
	iss_option_clear(config, option);
	if (!EVP_PKEY_up_ref(key))
		return iss_error_openssl(err, "%s", option->name);
	*(EVP_PKEY **)member(config, option) = key;
	return ISS_OK;
}

void
iss_option_set0_handle(
    void *config, const struct iss_option *option, void *handle)
{
	*(void **)member(config, option) = handle;
}

int
iss_option_add_psk(struct iss_error *err, void *config,
    const struct iss_option *option, const char *identity, size_t identity_len,
    const char *key, size_t key_len)
{
	return iss_psk_list_add(err, member(config, option), option->name,
	    identity, identity_len, key, key_len);
}
