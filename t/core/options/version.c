/*
 * SSL_version: every name in the manual, the sums and differences of them,
 * and texts that are none.
 */
#include "options/version.h"

#include <stdlib.h>

#include <openssl/ssl.h>

#include "base/compat.h"
#include "tap.h"

#define SSL3 SSL_OP_NO_SSLv3
#define T10 SSL_OP_NO_TLSv1
#define T11 SSL_OP_NO_TLSv1_1
#define T12 SSL_OP_NO_TLSv1_2
#define T13 SSL_OP_NO_TLSv1_3

static const struct valid {
	const char *text;
	int min, max;
	uint64_t options;
} valid[] = {
	{ ISS_VERSION_DEFAULT, 0, 0, SSL3 | T10 | T11 },
	{ ISS_VERSION_DEFAULT_1_77, 0, 0, 0 },
	{ "", 0, 0, SSL3 | T10 | T11 },
	{ "SSLv23", 0, 0, 0 },
	{ "sslv23", 0, 0, 0 },
	{ "SSLV23", 0, 0, 0 },
	{ "SSLv2/3", 0, 0, 0 },
	{ "SSLv23:!SSLv2:!TLSv11:!TLSv12", 0, 0, T11 | T12 },
	{ "SSLv23:!TLSv1_3", 0, 0, T13 },
	{ "SSLv23:!TLSv1.3", 0, 0, T13 },
	{ "SSLv23:!SSLv3:!TLSv1", 0, 0, SSL3 | T10 },
	{ "!TLSv1_3", 0, 0, T13 },
	{ "!SSLv3:SSLv23", 0, 0, SSL3 },
	{ "SSLv23:TLSv1_2", 0, 0, 0 },
	{ "TLSv1_2:SSLv23:!TLSv1_1", 0, 0, T11 },
	{ "TLSv1_2", TLS1_2_VERSION, TLS1_2_VERSION, 0 },
	{ "TLSv12", TLS1_2_VERSION, TLS1_2_VERSION, 0 },
	{ "TLSv1.2", TLS1_2_VERSION, TLS1_2_VERSION, 0 },
	{ "tlsv1_2", TLS1_2_VERSION, TLS1_2_VERSION, 0 },
	{ "TLSV12", TLS1_2_VERSION, TLS1_2_VERSION, 0 },
	{ " TLSv1_2 ", TLS1_2_VERSION, TLS1_2_VERSION, 0 },
	{ "TLSv1_2:", TLS1_2_VERSION, TLS1_2_VERSION, 0 },
	{ ":", 0, 0, SSL3 | T10 | T11 },
	{ "TLSv1_2:!SSLv2", TLS1_2_VERSION, TLS1_2_VERSION, 0 },
	{ "TLSv1_2:!SSLv3", TLS1_2_VERSION, TLS1_2_VERSION, SSL3 },
	{ "TLSv1_2:TLSv1_2", TLS1_2_VERSION, TLS1_2_VERSION, 0 },
	{ "TLSv1_2:TLSv1_3", TLS1_2_VERSION, TLS1_3_VERSION, 0 },
	{ "TLSv1_3:TLSv1_2", TLS1_2_VERSION, TLS1_3_VERSION, 0 },
	{ "TLSv1_2 : TLSv1_3", TLS1_2_VERSION, TLS1_3_VERSION, 0 },
	{ "\tTLSv1_2:\n TLSv1_3\r", TLS1_2_VERSION, TLS1_3_VERSION, 0 },
	{ "TLSv1_2:TLSv1_3:!TLSv1_2", TLS1_3_VERSION, TLS1_3_VERSION, T12 },
	{ "!TLSv1_3:TLSv1_2:TLSv1_3", TLS1_2_VERSION, TLS1_2_VERSION, T13 },
	{ "TLSv1_3", TLS1_3_VERSION, TLS1_3_VERSION, 0 },
	{ "TLSv13", TLS1_3_VERSION, TLS1_3_VERSION, 0 },
	{ "TLSv1.3", TLS1_3_VERSION, TLS1_3_VERSION, 0 },
#ifndef OPENSSL_NO_TLS1
	{ "TLSv1", TLS1_VERSION, TLS1_VERSION, 0 },
	{ "tlsv1", TLS1_VERSION, TLS1_VERSION, 0 },
	{ "TLSv1_0", TLS1_VERSION, TLS1_VERSION, 0 },
	{ "TLSv10", TLS1_VERSION, TLS1_VERSION, 0 },
	{ "TLSv1.0", TLS1_VERSION, TLS1_VERSION, 0 },
	{ "TLSv1:TLSv1_2", TLS1_VERSION, TLS1_2_VERSION, T11 },
	{ "TLSv1:TLSv1_3", TLS1_VERSION, TLS1_3_VERSION, T11 | T12 },
	{ "TLSv1:TLSv1_3:!TLSv1_2", TLS1_VERSION, TLS1_3_VERSION, T11 | T12 },
#endif
#ifndef OPENSSL_NO_TLS1_1
	{ "TLSv1_1", TLS1_1_VERSION, TLS1_1_VERSION, 0 },
	{ "TLSv11", TLS1_1_VERSION, TLS1_1_VERSION, 0 },
	{ "TLSv1.1", TLS1_1_VERSION, TLS1_1_VERSION, 0 },
#endif
#ifndef OPENSSL_NO_SSL3
	{ "SSLv3", SSL3_VERSION, SSL3_VERSION, 0 },
#endif
};

