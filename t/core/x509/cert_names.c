/*
 * The names in certificates: every type, any bytes, extensions that are broken.
 */
#include "x509/cert_names.h"

#include <stdlib.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "fixture.h"
#include "tap.h"
#include "x509/cert.h"

/* The bytes of a string literal, zeros within included. */
#define SAN(type, literal)                                                     \
	{                                                                      \
		type, (const unsigned char *)(literal), sizeof(literal) - 1    \
	}

static struct iss_error err;

static const struct names_case {
	const char *cert;
	enum iss_san_state state;
	struct iss_san sans[10];
	const char *cn; /* NULL: none */
} names_cases[] = {
	{ .cert = "server",
	    .state = ISS_SAN_PRESENT,
	    .sans = { SAN(GEN_DNS, "localhost"), SAN(GEN_IPADD, "\x7f\0\0\1"),
		SAN(GEN_IPADD, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"),
		SAN(GEN_DNS, "*.example.test") },
	    .cn = "localhost" },
	{ .cert = "many-san",
	    .state = ISS_SAN_PRESENT,
	    .sans = { SAN(GEN_DNS, "a.example.test"),
		SAN(GEN_EMAIL, "me@example.test"),
		SAN(GEN_URI, "https://example.test/"),
		SAN(GEN_IPADD, "\xc0\0\2\1"),
		SAN(GEN_IPADD, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"),
		SAN(GEN_RID, "1.2.3.4"), SAN(GEN_DIRNAME, "/C=DE/CN=Directory"),
		SAN(GEN_OTHERNAME, "user@example.test") },
	    .cn = "many.example.test" },
	{ .cert = "nul-san",
	    .state = ISS_SAN_PRESENT,
	    .sans = { SAN(GEN_DNS, "good.example.test\0.evil.test") },
	    .cn = "nul.example.test" },
	{ .cert = "bad-ip-san",
	    .state = ISS_SAN_PRESENT,
	    .sans = { SAN(GEN_IPADD, "\x7f\0\0\1") },
	    .cn = "localhost" },
	{ .cert = "bad-san", .state = ISS_SAN_BROKEN, .cn = "localhost" },
	{ .cert = "cn-only",
	    .state = ISS_SAN_ABSENT,
	    .cn = "www.example.test" },
	{ .cert = "two-cn",
	    .state = ISS_SAN_ABSENT,
	    .cn = "last.example.test" },
	{ .cert = "utf8-cn",
	    .state = ISS_SAN_PRESENT,
	    .sans = { SAN(GEN_DNS, "xn--bcher-kva.example") },
	    .cn = "B\xc3\xbc"
		  "cher" },
};

static bool
same(const struct iss_san *a, const struct iss_san *b)
{
	return a->type == b->type && a->len == b->len &&
	       memcmp(a->bytes, b->bytes, a->len) == 0;
}

static void
test_names(const struct names_case *c)
{
	const struct iss_presented *got;
	struct iss_cert_names names;
	X509 *cert = fixture_cert(c->cert);
	size_t i;

	is_int(
	    iss_cert_names_init(&err, &names, cert), 0, "%s: names", c->cert);
	X509_free(cert); /* the names do not depend on it */
	got = &names.presented;
	is_int(got->state, c->state, "%s: state of the extension", c->cert);
	for (i = 0; c->sans[i].bytes != NULL && i < got->n_sans; i++)
		ok(same(&got->sans[i], &c->sans[i]), "%s: alternative name %zu",
		    c->cert, i);
	is_int((long long)got->n_sans, (long long)i,
	    "%s: no more alternative names", c->cert);
	ok(c->sans[i].bytes == NULL, "%s: no fewer either", c->cert);
	is_int((long long)got->n_cns, 1, "%s: one common name", c->cert);
	ok(got->n_cns == 1 && got->cns->len == strlen(c->cn) &&
		memcmp(got->cns->bytes, c->cn, got->cns->len) == 0,
	    "%s: common name is %s", c->cert, c->cn);
	iss_cert_names_release(&names);
	ok(names.presented.sans == NULL && names.presented.cns == NULL,
	    "%s: nothing is left after release", c->cert);
	iss_cert_names_release(&names);
}

/* A certificate with this common name, of this ASN.1 string type.  One with
 * bytes that are not of the type cannot be made, nor parsed, by OpenSSL. */
static X509 *
cert_named(int type, const char *bytes, int len)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_NAME_new();

	if (cert == NULL || name == NULL ||
	    !X509_NAME_add_entry_by_NID(name, NID_commonName, type,
		(const unsigned char *)bytes, len, -1, 0) ||
	    !X509_set_subject_name(cert, name)) {
		printf("Bail out! no certificate\n");
		exit(2);
	}
	X509_NAME_free(name);
	return cert;
}

static const struct cn_case {
	const char *about;
	int type;
	struct iss_san cn;
	const char *utf8;
	size_t utf8_len;
	const char *line;
} cn_cases[] = {
	{ "a NUL", V_ASN1_UTF8STRING, SAN(0, "good.test\0.evil.test"),
	    "good.test\0.evil.test", 20, "/CN=good.test\\x00.evil.test" },
	{ "a newline", V_ASN1_UTF8STRING, SAN(0, "a\nb"), "a\nb", 3,
	    "/CN=a\\x0Ab" },
	{ "UTF-16", V_ASN1_BMPSTRING, SAN(0, "\0a\x20\xac"), "a\xe2\x82\xac", 4,
	    "/CN=\\x00a \\xAC" },
	{ "Latin-1", V_ASN1_T61STRING, SAN(0, "B\xfc"), "B\xc3\xbc", 3,
	    "/CN=B\\xFC" },
	{ "nothing", V_ASN1_UTF8STRING, SAN(0, ""), "", 0, "/CN=" },
};

static void
test_cn(const struct cn_case *c)
{
	X509 *cert =
	    cert_named(c->type, (const char *)c->cn.bytes, (int)c->cn.len);
	struct iss_cert_names names;
	const struct iss_san *cn;
	struct iss_buf line;

	iss_buf_init(&line, ISS_CERT_TEXT_MAX);
	is_int(iss_cert_subject_text(&err, cert, &line), 0, "%s: subject",
	    c->about);
	is_text(iss_buf_text(&line), c->line, "%s: on a line", c->about);
	iss_buf_release(&line);

	is_int(
	    iss_cert_names_init(&err, &names, cert), 0, "%s: names", c->about);
	cn = names.presented.cns;
	is_int((long long)names.presented.n_cns, 1, "%s: in a common name",
	    c->about);
	ok(cn->len == c->utf8_len && memcmp(cn->bytes, c->utf8, cn->len) == 0,
	    "%s: in UTF-8", c->about);
	iss_cert_names_release(&names);
	X509_free(cert);
}

static const char san_one[] = "\x30\x03\x82\x01"
			      "a";

static void
add_san(X509 *cert, const char *der, int len)
{
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	ASN1_OCTET_STRING_set(value, (const unsigned char *)der, len);
	ext =
	    X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, value);
	X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
}

