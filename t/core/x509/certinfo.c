/*
 * All that a certificate says: lists in their order, names with any bytes,
 * and what is missing, malformed or unknown to OpenSSL.
 */
#include "x509/certinfo.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/objects.h>

#include "fixture.h"
#include "tap.h"
#include "x509/cert.h"
#include "x509/certgen.h"

enum { YEAR_2020 = 1577836800 };

static struct iss_error err;

/* Append "NAME=BYTES\n"; bytes that are not printable as \xNN. */
static void
collect_item(void *arg, const char *name, const void *bytes, size_t len)
{
	struct iss_buf *to = arg;
	const unsigned char *at = bytes;
	size_t i;

	iss_buf_printf(to, "%s=", name != NULL ? name : "");
	for (i = 0; i < len; i++)
		iss_buf_printf(
		    to, at[i] >= ' ' && at[i] <= '~' ? "%c" : "\\x%02x", at[i]);
	iss_buf_puts(to, "\n");
}

static void
collect_oid(void *arg, const struct iss_certinfo_oid *oid)
{
	iss_buf_printf(arg, "%s %s %s %d\n", oid->dotted,
	    oid->sn != NULL ? oid->sn : "-", oid->ln != NULL ? oid->ln : "-",
	    oid->nid != NID_undef);
}

/* A certificate with one extension in the syntax of openssl.cnf; NULL: none.
 */
static X509 *
made_with(const char *type, const char *value)
{
	EVP_PKEY *key = fixture_key("server");
	struct iss_certgen gen;
	X509 *cert = NULL;

	iss_error_clear(&err);
	iss_certgen_init(&err, &gen, key, NULL, NULL);
	iss_certgen_validity(&err, &gen, YEAR_2020, YEAR_2020 + 1);
	if (type != NULL)
		iss_certgen_ext(&err, &gen, type, false, value);
	iss_certgen_sign(&err, &gen, "sha256", &cert);
	if (cert == NULL || iss_error_is_set(&err)) {
		printf("Bail out! %s\n", err.text);
		exit(2);
	}
	iss_certgen_release(&gen);
	EVP_PKEY_free(key);
	return cert;
}

/* ---- lists ---- */

static void
expect_list(
    const X509 *cert, enum iss_certinfo_list list, int rv, const char *want)
{
	struct iss_buf got;

	iss_buf_init(&got, 65536);
	iss_error_clear(&err);
	is_int(iss_certinfo_each(&err, cert, list, collect_item, &got), rv,
	    "... result");
	is_text(iss_buf_text(&got), want, "... items");
	ok(!iss_error_is_set(&err) && ERR_peek_error() == 0, "... no error");
	iss_buf_release(&got);
}

