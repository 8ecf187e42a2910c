/*
 * The setters of options: every kind, what a value must not be, and errors that
 * name the option.
 */
#include "options/option.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "fixture.h"
#include "options.h"
#include "options/config.h"
#include "options/peer_config.h"
#include "options/wire.h"
#include "tap.h"

static struct iss_error err;

/* A config to try an option on, whichever struct it belongs to. */
static union {
	struct iss_config context;
	struct iss_identity identity;
	struct iss_peer_config peer;
} any;

static const struct iss_option *
context_option(const char *name)
{
	return option_of(iss_config_options, name);
}

/* ---- texts ---- */

/* clang-format off */
#define B(text) text, sizeof(text) - 1
/* clang-format on */

static void
test_text(void)
{
	static const struct {
		const char *option, *value;
		size_t len;
		const char *want; /* NULL: not given, unless why is not "" */
		const char *why;
	} cases[] = {
		{ "SSL_version", B("TLSv1_3"), "TLSv1_3", "" },
		{ "SSL_version", B(""), "", "" },
		{ "SSL_version", B("nonsense"), "nonsense", "" },
		{ "SSL_cipher_list", B("a\0b"), NULL,
		    "SSL_cipher_list: the value contains a NUL" },
		{ "SSL_cipher_list", B("\0"), NULL,
		    "SSL_cipher_list: the value contains a NUL" },
		{ "SSL_dh_file", B("file"), "file", "" },
		{ "SSL_dh_file", B(""), NULL, "" },
		{ "SSL_dh_file", B("a\0"), NULL, "SSL_dh_file: " },
		{ "SSL_session_id_context", B("\xff\n"), "\xff\n", "" },
	};
	const struct iss_option *option;
	char *value;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		iss_error_clear(&err);
		iss_config_init(&any.context, false);
		option = context_option(cases[i].option);
		iss_option_set_text(&err, &any, option, "before", 6);
		/* Without a terminator: its length counts. */
		value = malloc(cases[i].len + 1);
		memcpy(value, cases[i].value, cases[i].len);
		value[cases[i].len] = 'x';
		is_int(iss_option_set_text(
			   &err, &any, option, value, cases[i].len),
		    *cases[i].why == '\0' ? ISS_OK : ISS_ERROR, "%s = '%.*s'",
		    cases[i].option, (int)cases[i].len, cases[i].value);
		free(value);
		has_text(err.text, cases[i].why, "... why");
		is_text(*(char **)((char *)&any + option->offset),
		    cases[i].want, "... in place of what was before");
		iss_config_release(&any.context);
	}
}

static void
expect_texts(const struct iss_texts *texts, const char *const *want)
{
	size_t i;

	for (i = 0; want[i] != NULL && i < texts->count; i++)
		is_text(texts->text[i], want[i], "... text %zu", i);
	ok(want[i] == NULL && i == texts->count, "... and no others");
}

static void
test_paths(void)
{
	static const struct {
		const char *option, *value;
		const char *want[4];
	} cases[] = {
		{ "SSL_ca_path", "/a", { "/a" } },
		{ "SSL_ca_path", "/a:/b:/c", { "/a", "/b", "/c" } },
		{ "SSL_ca_path", ":/a::/b:", { "/a", "/b" } },
		{ "SSL_ca_path", "", { NULL } },
		{ "SSL_ca_path", ":::", { NULL } },
		{ "SSL_ca_file", "/a:/b", { "/a:/b" } },
		{ "SSL_ca_file", "", { "" } },
		{ "SSL_crl_file", "/a", { "/a" } },
	};
	const struct iss_option *option;
	const struct iss_texts *texts;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		iss_error_clear(&err);
		iss_config_init(&any.context, false);
		option = context_option(cases[i].option);
		texts = (const void *)((char *)&any + option->offset);
		iss_option_set_text(&err, &any, option, "before", 6);
		is_int(iss_option_set_text(&err, &any, option, cases[i].value,
			   strlen(cases[i].value)),
		    ISS_OK, "%s = '%s'", cases[i].option, cases[i].value);
		expect_texts(texts, cases[i].want);
		is_int(iss_option_add_text(&err, &any, option, "x:y", 3),
		    ISS_OK, "... and one that is added");
		is_text(
		    texts->text[texts->count - 1], "x:y", "... is not split");
		iss_option_clear(&any, option);
		ok(texts->count == 0 && texts->text == NULL, "... cleared");
		iss_option_clear(&any, option);
		iss_config_release(&any.context);
	}
}