static const struct invalid {
	const char *text;
	const char *told; /* a part of the message */
} invalid[] = {
	{ " ", "\"\" is not" },
	{ ":TLSv1_2", "\"\" is not" },
	{ "TLSv1_2::TLSv1_3", "\"\" is not" },
	{ "!", "\"!\" is not" },
	{ "TLSv1_2:!", "\"!\" is not" },
	{ "!!SSLv3", "\"!!SSLv3\" is not" },
	{ "! TLSv1_1", "\"! TLSv1_1\" is not" },
	{ "TLSv1_2!", "\"TLSv1_2!\" is not" },
	{ "TLSv1_2!TLSv1_3", "\"TLSv1_2!TLSv1_3\" is not" },
	{ "TLSv1_4", "\"TLSv1_4\" is not" },
	{ "SSLv23:!TLSv1_4", "\"!TLSv1_4\" is not" },
	{ "SSLv23:!foo:TLSv1", "\"!foo\" is not" },
	{ "SSLv", "\"SSLv\" is not" },
	{ "SSLv22", "\"SSLv22\" is not" },
	{ "SSLv233", "\"SSLv233\" is not" },
	{ "SSLv4", "\"SSLv4\" is not" },
	{ "TLSv", "\"TLSv\" is not" },
	{ "TLSv1_", "\"TLSv1_\" is not" },
	{ "TLSv2", "\"TLSv2\" is not" },
	{ "TLSv1_22", "\"TLSv1_22\" is not" },
	{ "TLSv1 _2", "\"TLSv1 _2\" is not" },
	{ "xTLSv1_2", "\"xTLSv1_2\" is not" },
	{ "TLSv1_2,TLSv1_3", "\"TLSv1_2,TLSv1_3\" is not" },
	{ "TLSv1_2 TLSv1_3", "\"TLSv1_2 TLSv1_3\" is not" },
	{ "1", "\"1\" is not" },
	{ "771", "\"771\" is not" },
	{ "%s%n%s", "\"%s%n%s\" is not" },
};

static const struct unsupported {
	const char *text;
	const char *told;
} unsupported[] = {
	{ "TLSv1_2:!TLSv1_2", "excludes all protocols" },
	{ "!SSLv23", "excludes all protocols" },
	{ "SSLv23:!SSLv23", "excludes all protocols" },
	{ "SSLv2:!SSLv2", "excludes all protocols" },
	{ "SSLv23:!SSLv2:!SSLv3:!TLSv1:!TLSv1_1:!TLSv1_2:!TLSv1_3",
	    "excludes all protocols" },
	{ "SSLv2", "SSL Version SSLv2 not supported by" },
	{ "sslv2", "SSL Version SSLv2 not supported by" },
	{ "SSLv2:TLSv1_2", "SSL Version SSLv2 not supported by" },
	{ "SSLv23:!SSLv3:!TLSv1:!TLSv1_1:!TLSv1_2:!TLSv1_3",
	    "SSL Version SSLv2 not supported by" },
#ifdef OPENSSL_NO_SSL3
	{ "SSLv3", "SSL Version SSLv3 not supported by" },
	{ "SSLv3:TLSv1_2", "SSL Version SSLv3 not supported by" },
	{ "SSLv3:TLSv1_2:!TLSv1_2", "SSL Version SSLv3 not supported by" },
	{ "SSLv2:SSLv3", "SSL Version SSLv2, SSLv3 not supported by" },
	{ "SSLv23:!SSLv2:!TLSv1:!TLSv1_1:!TLSv1_2:!TLSv1_3",
	    "SSL Version SSLv3 not supported by" },
#endif
};

