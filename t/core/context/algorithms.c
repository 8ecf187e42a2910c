/*
 * Versions, ciphers and groups: what the SSL_CTX gets, and what is refused with
 * which words.
 */
#include "context/algorithms.h"

#include "pair.h"
#include "tap.h"

static struct iss_error err;

typedef int use_fn(
    struct iss_error *err, SSL_CTX *ctx, const struct iss_config *config);

static int
use_groups(
    struct iss_error *error, SSL_CTX *ctx, const struct iss_config *config)
{
	return iss_algorithms_use_groups(error, ctx, config, false);
}

static int
check_groups(
    struct iss_error *error, SSL_CTX *ctx, const struct iss_config *config)
{
	return iss_algorithms_use_groups(error, ctx, config, true);
}

/* The step under an option; NULL: none is given. */
static int
use(use_fn *step, SSL_CTX *ctx, const char *name, const char *value)
{
	const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ name, value },
	};
	struct iss_config config;
	int rv;

	pair_config(&config, true, options);
	iss_error_clear(&err);
	rv = step(&err, ctx, &config);
	iss_config_release(&config);
	return rv;
}

static void
test_refused(void)
{
	static const struct {
		use_fn *step;
		const char *name, *value;
		int rv;
	} cases[] = {
		{ iss_algorithms_use_versions, "SSL_version", "TLSv7",
		    ISS_INVALID },
		{ iss_algorithms_use_ciphers, "SSL_cipher_list", "NO-SUCH",
		    ISS_ERROR },
		{ iss_algorithms_use_ciphers, "SSL_ciphersuites", "TLS_NO",
		    ISS_ERROR },
		{ use_groups, "SSL_ecdh_curve", "no-curve", ISS_ERROR },
		{ check_groups, "SSL_ecdh_curve", "no-curve", ISS_ERROR },
		{ iss_algorithms_use_dh, "SSL_dh_file", "/nonexistent",
		    ISS_ERROR },
	};
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		is_int(use(cases[i].step, ctx, cases[i].name, cases[i].value),
		    cases[i].rv, "%s = %s", cases[i].name, cases[i].value);
		has_text(err.text, cases[i].name, "... which option");
		has_text(err.text, cases[i].value, "... which value");
		ERR_clear_error();
	}
	SSL_CTX_free(ctx);
}

static int
count_ciphers(SSL_CTX *ctx, int version)
{
	STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(ctx);
	int i, count = 0;

	for (i = 0; i < sk_SSL_CIPHER_num(ciphers); i++)
		count +=
		    strcmp(
			SSL_CIPHER_get_version(sk_SSL_CIPHER_value(ciphers, i)),
			version == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2") == 0;
	return count;
}

static void
test_ciphers(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	use(iss_algorithms_use_ciphers, ctx, "SSL_cipher_list",
	    "ECDHE-RSA-AES128-GCM-SHA256");
	is_int(count_ciphers(ctx, TLS1_2_VERSION), 1, "one cipher of TLS 1.2");
	use(iss_algorithms_use_ciphers, ctx, "SSL_ciphersuites",
	    "TLS_AES_128_GCM_SHA256");
	is_int(count_ciphers(ctx, TLS1_3_VERSION), 1, "one of TLS 1.3");
	ok(count_ciphers(ctx, TLS1_2_VERSION) > 1,
	    "... with the default ones of TLS 1.2");
	is_int(use(iss_algorithms_use_ciphers, ctx, "SSL_cipher_list", ""),
	    ISS_OK, "an empty list changes nothing");
	ok(count_ciphers(ctx, TLS1_2_VERSION) > 1, "... indeed");
	SSL_CTX_free(ctx);
}

static void
test_versions(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	use(iss_algorithms_use_versions, ctx, "SSL_version", "TLSv1_2");
	is_int(SSL_CTX_get_min_proto_version(ctx), TLS1_2_VERSION, "from");
	is_int(SSL_CTX_get_max_proto_version(ctx), TLS1_2_VERSION, "to");
	SSL_CTX_free(ctx);
}

/* The list of a config is what the program wants, "auto" is nothing. */
static void
test_groups(void)
{
	static const struct {
		const char *given, *wanted;
	} cases[] = {
		{ NULL, NULL },
		{ "", NULL },
		{ "0", NULL },
		{ "auto", NULL },
		{ "P-256:X25519", "P-256:X25519" },
	};
	struct pair_options options[PAIR_OPTIONS_MAX] = { { 0 } };
	struct iss_config config;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		options[0].name =
		    cases[i].given != NULL ? "SSL_ecdh_curve" : NULL;
		options[0].value = cases[i].given;
		pair_config(&config, true, options);
		is_text(iss_algorithms_groups(&config), cases[i].wanted,
		    "SSL_ecdh_curve %s",
		    cases[i].given != NULL ? cases[i].given : "not given");
		iss_config_release(&config);
	}
}

/* A handshake with a client that has another group than P-384. */
static bool
meets_other(SSL_CTX *server)
{
	SSL_CTX *client = raw_ctx(false, TLS1_3_VERSION);
	struct raw_pair pair;
	bool met;

	SSL_CTX_set1_groups_list(client, "P-256");
	raw_pair_open(&pair, client, server);
	met = raw_pair_handshake(&pair);
	raw_pair_close(&pair);
	SSL_CTX_free(client);
	ERR_clear_error();
	return met;
}

static void
test_use_groups(void)
{
	SSL_CTX *ctx = raw_ctx(true, TLS1_3_VERSION);

	is_int(use(check_groups, ctx, "SSL_ecdh_curve", "P-384"), ISS_OK,
	    "a group that connections may leave behind");
	ok(meets_other(ctx), "... is not in the SSL_CTX");
	is_int(use(use_groups, ctx, "SSL_ecdh_curve", "P-384"), ISS_OK,
	    "a group that stays");
	ok(!meets_other(ctx), "... is the only one");
	SSL_CTX_free(ctx);
}

int
main(void)
{
	test_refused();
	test_versions();
	test_ciphers();
	test_groups();
	test_use_groups();
	return tap_done();
}