static void
test_files(void)
{
	static const struct {
		const char *file;
		enum iss_certinfo_list list;
		int rv;
		const char *want;
	} cases[] = {
		{ "server", ISS_CERTINFO_SUBJECT, ISS_OK,
		    "countryName=DE\norganizationName=IO-Socket-SSL\n"
		    "commonName=localhost\n" },
		{ "server", ISS_CERTINFO_ISSUER, ISS_OK,
		    "countryName=DE\norganizationName=IO-Socket-SSL\n"
		    "commonName=Test CA\n" },
		{ "two-cn", ISS_CERTINFO_SUBJECT, ISS_OK,
		    "countryName=DE\norganizationName=IO-Socket-SSL\n"
		    "commonName=first.example.test\n"
		    "commonName=last.example.test\n" },
		{ "utf8-cn", ISS_CERTINFO_SUBJECT, ISS_OK,
		    "countryName=DE\norganizationName=IO-Socket-SSL\n"
		    "commonName=B\\xc3\\xbccher\n" },
		{ "server", ISS_CERTINFO_SANS, ISS_OK,
		    "DNS=localhost\nIP=127.0.0.1\nIP=::1\n"
		    "DNS=*.example.test\n" },
		{ "nul-san", ISS_CERTINFO_SANS, ISS_OK,
		    "DNS=good.example.test\\x00.evil.test\n" },
		{ "bad-san", ISS_CERTINFO_SANS, ISS_EOF, "" },
		{ "cn-only", ISS_CERTINFO_SANS, ISS_EOF, "" },
		{ "bad-ip-san", ISS_CERTINFO_SANS, ISS_OK,
		    "IP=\\x7f\\x00\\x00\\x01\\x01\nIP=\nIP=127.0.0.1\n" },
		{ "many-san", ISS_CERTINFO_SANS, ISS_OK,
		    "DNS=a.example.test\nEMAIL=me@example.test\n"
		    "URI=https://example.test/\nIP=192.0.2.1\n"
		    "IP=2001:db8::1\nRID=1.2.3.4\n"
		    "DIRNAME=/C=DE/CN=Directory\n"
		    "OTHERNAME=user@example.test\n"
		    "OTHERNAME=\\x02\\x01\\x07\n" },
		{ "server", ISS_CERTINFO_KEY_USAGE, ISS_OK,
		    "=digitalSignature\n=keyEncipherment\n" },
		{ "ca", ISS_CERTINFO_KEY_USAGE, ISS_OK,
		    "=keyCertSign\n=cRLSign\n" },
		{ "server", ISS_CERTINFO_CRL_URIS, ISS_EOF, "" },
		{ "server", ISS_CERTINFO_OCSP_URIS, ISS_EOF, "" },
	};
	X509 *cert;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		cert = fixture_cert(cases[i].file);
		diag("%s, list %d", cases[i].file, (int)cases[i].list);
		expect_list(cert, cases[i].list, cases[i].rv, cases[i].want);
		X509_free(cert);
	}
}

static void
test_made(void)
{
	static const struct {
		const char *type, *value;
		enum iss_certinfo_list list;
		int rv;
		const char *want;
	} cases[] = {
		{ NULL, NULL, ISS_CERTINFO_SUBJECT, ISS_OK, "" },
		{ NULL, NULL, ISS_CERTINFO_ISSUER, ISS_OK, "" },
		{ NULL, NULL, ISS_CERTINFO_KEY_USAGE, ISS_EOF, "" },
		{ "keyUsage", "decipherOnly,encipherOnly",
		    ISS_CERTINFO_KEY_USAGE, ISS_OK,
		    "=encipherOnly\n=decipherOnly\n" },
		/* the last seven of sixteen bits have no name */
		{ "keyUsage", "DER:03030000FF", ISS_CERTINFO_KEY_USAGE, ISS_OK,
		    "=decipherOnly\n" },
		{ "keyUsage", "DER:0500", ISS_CERTINFO_KEY_USAGE, ISS_EOF, "" },
		{ "subjectAltName", "DER:3000", ISS_CERTINFO_SANS, ISS_OK, "" },
		{ "crlDistributionPoints",
		    "URI:http://a.test/1,URI:ldap://a.test/2",
		    ISS_CERTINFO_CRL_URIS, ISS_OK,
		    "=http://a.test/1\n=ldap://a.test/2\n" },
		{ "crlDistributionPoints", "email:me@a.test",
		    ISS_CERTINFO_CRL_URIS, ISS_OK, "" },
		/* a point with a name that is relative to its issuer's */
		{ "crlDistributionPoints",
		    "DER:30133011A00FA10D300B06035504030C0461626364",
		    ISS_CERTINFO_CRL_URIS, ISS_OK, "" },
		/* a point without a name */
		{ "crlDistributionPoints", "DER:30023000",
		    ISS_CERTINFO_CRL_URIS, ISS_OK, "" },
		{ "crlDistributionPoints", "DER:30", ISS_CERTINFO_CRL_URIS,
		    ISS_EOF, "" },
		{ "authorityInfoAccess",
		    "OCSP;URI:http://a.test/,caIssuers;URI:http://b.test/,"
		    "OCSP;email:me@a.test,OCSP;URI:http://c.test/",
		    ISS_CERTINFO_OCSP_URIS, ISS_OK,
		    "=http://a.test/\n=http://c.test/\n" },
		{ "authorityInfoAccess", "caIssuers;URI:http://b.test/",
		    ISS_CERTINFO_OCSP_URIS, ISS_OK, "" },
		/* http://a, a NUL and b */
		{ "authorityInfoAccess",
		    "DER:3018301606082B06010505073001860A687474703A2F2F610062",
		    ISS_CERTINFO_OCSP_URIS, ISS_OK, "=http://a\\x00b\n" },
		{ "authorityInfoAccess", "DER:0500", ISS_CERTINFO_OCSP_URIS,
		    ISS_EOF, "" },
	};
	X509 *cert;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		cert = made_with(cases[i].type, cases[i].value);
		diag("%s with %s, list %d",
		    cases[i].type != NULL ? cases[i].type : "no extension",
		    cases[i].value != NULL ? cases[i].value : "no value",
		    (int)cases[i].list);
		expect_list(cert, cases[i].list, cases[i].rv, cases[i].want);
		X509_free(cert);
	}
}

