/*
 * The facts of certificates: issuer, digests, text.
 */
#include "x509/cert.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "fixture.h"
#include "tap.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct iss_error err;

/* The wanted ones are computed by another road. */
static void
test_fingerprint(X509 *cert)
{
	unsigned char got[EVP_MAX_MD_SIZE], want[EVP_MAX_MD_SIZE];
	ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(cert);
	unsigned int want_len;
	size_t len = 0;

	is_int(iss_cert_fingerprint(&err, cert, "sha256", false, got, &len), 0,
	    "fingerprint");
	X509_digest(cert, EVP_sha256(), want, &want_len);
	ok(len == want_len && memcmp(got, want, len) == 0,
	    "is the digest of the certificate");

	is_int(iss_cert_fingerprint(&err, cert, "sha1", true, got, &len), 0,
	    "fingerprint of the public key");
	EVP_Digest(ASN1_STRING_get0_data(bits),
	    (size_t)ASN1_STRING_length(bits), want, &want_len, EVP_sha1(),
	    NULL);
	ok(len == want_len && memcmp(got, want, len) == 0,
	    "is the digest of its bits");

	is_int(iss_cert_fingerprint(&err, cert, "sha257", false, got, &len),
	    ISS_ERROR, "unknown digest");
	has_text(err.text, "'sha257'", "is named");
	iss_error_clear(&err);
}

static void
test_fingerprint_text(X509 *cert)
{
	struct iss_buf text;

	iss_buf_init(&text, ISS_CERT_TEXT_MAX);
	is_int(iss_cert_fingerprint_text(&err, cert, "md5", false, &text), 0,
	    "fingerprint as text");
	is_int((long long)text.len, 4 + 32, "length of md5's");
	ok(strncmp(text.data, "md5$", 4) == 0 &&
		strspn(text.data + 4, "0123456789abcdef") == 32,
	    "algorithm and lower case digits");
	iss_buf_release(&text);

	iss_cert_fingerprint_text(&err, cert, "sha512", true, &text);
	is_int((long long)text.len, 7 + 4 + 128, "length of sha512's");
	ok(strncmp(text.data, "sha512$pub$", 11) == 0,
	    "that of a public key says so");
	iss_buf_release(&text);

	iss_buf_init(&text, 10);
	is_int(iss_cert_fingerprint_text(&err, cert, "md5", false, &text),
	    ISS_ERROR, "no room for the text is an error");
	iss_error_clear(&err);
	iss_buf_release(&text);
}

static void
test_dump(void)
{
	static const char *const parts[] = {
		"Subject Name: /C=DE/O=IO-Socket-SSL/CN=nul.example.test\n"
		"Issuer  Name: /C=DE/O=IO-Socket-SSL/CN=Test CA\n",
		"\nNot Before: Jan  1 00:00:00 2020 GMT\n",
		"\nNot After: Jan  1 00:00:00 2120 GMT\n",
		"\nSerial Number: ",
		"\nAlternative Names: "
		"DNS:good.example.test\\x00.evil.test\n",
		"\nFingerprint: sha256$",
	};
	X509 *cert = fixture_cert("nul-san");
	struct iss_buf text;
	size_t i, odd = 0;

	iss_buf_init(&text, ISS_CERT_TEXT_MAX);
	is_int(iss_cert_dump(&err, cert, &text), 0, "dump");
	for (i = 0; i < COUNT(parts); i++)
		has_text(iss_buf_text(&text), parts[i], "dump: line %zu", i);
	for (i = 0; i < text.len; i++)
		if (text.data[i] != '\n' &&
		    (text.data[i] < ' ' || text.data[i] > '~'))
			odd++;
	is_int((long long)odd, 0, "dump: only printable ASCII");
	iss_buf_release(&text);
	X509_free(cert);

	cert = fixture_cert("bad-san");
	iss_cert_dump(&err, cert, &text);
	has_text(iss_buf_text(&text), "Alternative Names: cannot be parsed\n",
	    "dump: names that cannot be parsed");
	iss_buf_release(&text);
	X509_free(cert);
}

