/*
 * Keys and certificates in the making: values that are refused, what becomes
 * of those that are taken, and signatures that hold.
 */
#include "x509/certgen.h"

#include <stdlib.h>

#include <openssl/err.h>

#include "edwards.h"
#include "fixture.h"
#include "tap.h"
#include "x509/altname.h"
#include "x509/asn1_time.h"
#include "x509/certinfo.h"
#include "x509/key.h"
#include "x509/purposes.h"
#include "x509/usage.h"

enum { YEAR_2020 = 1577836800 };

#define YEAR_9999 INT64_C(253402300799) /* its last second */

static struct iss_error err;
static EVP_PKEY *key, *other_key;

/* A certificate that lacks nothing but its parts. */
static void
begin(struct iss_certgen *gen)
{
	iss_error_clear(&err);
	if (iss_certgen_init(&err, gen, key, NULL, NULL) != ISS_OK ||
	    iss_certgen_validity(&err, gen, YEAR_2020, YEAR_9999) != ISS_OK) {
		printf("Bail out! %s\n", err.text);
		exit(2);
	}
}

static X509 *
end(struct iss_certgen *gen)
{
	X509 *cert = NULL;

	is_int(iss_certgen_sign(&err, gen, "sha256", &cert), ISS_OK,
	    "... is signed");
	iss_certgen_release(gen);
	return cert;
}

/* ---- the parts ---- */

static void
test_versions(void)
{
	static const struct {
		long version;
		int rv;
	} cases[] = {
		{ 0, ISS_OK },
		{ 1, ISS_OK },
		{ 2, ISS_OK },
		{ 3, ISS_ERROR },
		{ -1, ISS_ERROR },
		{ 2147483647L, ISS_ERROR },
	};
	struct iss_certgen gen;
	char number[32];
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		begin(&gen);
		is_int(X509_get_version(gen.cert), 2, "at first version 2");
		is_int(iss_certgen_version(&err, &gen, cases[i].version),
		    cases[i].rv, "version %ld", cases[i].version);
		snprintf(number, sizeof(number), "%ld", cases[i].version);
		if (cases[i].rv != ISS_OK)
			has_text(err.text, number, "... says which");
		is_int(X509_get_version(gen.cert),
		    cases[i].rv == ISS_OK ? cases[i].version : 2,
		    "... then that one");
		iss_certgen_release(&gen);
	}
}

#define DIGITS_64                                                              \
	"1234567890123456789012345678901234567890123456789012345678901234"
#define DIGITS_256 DIGITS_64 DIGITS_64 DIGITS_64 DIGITS_64

static void
test_serials(void)
{
	static const struct {
		const char *text;
		const char *decimal; /* NULL: it is refused */
	} cases[] = {
		{ "0", "0" },
		{ "7", "7" },
		{ "-7", "-7" },
		{ "007", "7" },
		{ "-0", "0" },
		{ "0x1F", "31" },
		{ "0X1f", "31" },
		{ "-0x10", "-16" },
		{ "18446744073709551616", "18446744073709551616" },
		{ DIGITS_256, DIGITS_256 },
		{ DIGITS_256 "5", NULL },
		{ "", NULL },
		{ "-", NULL },
		{ "0x", NULL },
		{ "-0x", NULL },
		{ "--7", NULL },
		{ "0x-7", NULL },
		{ "+7", NULL },
		{ " 7", NULL },
		{ "7 ", NULL },
		{ "7.5", NULL },
		{ "1f", NULL },
		{ "0x1g", NULL },
		{ "seven", NULL },
	};
	struct iss_certgen gen;
	struct iss_buf out;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		begin(&gen);
		is_int(iss_certgen_serial(&err, &gen, cases[i].text),
		    cases[i].decimal != NULL ? ISS_OK : ISS_ERROR,
		    "serial number '%s'", cases[i].text);
		iss_buf_init(&out, 1024);
		if (cases[i].decimal == NULL) {
			has_text(err.text, "serial number", "... says why");
		} else {
			iss_certinfo_serial(&err, gen.cert, &out);
			is_text(iss_buf_text(&out), cases[i].decimal,
			    "... is that number");
		}
		iss_buf_release(&out);
		iss_certgen_release(&gen);
	}
}