/* Names of types that OpenSSL knows no word for, and a value that has no form
 * in UTF-8. */
static void
test_odd_names(void)
{
	X509 *cert = made_with(NULL, NULL);
	X509_NAME *name = X509_NAME_new();
	ASN1_OBJECT *object = OBJ_txt2obj("1.2.3.4.5", 1);

	X509_NAME_add_entry_by_OBJ(name, object, V_ASN1_UTF8STRING,
	    (const unsigned char *)"a\0b", 3, -1, 0);
	X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_BMPSTRING,
	    (const unsigned char *)"\x20\xac", 2, -1, 0);
	X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_BIT_STRING,
	    (const unsigned char *)"\1\xff", 2, -1, 0);
	X509_set_subject_name(cert, name);
	diag("odd names");
	expect_list(cert, ISS_CERTINFO_SUBJECT, ISS_OK,
	    "1.2.3.4.5=a\\x00b\ncommonName=\\xe2\\x82\\xac\n"
	    "commonName=\\x01\\xff\n");
	ASN1_OBJECT_free(object);
	X509_NAME_free(name);
	X509_free(cert);
}

static void
test_extended_usages(void)
{
	static const struct {
		const char *name, *value; /* NULL: no extension */
		int rv;
		const char *want;
	} cases[] = {
		{ "none", NULL, ISS_EOF, "" },
		{ "server", "serverAuth", ISS_OK,
		    "1.3.6.1.5.5.7.3.1 serverAuth TLS Web Server "
		    "Authentication 1\n" },
		{ "one without a name", "clientAuth,1.2.3.4", ISS_OK,
		    "1.3.6.1.5.5.7.3.2 clientAuth TLS Web Client "
		    "Authentication 1\n1.2.3.4 - - 0\n" },
		{ "an empty list", "DER:3000", ISS_OK, "" },
		{ "a malformed list", "DER:0500", ISS_EOF, "" },
	};
	struct iss_buf got;
	X509 *cert;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		cert = made_with(
		    cases[i].value != NULL ? "extendedKeyUsage" : NULL,
		    cases[i].value);
		iss_buf_init(&got, 65536);
		is_int(iss_certinfo_each_usage(&err, cert, collect_oid, &got),
		    cases[i].rv, "extended usage: %s", cases[i].name);
		is_text(iss_buf_text(&got), cases[i].want, "... which");
		ok(ERR_peek_error() == 0, "... no error is left behind");
		iss_buf_release(&got);
		X509_free(cert);
	}
}