static void
test_bad_paths(void)
{
	const struct iss_option *option = context_option("SSL_ca_path");
	const struct iss_texts *texts;

	iss_error_clear(&err);
	iss_config_init(&any.context, false);
	texts = (const void *)((char *)&any + option->offset);
	is_int(iss_option_set_text(&err, &any, option, B("/a:/b\0:/c")),
	    ISS_ERROR, "NUL in a path");
	has_text(err.text, "SSL_ca_path: ", "... names the option");
	is_int((long long)texts->count, 1, "... ends with those before it");
	iss_error_clear(&err);
	is_int(iss_option_add_text(&err, &any, option, B("/d\0")), ISS_ERROR,
	    "NUL in a path that is added");
	is_int((long long)texts->count, 1, "... adds nothing");
	iss_config_release(&any.context);
}

/* Lists whose elements have a syntax of their own. */
static void
test_lists(void)
{
	static const char long_name[ISS_WIRE_NAME_MAX + 1] = "x";
	static const struct {
		const char *option, *value;
		size_t len;
		const char *why;
	} cases[] = {
		{ "SSL_alpn_protocols", B("h2"), "" },
		{ "SSL_alpn_protocols", B(""), "SSL_alpn_protocols" },
		{ "SSL_alpn_protocols", long_name, sizeof(long_name),
		    "SSL_alpn_protocols" },
		{ "SSL_npn_protocols", B("a\0b"), "" },
		{ "SSL_npn_protocols", B(""), "SSL_npn_protocols" },
		{ "SSL_fingerprint",
		    B("sha1$pub$0123456789abcdef0123"
		      "456789abcdef01234567"),
		    "" },
		{ "SSL_fingerprint", B("nonsense"), "SSL_fingerprint" },
		{ "SSL_fingerprint", B(""), "SSL_fingerprint" },
	};
	const struct iss_option *option;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		iss_error_clear(&err);
		iss_config_init(&any.context, false);
		option = context_option(cases[i].option);
		is_int(iss_option_set_text(
			   &err, &any, option, cases[i].value, cases[i].len),
		    *cases[i].why == '\0' ? ISS_OK : ISS_ERROR, "%s = '%.40s'",
		    cases[i].option, cases[i].value);
		has_text(err.text, cases[i].why, "... names the option");
		iss_config_release(&any.context);
	}
	iss_config_init(&any.context, false);
	option = context_option("SSL_alpn_protocols");
	iss_option_set_text(&err, &any, option, "old", 3);
	iss_option_set_text(&err, &any, option, "h2", 2);
	iss_option_add_text(&err, &any, option, "http/1.1", 8);
	is_bytes(any.context.alpn_protocols.data,
	    any.context.alpn_protocols.len, "\2h2\10http/1.1", 12,
	    "a list of protocols in wire format");
	iss_config_release(&any.context);
}

/* ---- numbers ---- */

static void
test_numbers(void)
{
	static const struct {
		const char *option;
		double number;
		int want; /* of those that are refused: the default */
		const char *why;
	} cases[] = {
		{ "SSL_verify_mode", 0, 0, "" },
		{ "SSL_verify_mode", 7, 7, "" },
		{ "SSL_verify_mode", INT_MAX, INT_MAX, "" },
		{ "SSL_verify_mode", INT_MAX + 1.0, -1,
		    "SSL_verify_mode: 2.14748e+09 is out of range" },
		{ "SSL_verify_mode", -1, -1, "SSL_verify_mode: -1 is out" },
		{ "SSL_verify_mode", -0.5, -1, "SSL_verify_mode: -0.5 is out" },
		{ "SSL_verify_mode", 1.5, -1, "SSL_verify_mode: 1.5 is " },
		{ "SSL_verify_mode", NAN, -1, "SSL_verify_mode: " },
		{ "SSL_verify_mode", INFINITY, -1, "SSL_verify_mode: inf" },
		{ "SSL_verify_mode", -INFINITY, -1, "SSL_verify_mode: -inf" },
		{ "SSL_ocsp_mode", 1e300, -1, "SSL_ocsp_mode: 1e+300" },
		{ "SSL_honor_cipher_order", 0, 0, "" },
		{ "SSL_honor_cipher_order", 17, 1, "" },
		{ "SSL_honor_cipher_order", -0.1, 1, "" },
	};
	const struct iss_option *option;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		iss_error_clear(&err);
		iss_config_init(&any.context, true);
		option = context_option(cases[i].option);
		is_int(
		    iss_option_set_number(&err, &any, option, cases[i].number),
		    *cases[i].why == '\0' ? ISS_OK : ISS_ERROR, "%s = %g",
		    cases[i].option, cases[i].number);
		has_text(err.text, cases[i].why, "... why");
		is_int(*(int *)((char *)&any + option->offset), cases[i].want,
		    "... its value");
		iss_config_release(&any.context);
	}
}