/* Two certificates without a number of their own must differ. */
static void
test_random_serial(void)
{
	struct iss_certgen a, b;

	begin(&a);
	begin(&b);
	ok(ASN1_INTEGER_cmp(X509_get_serialNumber(a.cert),
	       X509_get_serialNumber(b.cert)) != 0,
	    "random serial numbers differ");
	is_int(ASN1_STRING_type(X509_get_serialNumber(a.cert)), V_ASN1_INTEGER,
	    "... and are not negative");
	ok(ASN1_STRING_length(X509_get_serialNumber(a.cert)) > 4,
	    "... nor small");
	iss_certgen_release(&a);
	iss_certgen_release(&b);
	iss_certgen_release(&b);
	ok(true, "released twice without harm");
}

static void
test_validity(void)
{
	static const struct {
		const char *name;
		int64_t seconds;
		bool fine;
	} cases[] = {
		{ "1970", 0, true },
		{ "a second before", -1, true },
		{ "the last that a 32 bit time_t knows", 2147483647, true },
		{ "the next one", INT64_C(2147483648), true },
		{ "the last of 2049, a UTCTime", INT64_C(2524607999), true },
		{ "the first of 2050", INT64_C(2524608000), true },
		{ "the last of 9999", YEAR_9999, true },
		{ "the first of 10000", YEAR_9999 + 1, false },
		{ "before the year 0", INT64_C(-62167219201), false },
		{ "more days than an int has", INT64_C(1) << 52, false },
		{ "the largest number", INT64_MAX, false },
		{ "the smallest number", INT64_MIN, false },
	};
	struct iss_certgen gen;
	int64_t seconds;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		begin(&gen);
		is_int(iss_certgen_validity(
			   &err, &gen, cases[i].seconds, YEAR_9999),
		    cases[i].fine ? ISS_OK : ISS_ERROR, "valid from %s",
		    cases[i].name);
		if (cases[i].fine)
			ok(iss_asn1_time_get(
			       X509_get0_notBefore(gen.cert), &seconds) &&
				seconds == cases[i].seconds,
			    "... that time");
		else
			has_text(err.text, "seconds since 1970", "... why");
		iss_error_clear(&err);
		is_int(iss_certgen_validity(&err, &gen, 0, cases[i].seconds),
		    cases[i].fine ? ISS_OK : ISS_ERROR, "... and until");
		iss_certgen_release(&gen);
	}
}

/* ---- names ---- */

static void
test_names(void)
{
	struct iss_certgen gen;
	X509 *cert;
	char text[256];
	int critical = -1;
	GENERAL_NAMES *sans;

	begin(&gen);
	is_int(iss_certgen_subject(&err, &gen, "color", "red", 3), ISS_ERROR,
	    "an unknown part of a subject");
	has_text(err.text, "color", "... is named");
	iss_error_clear(&err);
	iss_certgen_subject(&err, &gen, "C", "DE", 2);
	iss_certgen_subject(&err, &gen, "CN", "first", 5);
	iss_certgen_subject(&err, &gen, "CN", "second", 6);
	iss_certgen_san(
	    &err, &gen, iss_altname_new(&err, GEN_DNS, "a.test", 6));
	iss_certgen_san(
	    &err, &gen, iss_altname_new(&err, GEN_DNS, "b.test", 6));
	cert = end(&gen);
	X509_NAME_oneline(X509_get_subject_name(cert), text, sizeof(text));
	is_text(text, "/C=DE/CN=first/CN=second", "parts of the subject");
	is_int(X509_NAME_cmp(
		   X509_get_subject_name(cert), X509_get_issuer_name(cert)),
	    0, "... are the issuer's, where it is issued by itself");
	sans = X509_get_ext_d2i(cert, NID_subject_alt_name, &critical, NULL);
	is_int(sk_GENERAL_NAME_num(sans), 2, "both alternative names");
	is_int(critical, 0, "... are not critical beside a subject");
	GENERAL_NAMES_free(sans);
	X509_free(cert);

	begin(&gen);
	iss_certgen_san(
	    &err, &gen, iss_altname_new(&err, GEN_DNS, "a.test", 6));
	cert = end(&gen);
	sans = X509_get_ext_d2i(cert, NID_subject_alt_name, &critical, NULL);
	is_int(critical, 1, "without a subject they are critical");
	GENERAL_NAMES_free(sans);
	X509_free(cert);

	begin(&gen);
	cert = end(&gen);
	is_int(X509_get_ext_by_NID(cert, NID_subject_alt_name, -1), -1,
	    "no names, no extension for them");
	X509_free(cert);
}

/* ---- extensions ---- */

/* How the certificate's extension shows, "critical " before it if it is;
 * "" when it is missing. */
