/*
 * From the texts of options to OpenSSL's lists.
 */
#include "context/algorithms.h"

#include <string.h>

#include "context/choice.h"
#include "context/dh.h"
#include "options/version.h"

/* In TLS 1.3 a pre-shared key needs SHA-256, so that comes first. */
#define SUITES_FOR_PSK                                                         \
	"TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:"                 \
	"TLS_AES_256_GCM_SHA384"

/*
 * A limit that the administrator set in OPENSSL_CONF may be narrower than our
 * default, and then stays in force: only an explicit SSL_version goes beyond.
 */
int
iss_algorithms_use_versions(
    struct iss_error *err, SSL_CTX *ctx, const struct iss_config *config)
{
	const char *text = config->version;
	struct iss_version_range versions;
	int rv;

	rv = iss_version_parse(
	    err, &versions, text != NULL ? text : ISS_VERSION_DEFAULT);
	if (rv != ISS_OK)
		return rv;
	if ((versions.min != 0 &&
		!SSL_CTX_set_min_proto_version(ctx, versions.min)) ||
	    (versions.max != 0 &&
		!SSL_CTX_set_max_proto_version(ctx, versions.max)))
		return iss_error_openssl(err, "SSL_version %s", text);
	SSL_CTX_set_options(ctx, versions.options);
	return ISS_OK;
}

/* NULL for "0", which is not a list. */
static const char *
given_list(const char *list)
{
	return list == NULL || strcmp(list, "0") == 0 ? NULL : list;
}

int
iss_algorithms_use_ciphers(
    struct iss_error *err, SSL_CTX *ctx, const struct iss_config *config)
{
	const char *list = given_list(config->cipher_list);
	const char *suites = given_list(config->ciphersuites);
	bool psk = config->psks.count > 0;

	if (list == NULL)
		list = psk ? ISS_DEFAULT_CIPHERS_PSK : ISS_DEFAULT_CIPHERS;
	if (suites == NULL && psk)
		suites = SUITES_FOR_PSK;
	if (*list != '\0' && !SSL_CTX_set_cipher_list(ctx, list))
		return iss_error_openssl(
		    err, "SSL_cipher_list \"%.60s\"", list);
	if (suites != NULL && !SSL_CTX_set_ciphersuites(ctx, suites))
		return iss_error_openssl(
		    err, "SSL_ciphersuites \"%.60s\"", suites);
	return ISS_OK;
}

/* The groups that the program names, or NULL. */
static const char *
given_groups(const struct iss_config *config)
{
	const char *groups = given_list(config->ecdh_curve);

	return groups == NULL || *groups == '\0' || strcmp(groups, "auto") == 0
		   ? NULL
		   : groups;
}

const char *
iss_algorithms_groups(const struct iss_config *config)
{
	const char *groups = given_groups(config);

	if (groups != NULL || !config->server ||
	    (config->dh == NULL && config->dh_file == NULL))
		return groups;
	return iss_dh_other_groups();
}

int
iss_algorithms_use_groups(struct iss_error *err, SSL_CTX *ctx,
    const struct iss_config *config, bool may_leave)
{
	const char *groups = iss_algorithms_groups(config);

	if (groups == NULL ||
	    (may_leave ? iss_choice_can_use_groups(ctx, groups)
		       : SSL_CTX_set1_groups_list(ctx, groups) != 0))
		return ISS_OK;
	/* OpenSSL gives no reason or, since 3.5, one with the whole text. */
	if (iss_error_memory_ran_out(err))
		return ISS_ERROR;
	if (given_groups(config) == NULL)
		return iss_error_openssl(
		    err, "cannot leave out all groups but that of SSL_dh_file");
	return iss_error_set(err,
	    "SSL_ecdh_curve \"%.60s\": OpenSSL does not support all of these "
	    "groups",
	    groups);
}

static int
use_dh(struct iss_error *err, SSL_CTX *ctx, const struct iss_config *config)
{
	if (config->dh != NULL)
		return iss_dh_use_handle(err, ctx, config->dh);
	if (config->dh_file != NULL)
		return iss_dh_use_file(err, ctx, config->dh_file);
	if (!config->dh_auto)
		return iss_dh_turn_off(err, ctx);
	SSL_CTX_set_dh_auto(ctx, 1);
	return ISS_OK;
}

int
iss_algorithms_use_dh(
    struct iss_error *err, SSL_CTX *ctx, const struct iss_config *config)
{
	int rv = use_dh(err, ctx, config);

	if (rv == ISS_OK)
		return ISS_OK;
	iss_error_prefix(
	    err, "%s", config->dh != NULL ? "SSL_dh" : "SSL_dh_file");
	if (config->dh == NULL && config->dh_file != NULL)
		iss_error_blame_file(err, config->dh_file);
	return rv;
}