static void
test_flags(void)
{
	static const struct {
		double number;
		bool want;
	} cases[] = {
		{ 0, false },
		{ -0.0, false },
		{ 1, true },
		{ -1, true },
		{ 0.1, true },
		{ NAN, true },
	};
	const struct iss_option *flag = context_option("SSL_check_crl");
	const struct iss_option *seconds =
	    option_of(iss_peer_config_options, "SSL_io_timeout");
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		iss_config_init(&any.context, false);
		iss_option_set_number(&err, &any, flag, cases[i].number);
		ok(any.context.check_crl == cases[i].want, "a flag from %g",
		    cases[i].number);
		iss_config_release(&any.context);
	}
	iss_peer_config_init(&any.peer);
	iss_option_set_number(&err, &any, seconds, 0.25);
	ok(any.peer.io_timeout == 0.25, "seconds keep their fraction");
	iss_option_set_number(&err, &any, seconds, -3);
	ok(any.peer.io_timeout == -3, "... and their sign");
	iss_peer_config_release(&any.peer);
}

/* ---- handles ---- */

static void
test_certs(void)
{
	const struct iss_option *option = context_option("SSL_ca");
	X509 *ca = fixture_cert("ca"), *other = fixture_cert("other-ca");

	iss_config_init(&any.context, false);
	iss_option_add1_cert(&err, &any, option, ca);
	iss_option_add1_cert(&err, &any, option, other);
	iss_option_add1_cert(&err, &any, option, ca);
	X509_free(ca);
	X509_free(other);
	is_int(sk_X509_num(any.context.ca), 3, "certificates");
	ok(sk_X509_value(any.context.ca, 0) == ca &&
		sk_X509_value(any.context.ca, 1) == other,
	    "... in their order");
	ok(X509_get_version(sk_X509_value(any.context.ca, 2)) == 2,
	    "... of which references are held");
	iss_option_clear(&any, option);
	ok(any.context.ca == NULL, "... cleared");
	iss_config_release(&any.context);
}

static void
test_keys(void)
{
	const struct iss_option *option =
	    option_of(iss_config_identity_options, "SSL_key");
	EVP_PKEY *one = fixture_key("server"), *two = fixture_key("client");

	iss_config_init(&any.context, false);
	memset(&any.identity, 0, sizeof(any.identity));
	iss_option_set1_key(&err, &any, option, one);
	iss_option_set1_key(&err, &any, option, two);
	EVP_PKEY_free(one);
	EVP_PKEY_free(two);
	ok(any.identity.key == two, "a key takes the place of another");
	ok(EVP_PKEY_bits(any.identity.key) == 2048,
	    "... of which a reference is held");
	iss_option_clear(&any, option);
	ok(any.identity.key == NULL, "... cleared");
}

static void
test_handle(void)
{
	const struct iss_option *option = context_option("SSL_dh");
	int handle;

	iss_config_init(&any.context, true);
	iss_option_set0_handle(&any, option, &handle);
	ok(any.context.dh == &handle, "a handle is borrowed");
	iss_option_clear(&any, option);
	ok(any.context.dh == NULL, "... cleared");
	iss_config_release(&any.context);
}

static void
test_psks(void)
{
	const struct iss_option *option = context_option("SSL_psk");

	iss_error_clear(&err);
	iss_config_init(&any.context, true);
	is_int(iss_option_add_psk(&err, &any, option, "me", 2, "key", 3),
	    ISS_OK, "a pre-shared key");
	is_int(iss_option_add_psk(&err, &any, option, "me", 2, "", 0),
	    ISS_ERROR, "an empty one");
	has_text(err.text, "SSL_psk: ", "... names the option");
	is_int((long long)any.context.psks.count, 1, "... is not there");
	iss_config_release(&any.context);
}

int
main(void)
{
	test_text();
	test_paths();
	test_bad_paths();
	test_lists();
	test_numbers();
	test_flags();
	test_certs();
	test_keys();
	test_handle();
	test_psks();
	return tap_done();
}