static const char *
ext_text(const X509 *cert, int nid)
{
	static char text[1024];
	struct iss_certinfo_ext ext;
	int i;

	text[0] = '\0';
	for (i = 0; iss_certinfo_ext_init(&err, &ext, cert, i) == ISS_OK; i++) {
		if (ext.oid.nid == nid)
			snprintf(text, sizeof(text), "%s%s",
			    ext.critical ? "critical " : "",
			    ext.shown ? iss_buf_text(&ext.text) : "(hidden)");
		iss_certinfo_ext_release(&ext);
	}
	iss_certinfo_ext_release(&ext);
	return text;
}

static void
test_usages(void)
{
	static const struct {
		const char *purposes;
		const char *basic, *key, *extended, *netscape;
	} cases[] = {
		{ "", "critical CA:FALSE", "", "", "" },
		{ "sslCA", "critical CA:TRUE", "Certificate Sign", "",
		    "SSL CA" },
		{ "server", "critical CA:FALSE", "critical Digital Signature",
		    "TLS Web Server Authentication", "SSL Server" },
		{ "client", "critical CA:FALSE", "critical Digital Signature",
		    "TLS Web Client Authentication", "SSL Client" },
	};
	struct iss_purposes purposes;
	struct iss_certgen gen;
	X509 *cert;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		iss_error_clear(&err);
		iss_purposes_init(&purposes);
		iss_purposes_parse(&err, &purposes, cases[i].purposes);
		begin(&gen);
		is_int(iss_certgen_usages(
			   &err, &gen, iss_purposes_usages(&purposes)),
		    ISS_OK, "purposes '%s'", cases[i].purposes);
		cert = end(&gen);
		has_text(ext_text(cert, NID_basic_constraints), cases[i].basic,
		    "... basicConstraints");
		has_text(ext_text(cert, NID_key_usage), cases[i].key,
		    "... keyUsage");
		has_text(ext_text(cert, NID_ext_key_usage), cases[i].extended,
		    "... extendedKeyUsage");
		has_text(ext_text(cert, NID_netscape_cert_type),
		    cases[i].netscape, "... Netscape's type");
		ok(*ext_text(cert, NID_subject_key_identifier) != '\0',
		    "... the key has an identifier");
		ok(X509_get0_authority_key_id(cert) != NULL &&
			ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(cert),
			    X509_get0_subject_key_id(cert)) == 0,
		    "... and so has its issuer's, which is the same");
		X509_free(cert);
	}
}

static void
test_exts(void)
{
	static const struct {
		const char *type;
		bool critical;
		const char *value;
		int nid;
		const char *shown; /* NULL: it is refused */
		const char *why;
	} cases[] = {
		{ "keyUsage", false, "digitalSignature", NID_key_usage,
		    "Digital Signature", "" },
		{ "X509v3 Key Usage", true, "digitalSignature", NID_key_usage,
		    "critical Digital Signature", "" },
		{ "2.5.29.15", false, "digitalSignature", NID_key_usage,
		    "Digital Signature", "" },
		{ "83", false, "digitalSignature", NID_key_usage,
		    "Digital Signature", "" },
		{ "keyUsage", false, "critical,digitalSignature", NID_key_usage,
		    "critical Digital Signature", "" },
		{ "1.2.3.4", false, "DER:0500", NID_undef, "(hidden)", "" },
		{ "1.2.3.4", true, "DER:0500", NID_undef, "critical (hidden)",
		    "" },
		{ "keyUsage", false, "nonsense", NID_key_usage, NULL,
		    "extension keyUsage: 'nonsense'" },
		{ "keyUsage", false, "", NID_key_usage, NULL,
		    "extension keyUsage" },
		{ "nonsense", false, "x", NID_undef, NULL,
		    "unknown extension 'nonsense'" },
		{ "999999", false, "x", NID_undef, NULL,
		    "unknown extension '999999'" },
		{ "4294967379", false, "digitalSignature", NID_key_usage, NULL,
		    "unknown extension '4294967379'" },
		{ "18446744073709551699", false, "digitalSignature",
		    NID_key_usage, NULL,
		    "unknown extension '18446744073709551699'" },
		{ "0", false, "x", NID_undef, NULL, "unknown extension '0'" },
		{ "", false, "x", NID_undef, NULL, "unknown extension ''" },
		{ "commonName", false, "x", NID_undef, NULL,
		    "extension CN: 'x'" },
		{ "subjectAltName", false, "DNS:a.test", NID_subject_alt_name,
		    "DNS:a.test", "" },
		{ "subjectAltName", false, "@section", NID_subject_alt_name,
		    NULL, "extension subjectAltName: '@section'" },
	};
	struct iss_certgen gen;
	X509 *cert;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		begin(&gen);
		is_int(iss_certgen_ext(&err, &gen, cases[i].type,
			   cases[i].critical, cases[i].value),
		    cases[i].shown != NULL ? ISS_OK : ISS_ERROR,
		    "extension '%s' with '%s'", cases[i].type, cases[i].value);
		has_text(err.text, cases[i].why, "... why");
		iss_error_clear(&err);
		cert = end(&gen);
		is_text(ext_text(cert, cases[i].nid),
		    cases[i].shown != NULL ? cases[i].shown : "",
		    "... what it shows");
		X509_free(cert);
	}
}

