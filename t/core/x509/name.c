/*
 * Distinguished names: attributes of every kind, and names on one line.
 */
#include "x509/name.h"

#include <openssl/err.h>

#include "fixture.h"
#include "tap.h"

static struct iss_error err;

#define LONG_NAME                                                              \
	"a common name of more than the 64 characters that X.520 allows to it"

/* clang-format off */
#define B(text) text, sizeof(text) - 1
/* clang-format on */

static void
test_add(void)
{
	static const struct {
		const char *name, *type, *value;
		size_t len;
		const char *oneline; /* NULL: it is refused */
		const char *why;
	} cases[] = {
		{ "a short name", "CN", B("x"), "/CN=x", "" },
		{ "a long name", "commonName", B("x"), "/CN=x", "" },
		{ "an OID", "2.5.4.3", B("x"), "/CN=x", "" },
		{ "an OID without a name", "1.2.3.4.5", B("x"), "/1.2.3.4.5=x",
		    "" },
		{ "an empty value, which X.520 forbids", "CN", B(""),
		    "/CN=", "" },
		{ "UTF-8", "CN", B("\xc3\xbc"), "/CN=\\xC3\\xBC", "" },
		{ "NUL in the value", "CN", B("a\0b"), "/CN=a\\x00b", "" },
		{ "more than X.520 allows", "CN", B(LONG_NAME),
		    "/CN=" LONG_NAME, "" },
		{ "a country of three letters", "C", B("DEU"), "/C=DEU", "" },
		{ "an unknown type", "color", B("x"), NULL,
		    "unknown field 'color' in a name" },
		{ "no type", "", B("x"), NULL, "unknown field '' in a name" },
	};
	X509_NAME *name;
	char text[256];
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		name = X509_NAME_new();
		iss_error_clear(&err);
		is_int(iss_name_add(&err, name, cases[i].type, cases[i].value,
			   cases[i].len),
		    cases[i].oneline != NULL ? ISS_OK : ISS_ERROR, "%s",
		    cases[i].name);
		has_text(err.text, cases[i].why, "... why");
		is_int(
		    (long long)ERR_peek_error(), 0, "... the queue is empty");
		X509_NAME_oneline(name, text, sizeof(text));
		is_text(text, cases[i].oneline != NULL ? cases[i].oneline : "",
		    "... the name");
		X509_NAME_free(name);
	}
}

static void
test_text(void)
{
	static const struct {
		const char *file, *text;
	} cases[] = {
		{ "server", "/C=DE/O=IO-Socket-SSL/CN=localhost" },
		{ "utf8-cn", "/C=DE/O=IO-Socket-SSL/CN=B\\xC3\\xBCcher" },
		{ "two-cn", "/C=DE/O=IO-Socket-SSL/CN=first.example.test"
			    "/CN=last.example.test" },
	};
	struct iss_buf out;
	X509 *cert;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		cert = fixture_cert(cases[i].file);
		iss_error_clear(&err);
		iss_buf_init(&out, 256);
		iss_buf_puts(&out, "name: ");
		is_int(iss_name_text(&err, X509_get_subject_name(cert), &out),
		    ISS_OK, "the name of %s", cases[i].file);
		is_text(
		    iss_buf_text(&out) + 6, cases[i].text, "... is appended");
		iss_buf_release(&out);
		iss_buf_init(&out, strlen(cases[i].text) - 1);
		is_int(iss_name_text(&err, X509_get_subject_name(cert), &out),
		    ISS_ERROR, "... does not fit into less");
		is_text(err.text, "a name is too long", "... why");
		is_int((long long)out.len, 0, "... nor does a part of it");
		iss_buf_release(&out);
		X509_free(cert);
	}
}

static void
test_hostile(void)
{
	X509_NAME *name = X509_NAME_new();
	struct iss_buf out;

	iss_buf_init(&out, 256);
	iss_name_text(&err, name, &out);
	is_text(iss_buf_text(&out), "", "a name without attributes");
	iss_name_add(&err, name, "CN", "a\0b\n\x7f", 5);
	iss_name_text(&err, name, &out);
	is_text(iss_buf_text(&out), "/CN=a\\x00b\\x0A\\x7F",
	    "bytes that cannot be printed");
	iss_buf_release(&out);
	X509_NAME_free(name);
}

int
main(void)
{
	test_add();
	test_text();
	test_hostile();
	return tap_done();
}