static void
test_pem(X509 *cert)
{
	struct iss_buf text;
	X509 *back;
	BIO *bio;

	iss_buf_init(&text, ISS_CERT_TEXT_MAX);
	is_int(iss_cert_pem(&err, cert, &text), 0, "PEM");
	bio = BIO_new_mem_buf(text.data, (int)text.len);
	back = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	ok(back != NULL && X509_cmp(back, cert) == 0,
	    "PEM: read again it is the same certificate");
	X509_free(back);
	BIO_free(bio);
	iss_buf_release(&text);
}

static void
test_issuer(X509 *cert)
{
	struct iss_buf text;

	iss_buf_init(&text, ISS_CERT_TEXT_MAX);
	is_int(iss_cert_issuer_text(&err, cert, &text), 0, "issuer");
	is_text(iss_buf_text(&text), "/C=DE/O=IO-Socket-SSL/CN=Test CA",
	    "issuer on a line");
	iss_buf_release(&text);
	iss_buf_init(&text, 5);
	is_int(iss_cert_issuer_text(&err, cert, &text), ISS_ERROR,
	    "no room for a name is an error");
	iss_error_clear(&err);
	iss_buf_release(&text);
}

/* The program's one reference is taken over once, by whomever. */
static void
test_take(void)
{
	X509 *a = fixture_cert("server"), *b = fixture_cert("server");

	ok(iss_cert_take(a), "a certificate is taken");
	ok(!iss_cert_take(a), "... once");
	X509_up_ref(a);
	ok(!iss_cert_take(a), "... however many references there are");
	ok(iss_cert_take(b), "an equal one is another");
	X509_free(a);
	X509_free(a);
	X509_free(b);
}

static void
test_describe(X509 *cert)
{
	static const char both[] =
	    " (depth 1, subject /C=DE/O=IO-Socket-SSL/CN=localhost, issuer "
	    "/C=DE/O=IO-Socket-SSL/CN=Test CA";
	struct iss_buf text;

	iss_buf_init(&text, ISS_CERT_TEXT_MAX);
	iss_cert_describe(&text, cert, 1, X509_V_ERR_CERT_REJECTED);
	has_text(iss_buf_text(&text), both, "described by its names");
	ok(strstr(iss_buf_text(&text), "not after") == NULL,
	    "... without its dates");
	iss_buf_release(&text);
	iss_buf_init(&text, ISS_CERT_TEXT_MAX);
	iss_cert_describe(&text, cert, 0, X509_V_ERR_CERT_HAS_EXPIRED);
	has_text(iss_buf_text(&text), ", not after ", "... unless it expired");
	iss_buf_release(&text);
	iss_buf_init(&text, ISS_CERT_TEXT_MAX);
	iss_cert_describe(&text, NULL, 2, X509_V_ERR_CERT_REJECTED);
	is_text(iss_buf_text(&text), " (depth 2)", "described without one");
	iss_buf_release(&text);
}

/* RFC 7633. */
static void
test_must_staple(void)
{
	static const struct {
		const char *label, *value;
		bool must;
	} rows[] = {
		{ "status_request", "status_request", true },
		{ "another feature", "status_request_v2", false },
		{ "both", "status_request_v2, status_request", true },
		{ "garbage", "DER:0102", true },
		{ "none", NULL, false },
	};
	X509_EXTENSION *ext;
	X509 *cert;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cert = fixture_cert("server");
		if (rows[i].value != NULL) {
			ext = X509V3_EXT_conf_nid(
			    NULL, NULL, NID_tlsfeature, (char *)rows[i].value);
			X509_add_ext(cert, ext, -1);
			X509_EXTENSION_free(ext);
		}
		is_int(iss_cert_must_staple(cert), rows[i].must,
		    "must staple: %s", rows[i].label);
		X509_free(cert);
	}
}

int
main(void)
{
	X509 *cert = fixture_cert("server");

	test_issuer(cert);
	test_fingerprint(cert);
	test_fingerprint_text(cert);
	test_dump();
	test_pem(cert);
	test_take();
	test_must_staple();
	test_describe(cert);
	is_text(err.text, "", "no error that was not expected");
	is_int((long long)ERR_peek_error(), 0, "the queue is left empty");
	X509_free(cert);
	return tap_done();
}