static void
test_odd_extensions(void)
{
	X509 *cert = cert_named(V_ASN1_UTF8STRING, "a", 1);
	struct iss_cert_names names;

	add_san(cert, "\x30\x00", 2);
	iss_cert_names_init(&err, &names, cert);
	is_int(names.presented.state, ISS_SAN_PRESENT,
	    "an empty list of names is an extension");
	is_int((long long)names.presented.n_sans, 0, "with no name in it");
	iss_cert_names_release(&names);
	X509_free(cert);

	cert = cert_named(V_ASN1_UTF8STRING, "a", 1);
	add_san(cert, san_one, sizeof(san_one) - 1);
	add_san(cert, san_one, sizeof(san_one) - 1);
	iss_cert_names_init(&err, &names, cert);
	is_int(names.presented.state, ISS_SAN_BROKEN,
	    "an extension that is there twice is broken");
	iss_cert_names_release(&names);
	X509_free(cert);
}

/* The names of one certificate at a time, for as long as they are asked for. */
static void
test_kept(void)
{
	X509 *one = fixture_cert("server"), *two = fixture_cert("many-san");
	struct iss_kept_names *kept = NULL;
	struct iss_kept_names *first = iss_kept_names_get(&kept, one);

	ok(first != NULL && iss_kept_names_presented(first)->n_cns == 1,
	    "the names of a certificate");
	ok(!iss_kept_names_are_unconstrained(first), "constraints: not known");
	iss_kept_names_note_unconstrained(first);
	ok(iss_kept_names_get(&kept, one) == first, "are parsed once");
	ok(iss_kept_names_are_unconstrained(first), "constraints: none");
	X509_free(one);
	ok(iss_kept_names_presented(first)->n_cns == 1,
	    "and do not need their caller's certificate");
	first = iss_kept_names_get(&kept, two);
	ok(first != NULL && iss_kept_names_presented(first)->n_sans > 2,
	    "another one has its own");
	ok(!iss_kept_names_are_unconstrained(first), "... not known again");
	iss_kept_names_note_unconstrained(NULL);
	ok(!iss_kept_names_are_unconstrained(NULL), "nothing is kept");
	X509_free(two);
	iss_kept_names_free(kept);
	iss_kept_names_free(NULL);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < ROWS(names_cases); i++)
		test_names(&names_cases[i]);
	for (i = 0; i < ROWS(cn_cases); i++)
		test_cn(&cn_cases[i]);
	test_odd_extensions();
	is_text(err.text, "", "no error that was not expected");
	is_int((long long)ERR_peek_error(), 0, "the queue is left empty");
	test_kept();
	return tap_done();
}