/* An object identifier longer than there is room for is cut off. */
static void
test_long_oid(void)
{
	X509 *cert = made_with(NULL, NULL);
	ASN1_OCTET_STRING *null = ASN1_OCTET_STRING_new();
	char dotted[1024] = "1.2";
	struct iss_certinfo_ext ext;
	X509_EXTENSION *made;
	ASN1_OBJECT *object;
	size_t i;

	for (i = 0; i < 60; i++)
		strcat(dotted, ".1234567");
	object = OBJ_txt2obj(dotted, 1);
	ASN1_STRING_set(null, "\5\0", 2);
	made = X509_EXTENSION_create_by_OBJ(NULL, object, 0, null);
	X509_add_ext(cert, made, -1);
	is_int(iss_certinfo_ext_init(&err, &ext, cert, 0), ISS_OK,
	    "an extension whose identifier is long");
	is_int((long long)strlen(ext.oid.dotted), sizeof(ext.oid.dotted) - 1,
	    "... is cut off");
	ok(strncmp(ext.oid.dotted, dotted, sizeof(ext.oid.dotted) - 1) == 0,
	    "... at its end");
	iss_certinfo_ext_release(&ext);
	X509_EXTENSION_free(made);
	ASN1_OBJECT_free(object);
	ASN1_OCTET_STRING_free(null);
	X509_free(cert);
}

/* ---- extensions ---- */

static void
test_exts(void)
{
	static const struct {
		const char *type, *value;
		int nid;
		const char *dotted;
		bool critical, shown;
		const char *text;
	} cases[] = {
		{ "basicConstraints", "critical,CA:TRUE", NID_basic_constraints,
		    "2.5.29.19", true, true, "CA:TRUE" },
		{ "keyUsage", "keyAgreement", NID_key_usage, "2.5.29.15", false,
		    true, "Key Agreement" },
		{ "1.2.3.4", "DER:0500", NID_undef, "1.2.3.4", false, false,
		    "" },
		{ "keyUsage", "DER:0500", NID_key_usage, "2.5.29.15", false,
		    false, "" },
		/* a, NUL, bc */
		{ "subjectAltName", "DER:3006820461006263",
		    NID_subject_alt_name, "2.5.29.17", false, false, "" },
	};
	struct iss_certinfo_ext ext;
	X509 *cert;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		cert = made_with(cases[i].type, cases[i].value);
		is_int(iss_certinfo_ext_init(&err, &ext, cert, 0), ISS_OK,
		    "extension %s with %s", cases[i].type, cases[i].value);
		is_int(ext.oid.nid, cases[i].nid, "... its number");
		is_text(ext.oid.dotted, cases[i].dotted, "... its identifier");
		ok((ext.oid.sn != NULL) == (cases[i].nid != NID_undef),
		    "... its name");
		ok(ext.critical == cases[i].critical, "... critical?");
		ok(ext.shown == cases[i].shown, "... can it be shown?");
		has_text(iss_buf_text(&ext.text), cases[i].text, "... how");
		ok(ERR_peek_error() == 0, "... no error is left behind");
		iss_certinfo_ext_release(&ext);
		iss_certinfo_ext_release(&ext);
		X509_free(cert);
	}
}

static void
test_long_ext(void)
{
	X509 *cert = made_with(NULL, NULL);
	ASN1_IA5STRING *comment = ASN1_IA5STRING_new();
	struct iss_certinfo_ext ext;
	static char long_text[ISS_CERT_TEXT_MAX + 1];

	memset(long_text, 'c', sizeof(long_text));
	ASN1_STRING_set(comment, long_text, sizeof(long_text));
	X509_add1_ext_i2d(cert, NID_netscape_comment, comment, 0, 0);
	is_int(iss_certinfo_ext_init(&err, &ext, cert, 0), ISS_OK,
	    "an extension that is too long to be shown");
	is_int(ext.oid.nid, NID_netscape_comment, "... its number");
	ok(!ext.shown && ext.text.len == 0, "... is not shown");
	iss_certinfo_ext_release(&ext);
	ASN1_IA5STRING_free(comment);
	X509_free(cert);
}