static void
test_one_of_a_kind(void)
{
	char *text = malloc((1 << 16) + 16);
	struct iss_certgen gen;
	X509 *cert;

	begin(&gen);
	iss_certgen_ext(&err, &gen, "keyUsage", false, "keyAgreement");
	iss_certgen_ext(&err, &gen, "2.5.29.15", true, "digitalSignature");
	cert = end(&gen);
	is_int(X509_get_ext_count(cert), 1, "one extension of a kind");
	is_text(ext_text(cert, NID_key_usage), "critical Digital Signature",
	    "... the last one");
	X509_free(cert);

	begin(&gen);
	memset(text, 'x', 1 << 16);
	memcpy(text + (1 << 16), "", 1);
	is_int(iss_certgen_ext(&err, &gen, "nsComment", true, text), ISS_ERROR,
	    "a value that is too long");
	is_text(err.text, "extension nsComment is too long", "... why");
	iss_certgen_release(&gen);
	free(text);
}

/* ---- copies ---- */

static void
test_copy(void)
{
	X509 *original = fixture_cert("many-san"), *copy;
	struct iss_certgen gen;
	char text[64];

	begin(&gen);
	is_int(iss_certgen_copy(&err, &gen, original), ISS_OK, "a copy");
	copy = end(&gen);
	is_int(X509_NAME_cmp(X509_get_subject_name(copy),
		   X509_get_subject_name(original)),
	    0, "... of the subject");
	is_int(ASN1_TIME_compare(
		   X509_get0_notAfter(copy), X509_get0_notAfter(original)),
	    0, "... of the validity");
	snprintf(text, sizeof(text), "%.60s",
	    ext_text(original, NID_subject_alt_name));
	has_text(ext_text(copy, NID_subject_alt_name), text,
	    "... of the alternative names");
	ok(X509_check_private_key(copy, key) == 1, "... for a key of its own");
	ok(X509_cmp(copy, original) != 0, "... that differs");
	X509_free(copy);
	X509_free(original);
}

/* What speaks of the issuer does not come along. */
static void
test_copy_bound(void)
{
	static const struct {
		const char *type, *value;
		bool copied;
	} exts[] = {
		{ "subjectKeyIdentifier", "00:11", false },
		{ "crlDistributionPoints", "URI:http://a.test/crl", false },
		{ "authorityInfoAccess", "OCSP;URI:http://a.test/", false },
		{ "issuerAltName", "URI:http://a.test/", false },
		{ "tlsfeature", "status_request", false },
		{ "certificatePolicies", "DER:3007300506032a0304", true },
		{ "nsComment", "hello", true },
		{ "1.2.3.4", "DER:0500", true },
	};
	struct iss_certgen gen;
	X509 *original, *copy;
	char before[256];
	size_t i;

	for (i = 0; i < ROWS(exts); i++) {
		int at;

		begin(&gen);
		is_int(iss_certgen_ext(
			   &err, &gen, exts[i].type, false, exts[i].value),
		    ISS_OK, "an original with %s", exts[i].type);
		original = end(&gen);
		at = OBJ_obj2nid(
		    X509_EXTENSION_get_object(X509_get_ext(original, 0)));
		snprintf(before, sizeof(before), "%s", ext_text(original, at));
		begin(&gen);
		is_int(iss_certgen_copy(&err, &gen, original), ISS_OK,
		    "... is copied");
		copy = end(&gen);
		ok((strcmp(ext_text(copy, at), before) == 0) == exts[i].copied,
		    "... %s it", exts[i].copied ? "with" : "without");
		X509_free(copy);
		X509_free(original);
	}
}

/* ---- signatures ---- */