static void
test_valid(void)
{
	size_t i;

	for (i = 0; i < ROWS(valid); i++) {
		const struct valid *row = &valid[i];
		struct iss_version_range got = { -1, -1, 0 };
		struct iss_error err;

		iss_error_clear(&err);
		is_int(iss_version_parse(&err, &got, row->text), ISS_OK,
		    "\"%s\" is fine", row->text);
		ok(!iss_error_is_set(&err), "\"%s\": no error", row->text);
		is_int(got.min, row->min, "\"%s\": min", row->text);
		is_int(got.max, row->max, "\"%s\": max", row->text);
		is_int((long long)got.options, (long long)row->options,
		    "\"%s\": options", row->text);
	}
}

static void
test_failure(const char *text, int rv, const char *told)
{
	struct iss_version_range got = { -1, -2, 3 };
	struct iss_error err;

	iss_error_clear(&err);
	is_int(iss_version_parse(&err, &got, text), rv,
	    "\"%.50s\": the right status", text);
	ok(got.min == -1 && got.max == -2 && got.options == 3,
	    "\"%.50s\": result untouched", text);
	has_text(err.text, told, "\"%.50s\": what is wrong", text);
	has_text(err.text, "SSL_version", "\"%.50s\": the option", text);
}

static void
test_failures(void)
{
	size_t i;

	for (i = 0; i < ROWS(invalid); i++)
		test_failure(invalid[i].text, ISS_INVALID, invalid[i].told);
	for (i = 0; i < ROWS(unsupported); i++)
		test_failure(
		    unsupported[i].text, ISS_ERROR, unsupported[i].told);
}

static void
test_messages(void)
{
	struct iss_version_range got;
	struct iss_error err;
	char text[3000];

	iss_error_clear(&err);
	iss_version_parse(&err, &got, "TLSv9");
	has_text(err.text,
	    "valid are SSLv23, SSLv2, SSLv3, TLSv1, TLSv1_1, TLSv1_2, TLSv1_3",
	    "an invalid name: the valid ones are told");

	iss_error_clear(&err);
	iss_version_parse(&err, &got, "SSLv2");
	has_text(err.text, OpenSSL_version(OPENSSL_VERSION),
	    "an unsupported one: the OpenSSL is told");

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	test_failure(text, ISS_INVALID, "valid are SSLv23");
}

/* Whatever is accepted, an SSL_CTX must take. */
static void
test_openssl_takes_it(void)
{
	size_t i;

	for (i = 0; i < ROWS(valid); i++) {
		SSL_CTX *ctx = SSL_CTX_new(TLS_method());
		struct iss_version_range v;
		struct iss_error err;

		iss_error_clear(&err);
		iss_version_parse(&err, &v, valid[i].text);
		ok(SSL_CTX_set_min_proto_version(ctx, v.min) == 1 &&
			SSL_CTX_set_max_proto_version(ctx, v.max) == 1,
		    "\"%s\": OpenSSL takes it", valid[i].text);
		SSL_CTX_free(ctx);
	}
}

static void
test_names(void)
{
	static const struct name {
		int number;
		const char *name;
	} names[] = {
		{ 0x0002, "SSLv2" },
		{ 0x0300, "SSLv3" },
		{ 0x0301, "TLSv1" },
		{ 0x0302, "TLSv1_1" },
		{ 0x0303, "TLSv1_2" },
		{ 0x0304, "TLSv1_3" },
		{ 0x0305, "(unknown)" },
		{ 0, "(unknown)" },
		{ -1, "(unknown)" },
		{ 0xfefd, "(unknown)" },
	};
	size_t i;

	for (i = 0; i < ROWS(names); i++)
		is_text(iss_version_name(names[i].number), names[i].name,
		    "0x%04x is %s", (unsigned)names[i].number, names[i].name);
}

int
main(void)
{
	test_valid();
	test_failures();
	test_messages();
	test_openssl_takes_it();
	test_names();
	return tap_done();
}