static void
test_ext_numbers(void)
{
	static const int numbers[] = { -1, 1, 2, 2147483647 };
	X509 *cert = made_with("nsComment", "hello");
	struct iss_certinfo_ext ext;
	size_t i;

	for (i = 0; i < ROWS(numbers); i++) {
		is_int(iss_certinfo_ext_init(&err, &ext, cert, numbers[i]),
		    ISS_EOF, "extension number %d of one", numbers[i]);
		iss_certinfo_ext_release(&ext);
	}
	X509_free(cert);
}

/* ---- the rest ---- */

static void
test_serial(void)
{
	static const struct {
		const char *given, *want;
	} cases[] = {
		{ "0", "0" },
		{ "-1", "-1" },
		{ "0x7fffffffffffffffffff", "604462909807314587353087" },
	};
	struct iss_certgen gen;
	EVP_PKEY *key = fixture_key("server");
	struct iss_buf out;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		iss_error_clear(&err);
		iss_certgen_init(&err, &gen, key, NULL, NULL);
		iss_certgen_serial(&err, &gen, cases[i].given);
		iss_buf_init(&out, 1024);
		iss_buf_puts(&out, "No. ");
		is_int(iss_certinfo_serial(&err, gen.cert, &out), ISS_OK,
		    "serial number %s", cases[i].given);
		is_text(
		    iss_buf_text(&out) + 4, cases[i].want, "... is appended");
		iss_buf_release(&out);
		iss_buf_init(&out, strlen(cases[i].want) - 1);
		is_int(iss_certinfo_serial(&err, gen.cert, &out), ISS_ERROR,
		    "... does not fit into less");
		is_int((long long)out.len, 0, "... nor does a part of it");
		iss_buf_release(&out);
		iss_certgen_release(&gen);
	}
	EVP_PKEY_free(key);
}

/* 1 or -1, with so many bytes of zeros behind. */
static void
test_long_serial(int zeros, bool negative, const char *begin, size_t len)
{
	X509 *cert = X509_new();
	BIGNUM *number = BN_new();
	struct iss_buf out;

	BN_set_word(number, 1);
	BN_lshift(number, number, zeros * 8);
	BN_set_negative(number, negative);
	BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
	iss_error_clear(&err);
	iss_buf_init(&out, 1024);
	is_int(iss_certinfo_serial(&err, cert, &out), ISS_OK,
	    "a serial number with %d zeros", zeros);
	is_int((long long)out.len, (long long)len, "... its length");
	ok(strncmp(iss_buf_text(&out), begin, strlen(begin)) == 0,
	    "... begins as %s", begin);
	iss_buf_release(&out);
	BN_free(number);
	X509_free(cert);
}

static void
test_signature_name(void)
{
	static const struct {
		const char *file, *want;
	} cases[] = {
		{ "server", "sha256WithRSAEncryption" },
		{ "weak-sha1", "sha1WithRSAEncryption" },
		{ "weak-md5", "md5WithRSAEncryption" },
	};
	struct iss_buf out;
	X509 *cert;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		cert = fixture_cert(cases[i].file);
		iss_buf_init(&out, 256);
		iss_error_clear(&err);
		is_int(iss_certinfo_signature_name(&err, cert, &out), ISS_OK,
		    "the algorithm of %s", cases[i].file);
		is_text(iss_buf_text(&out), cases[i].want, "... its name");
		iss_buf_release(&out);
		iss_buf_init(&out, 1);
		is_int(iss_certinfo_signature_name(&err, cert, &out), ISS_ERROR,
		    "... does not fit into a byte");
		iss_buf_release(&out);
		X509_free(cert);
	}
}

int
main(void)
{
	test_files();
	test_made();
	test_odd_names();
	test_extended_usages();
	test_long_oid();
	test_exts();
	test_long_ext();
	test_ext_numbers();
	test_serial();
	test_long_serial(127, false, "70222388", 306);
	test_long_serial(128, false, "0x0100", 260);
	test_long_serial(128, true, "-0x0100", 261);
	test_signature_name();
	return tap_done();
}