static void
test_issued(void)
{
	X509 *ca = fixture_cert("ca"), *cert = NULL;
	EVP_PKEY *ca_key = fixture_key("ca");
	struct iss_certgen gen;

	iss_error_clear(&err);
	iss_certgen_init(&err, &gen, key, ca, ca_key);
	X509_free(ca); /* it has references of its own */
	EVP_PKEY_free(ca_key);
	iss_certgen_validity(&err, &gen, YEAR_2020, YEAR_9999);
	iss_certgen_subject(&err, &gen, "CN", "issued", 6);
	iss_certgen_usages(&err, &gen, 0);
	cert = end(&gen);
	ca = fixture_cert("ca");
	ca_key = fixture_key("ca");
	is_int(X509_verify(cert, ca_key), 1, "issued by a CA: its signature");
	is_int(X509_verify(cert, key), 0, "... not that of its own key");
	is_int(X509_check_issued(ca, cert), X509_V_OK, "... its name");
	ok(*ext_text(cert, NID_authority_key_identifier) != '\0',
	    "... its identifier");
	X509_free(cert);
	X509_free(ca);
	EVP_PKEY_free(ca_key);
}

static void
test_digests(void)
{
	static const struct {
		const char *digest, *algorithm; /* NULL: it is refused */
		const char *why;
	} cases[] = {
		{ "sha256", "sha256WithRSAEncryption", "" },
		{ "SHA512", "sha512WithRSAEncryption", "" },
		{ "sha1", "sha1WithRSAEncryption", "" },
		{ "no-such-digest", NULL,
		    "digest algorithm no-such-digest is not available" },
		{ "", NULL, "digest algorithm  is not available" },
	};
	struct iss_certgen gen;
	struct iss_buf out;
	X509 *cert;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		begin(&gen);
		cert = NULL;
		is_int(iss_certgen_sign(&err, &gen, cases[i].digest, &cert),
		    cases[i].algorithm != NULL ? ISS_OK : ISS_ERROR,
		    "digest '%s'", cases[i].digest);
		has_text(err.text, cases[i].why, "... why");
		iss_buf_init(&out, 256);
		if (cert != NULL)
			iss_certinfo_signature_name(&err, cert, &out);
		is_text(iss_buf_text(&out),
		    cases[i].algorithm != NULL ? cases[i].algorithm : "",
		    "... the algorithm");
		iss_buf_release(&out);
		X509_free(cert);
		iss_certgen_release(&gen);
	}
}

static void
test_signers(void)
{
	EVP_PKEY *own_digest = edwards_key(EVP_PKEY_ED25519), *small = NULL;
	struct iss_certgen gen;
	X509 *cert = NULL;

	iss_error_clear(&err);
	iss_certgen_init(&err, &gen, own_digest, NULL, NULL);
	iss_certgen_validity(&err, &gen, 0, 1);
	is_int(iss_certgen_sign(&err, &gen, "sha256", &cert), ISS_OK,
	    "a key with a digest of its own");
	is_int(X509_verify(cert, own_digest), 1, "... signs with that");
	X509_free(cert);
	iss_certgen_release(&gen);

	iss_key_new_rsa(&err, &small, 512);
	iss_error_clear(&err);
	iss_certgen_init(&err, &gen, small, NULL, NULL);
	iss_certgen_validity(&err, &gen, 0, 1);
	cert = NULL;
	is_int(iss_certgen_sign(&err, &gen, "sha512", &cert), ISS_ERROR,
	    "a key that is too small for the digest");
	has_text(err.text, "cannot sign the certificate: ", "... says so");
	ok(cert == NULL && gen.cert != NULL, "... nothing is handed out");
	iss_certgen_release(&gen);

	begin(&gen);
	gen.signer = other_key;
	EVP_PKEY_up_ref(other_key);
	cert = end(&gen);
	is_int(X509_verify(cert, other_key), 1, "another key signs");
	is_int(X509_verify(cert, key), 0, "... in place of its own");
	X509_free(cert);
	EVP_PKEY_free(own_digest);
	EVP_PKEY_free(small);
}

int
main(void)
{
	key = fixture_key("server");
	other_key = fixture_key("client");
	test_versions();
	test_serials();
	test_random_serial();
	test_validity();
	test_names();
	test_usages();
	test_exts();
	test_one_of_a_kind();
	test_copy();
	test_copy_bound();
	test_issued();
	test_digests();
	test_signers();
	EVP_PKEY_free(key);
	EVP_PKEY_free(other_key);
	return tap_done();
}
