/*
 * What responses of OCSP are good for: who may sign them, when they are
 * current, which certificate they are about; and requests, and the addresses
 * of responders.
 */
#include "revocation/ocsp.h"

#include <limits.h>

#include <openssl/err.h>

#include "ocspmake.h"
#include "tap.h"

#define NOW 1800000000LL /* 2027 */
#define HOUR 3600LL
#define DAY (24 * HOUR)

enum who {
	ISSUER,      /* the default */
	DELEGATE,    /* appointed by the issuer for OCSP */
	OUTDATED,    /* the same, whose certificate is over */
	WEAK,        /* the same, whose certificate has a SHA-1 signature */
	SERVER,      /* appointed for something else */
	ANYBODY,     /* appointed for nothing in particular */
	OF_STRANGER, /* appointed by another authority */
	OF_NAMESAKE, /* whose issuer has our issuer's name, not its key */
	STRANGER,    /* another authority */
	NAMESAKE,    /* one of our issuer's name */
	ITSELF,      /* the certificate in question */
	WHO_COUNT
};

static bool sha1; /* not every system signs with it */
static X509 *cert, *issuer, *other, *signers[WHO_COUNT];
static const char *const keys[WHO_COUNT] = {
	[ISSUER] = "ca",
	[DELEGATE] = "client",
	[OUTDATED] = "client",
	[WEAK] = "client",
	[SERVER] = "client",
	[ANYBODY] = "client",
	[OF_STRANGER] = "client",
	[OF_NAMESAKE] = "client",
	[STRANGER] = "other-ca",
	[NAMESAKE] = "namesake-ca",
	[ITSELF] = "server",
};

static void
make_signers(void)
{
	X509 *stranger = fixture_cert("other-ca");
	X509 *namesake = fixture_cert("namesake-ca");
	EVP_PKEY *ca_key = fixture_key("ca");
	long long later = NOW + 1000 * DAY;

	cert = fixture_cert("server");
	other = fixture_cert("server2");
	issuer = fixture_cert("ca");
	signers[ISSUER] = fixture_cert("ca");
	signers[DELEGATE] =
	    made_cert("client", issuer, "ca", "OCSPSigning", later);
	signers[OUTDATED] =
	    made_cert("client", issuer, "ca", "OCSPSigning", NOW - DAY);
	signers[WEAK] = made_cert("client", issuer, "ca", "OCSPSigning", later);
	sha1 = X509_sign(signers[WEAK], ca_key, EVP_sha1()) > 0;
	EVP_PKEY_free(ca_key);
	signers[SERVER] =
	    made_cert("client", issuer, "ca", "serverAuth", later);
	signers[ANYBODY] = made_cert("client", issuer, "ca", NULL, later);
	signers[OF_STRANGER] =
	    made_cert("client", stranger, "other-ca", "OCSPSigning", later);
	signers[OF_NAMESAKE] =
	    made_cert("client", namesake, "namesake-ca", "OCSPSigning", later);
	signers[STRANGER] = stranger;
	signers[NAMESAKE] = namesake;
	signers[ITSELF] = fixture_cert("server");
}

static const struct row {
	const char *what;
	long long this_update, next_update; /* since NOW; 0 0: an hour around */
	int status;
	int reason;
	enum who by;
	bool about_other;
	bool sha256_id;
	bool by_key;     /* the signer is named by its key, not its name */
	const char *why; /* NULL: it counts */
} rows[] = {
	{ "by the issuer", .reason = -1 },
	{ "by the issuer, named by its key", .by_key = true },
	{ "with SHA-256 in the id", .sha256_id = true },
	{ "revoked", .status = V_OCSP_CERTSTATUS_REVOKED, .reason = 1 },
	{ "revoked without a reason", .status = V_OCSP_CERTSTATUS_REVOKED,
	    .reason = -1 },
	{ "unknown", .status = V_OCSP_CERTSTATUS_UNKNOWN },
	{ "by a delegate", .by = DELEGATE },
	{ "by a delegate, named by its key", .by = DELEGATE, .by_key = true },
	{ "begins just now", .this_update = 300, .next_update = DAY },
	{ "begins too late", .this_update = 301, .next_update = DAY,
	    .why = "not valid before 2027-01-15" },
	{ "ends just now", .this_update = -DAY, .next_update = -300 },
	{ "has ended", .this_update = -DAY, .next_update = -301,
	    .why = "has expired 2027-01-15" },
	{ "a day old without an end", .this_update = -DAY - 300,
	    .next_update = LLONG_MAX },
	{ "older without an end", .this_update = -DAY - 301,
	    .next_update = LLONG_MAX, .why = "has expired" },
	{ "in the far future", .this_update = 2000 * DAY,
	    .next_update = 3000 * DAY, .why = "not valid" },
	{ "about another", .about_other = true, .why = "does not cover" },
	{ "by an outdated delegate", .by = OUTDATED, .why = "not authorized" },
	{ "by a delegate, weakly appointed", .by = WEAK,
	    .why = "not authorized" },
	{ "by a server", .by = SERVER, .why = "not authorized" },
	{ "by anybody", .by = ANYBODY, .why = "not authorized" },
	{ "by a stranger", .by = STRANGER, .why = "not authorized" },
	{ "by a stranger's delegate", .by = OF_STRANGER,
	    .why = "not authorized" },
	{ "by a namesake's delegate", .by = OF_NAMESAKE,
	    .why = "not authorized" },
	{ "by a namesake", .by = NAMESAKE, .why = "signature" },
	{ "by a namesake, named by its key", .by = NAMESAKE, .by_key = true,
	    .why = "not authorized" },
	{ "by the certificate itself", .by = ITSELF, .why = "not authorized" },
};

static struct iss_ocsp_bytes
bytes(const void *data, size_t len)
{
	struct iss_ocsp_bytes made;

	made.bytes = data;
	made.len = len;
	return made;
}

static OCSP_BASICRESP *
make_row(const struct row *row)
{
	struct made_response how = { 0 };

	how.id_digest = row->sha256_id ? EVP_sha256() : NULL;
	how.status = row->status;
	how.reason = row->reason;
	how.this_update = NOW - HOUR;
	how.next_update = NOW + HOUR;
	if (row->this_update != 0) {
		how.this_update = NOW + row->this_update;
		how.next_update =
		    row->next_update != LLONG_MAX ? NOW + row->next_update : 0;
	}
	how.signer = signers[row->by];
	how.key = keys[row->by];
	how.flags = row->by_key ? OCSP_RESPID_KEY : 0;
	return made_basic(row->about_other ? other : cert, issuer, &how);
}

/* Put another signature into a response. */
static void
spoil_signature(OCSP_BASICRESP *response)
{
	ASN1_OCTET_STRING *signature =
	    (ASN1_OCTET_STRING *)OCSP_resp_get0_signature(response);
	unsigned char *last = (unsigned char *)ASN1_STRING_get0_data(signature);

	last[ASN1_STRING_length(signature) - 1] ^= 1;
}

static struct iss_buf id_of_cert;

static int
judge(struct iss_error *err, OCSP_BASICRESP *response,
    struct iss_ocsp_answer *answer)
{
	iss_error_clear(err);
	memset(answer, 0xff, sizeof(*answer));
	return iss_ocsp_judge(err, response,
	    bytes(id_of_cert.data, id_of_cert.len), issuer, NOW, answer);
}

static void
test_rows(void)
{
	struct iss_ocsp_answer answer;
	OCSP_BASICRESP *response;
	const struct row *row;
	struct iss_error err;
	size_t i;
	int rv;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		row = &rows[i];
		/* OpenSSL 1.1.1 finds SHA-1 strong enough for level 1. */
		if (row->by == WEAK &&
		    (!sha1 || OPENSSL_VERSION_NUMBER < 0x30000000L)) {
			diag("SHA-1, or OpenSSL 1.1.1: not %s", row->what);
			continue;
		}
		response = make_row(row);
		rv = judge(&err, response, &answer);
		is_int(
		    rv, row->why == NULL ? ISS_OK : ISS_ERROR, "%s", row->what);
		if (row->why != NULL)
			has_text(err.text, row->why, "... why");
		else
			is_int(answer.status, row->status, "... the status");
		is_int((long long)ERR_peek_error(), 0, "... no error is left");
		OCSP_BASICRESP_free(response);
	}
}

static void
test_answer(void)
{
	struct row row = { .status = V_OCSP_CERTSTATUS_REVOKED, .reason = 4 };
	OCSP_BASICRESP *response = make_row(&row);
	struct iss_ocsp_answer answer;
	struct iss_error err;
	struct iss_buf text;

	judge(&err, response, &answer);
	is_int(answer.this_update, NOW - HOUR, "this update");
	is_int(answer.next_update, NOW + HOUR, "next update");
	is_int(answer.revoked_at, 1577836800, "when it was revoked");
	is_int(answer.reason, 4, "why");
	is_int(iss_ocsp_good_until(&answer), NOW + HOUR, "good until");
	iss_buf_init(&text, 1000);
	iss_ocsp_describe(&text, &answer);
	is_text(iss_buf_text(&text),
	    "certificate status is revoked since 2020-01-01 00:00:00 UTC, "
	    "reason superseded",
	    "in words");
	iss_buf_release(&text);
	answer.next_update = 0;
	is_int(iss_ocsp_good_until(&answer), NOW - HOUR + DAY,
	    "a day where it does not say");
	OCSP_BASICRESP_free(response);
}

static void
test_tampered(void)
{
	struct row row = { 0 };
	OCSP_BASICRESP *response = make_row(&row);
	struct iss_ocsp_answer answer;
	struct iss_error err;

	is_int(judge(&err, response, &answer), ISS_OK, "before");
	spoil_signature(response);
	is_int(judge(&err, response, &answer), ISS_ERROR, "tampered with");
	has_text(err.text, "signature", "... why");
	OCSP_BASICRESP_free(response);
}

/* Dates that are none, signed all the same. */
static void
test_dates(void)
{
	static const char *const dates[] = { "this update", "next update" };
	ASN1_GENERALIZEDTIME *date[2];
	struct iss_ocsp_answer answer;
	struct row row = { 0 };
	OCSP_BASICRESP *response;
	struct iss_error err;
	EVP_PKEY *key = fixture_key("ca");
	size_t i;

	for (i = 0; i < ROWS(dates); i++) {
		response = make_row(&row);
		OCSP_single_get0_status(OCSP_resp_get0(response, 0), NULL, NULL,
		    &date[0], &date[1]);
		ASN1_STRING_set(date[i], "20301301000000Z", -1);
		ok(OCSP_basic_sign(
		       response, issuer, key, EVP_sha256(), NULL, OCSP_NOCERTS),
		    "%s in a thirteenth month", dates[i]);
		is_int(judge(&err, response, &answer), ISS_ERROR, "... is bad");
		has_text(err.text, "invalid dates", "... why");
		OCSP_BASICRESP_free(response);
	}
	EVP_PKEY_free(key);
}

/* An issuer that another CA has issued, and its delegate. */
static void
test_intermediate(void)
{
	X509 *sub = fixture_cert("sub-ca"), *leaf = fixture_cert("server-sub");
	struct made_response how = { .this_update = NOW - HOUR,
		.next_update = NOW + HOUR,
		.key = "client" };
	struct iss_ocsp_answer answer;
	OCSP_BASICRESP *response;
	struct iss_error err;
	struct iss_buf id;

	how.signer =
	    made_cert("client", sub, "sub-ca", "OCSPSigning", NOW + 1000 * DAY);
	response = made_basic(leaf, sub, &how);
	iss_error_clear(&err);
	iss_buf_init(&id, 1000);
	iss_ocsp_id(&err, leaf, sub, &id);
	is_int(iss_ocsp_judge(
		   &err, response, bytes(id.data, id.len), sub, NOW, &answer),
	    ISS_OK, "by a delegate of an intermediate CA %s", err.text);
	iss_buf_release(&id);
	OCSP_BASICRESP_free(response);
	X509_free(how.signer);
	X509_free(leaf);
	X509_free(sub);
}

static void
test_read(void)
{
	static const struct {
		int status;
		const char *why;
	} refusals[] = {
		{ OCSP_RESPONSE_STATUS_MALFORMEDREQUEST, "malformedrequest" },
		{ OCSP_RESPONSE_STATUS_INTERNALERROR, "internalerror" },
		{ OCSP_RESPONSE_STATUS_TRYLATER, "trylater" },
		{ OCSP_RESPONSE_STATUS_UNAUTHORIZED, "unauthorized" },
	};
	struct row row = { 0 };
	OCSP_BASICRESP *made = make_row(&row), *response = NULL;
	static unsigned char large[ISS_OCSP_RESPONSE_MAX + 1];
	unsigned char *der, *longer;
	struct iss_error err;
	size_t len, i;

	der = made_der(made, OCSP_RESPONSE_STATUS_SUCCESSFUL, &len);
	iss_error_clear(&err);
	is_int(iss_ocsp_read(&err, &response, bytes(der, len)), ISS_OK,
	    "a response is read");
	OCSP_BASICRESP_free(response);
	response = NULL;
	is_int(iss_ocsp_read(&err, &response, bytes(der, len - 1)), ISS_ERROR,
	    "cut short it is not");
	longer = calloc(1, len + 1);
	memcpy(longer, der, len);
	iss_error_clear(&err);
	is_int(iss_ocsp_read(&err, &response, bytes(longer, len + 1)),
	    ISS_ERROR, "with something behind neither");
	has_text(err.text, "this is not an OCSP response", "... it says so");
	iss_error_clear(&err);
	is_int(iss_ocsp_read(&err, &response, bytes("", 0)), ISS_ERROR,
	    "nothing is no response");
	is_int(iss_ocsp_read(&err, &response, bytes(NULL, 0)), ISS_ERROR,
	    "nor is NULL");
	iss_error_clear(&err);
	is_int(iss_ocsp_read(&err, &response, bytes(large, sizeof(large))),
	    ISS_ERROR, "nor is too much");
	has_text(err.text, "too large", "... it says so");
	free(longer);
	OPENSSL_free(der);
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		der = made_der(NULL, refusals[i].status, &len);
		iss_error_clear(&err);
		is_int(iss_ocsp_read(&err, &response, bytes(der, len)),
		    ISS_ERROR, "a refusal is no response");
		has_text(err.text, refusals[i].why, "... it says why");
		OPENSSL_free(der);
	}
	ok(response == NULL, "failures leave the result alone");
	OCSP_BASICRESP_free(made);
}

static void
test_request(void)
{
	struct iss_ocsp_bytes ids[2];
	struct iss_buf id, der;
	const unsigned char *p;
	OCSP_REQUEST *request;
	struct iss_error err;

	iss_error_clear(&err);
	iss_buf_init(&id, 1000);
	iss_buf_init(&der, 1000);
	is_int(iss_ocsp_id(&err, other, issuer, &id), ISS_OK, "another id");
	ids[0] = bytes(id_of_cert.data, id_of_cert.len);
	ids[1] = bytes(id.data, id.len);
	is_int(iss_ocsp_request(&err, ids, 2, &der), ISS_OK, "a request");
	p = (const unsigned char *)der.data;
	request = d2i_OCSP_REQUEST(NULL, &p, (long)der.len);
	ok(request != NULL && p == (unsigned char *)der.data + der.len,
	    "... is one");
	is_int(OCSP_request_onereq_count(request), 2, "... about two");
	is_int(OCSP_REQUEST_get_ext_count(request), 0, "... without a nonce");
	OCSP_REQUEST_free(request);
	ids[1] = bytes("garbage", 7);
	is_int(iss_ocsp_request(&err, ids, 2, &der), ISS_ERROR,
	    "an id that is none");
	ids[1] = bytes(id.data, id.len - 1);
	is_int(iss_ocsp_request(&err, ids, 2, &der), ISS_ERROR,
	    "an id that was cut off");
	iss_buf_release(&der);
	iss_buf_init(&der, 10);
	is_int(iss_ocsp_request(&err, ids, 1, &der), ISS_ERROR,
	    "a request that does not fit");
	iss_buf_release(&id);
	iss_buf_release(&der);
}

/* Each line is the address of one responder. */
static const struct uri_row {
	const char *uris[3];
	const char *found;
} uri_rows[] = {
	{ { "http://ocsp.example.test/" }, "http://ocsp.example.test/" },
	{ { "https://a/", "http://b/" }, "https://a/" },
	{ { "ldap://a/", "http://b/" }, "http://b/" },
	{ { "http://a/\r\nHost: b", "http://c/" }, "http://c/" },
	{ { "http://a b/" }, NULL },
	{ { "http://a/\x7f" }, NULL },
	{ { "http://a/\xc3\xbc" }, NULL },
	{ { "HTTP" }, NULL },
	{ { "" }, NULL },
	{ { NULL }, NULL },
};

static void
add_uri(AUTHORITY_INFO_ACCESS *all, int method, const char *uri)
{
	ACCESS_DESCRIPTION *one = ACCESS_DESCRIPTION_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	ASN1_OBJECT_free(one->method);
	one->method = OBJ_nid2obj(method);
	ASN1_STRING_set(text, uri, -1);
	GENERAL_NAME_set0_value(one->location, GEN_URI, text);
	sk_ACCESS_DESCRIPTION_push(all, one);
}

static void
test_uris(void)
{
	AUTHORITY_INFO_ACCESS *all;
	struct iss_buf found;
	X509 *named;
	size_t i, n;

	for (i = 0; i < sizeof(uri_rows) / sizeof(uri_rows[0]); i++) {
		named = X509_dup(cert);
		all = sk_ACCESS_DESCRIPTION_new_null();
		add_uri(all, NID_ad_ca_issuers, "http://not-this/");
		for (n = 0; n < 3 && uri_rows[i].uris[n] != NULL; n++)
			add_uri(all, NID_ad_OCSP, uri_rows[i].uris[n]);
		X509_add1_ext_i2d(named, NID_info_access, all, 0, 0);
		iss_buf_init(&found, 100);
		is_int(iss_ocsp_uri(named, &found), uri_rows[i].found != NULL,
		    "an address in row %zu", i);
		is_text(iss_buf_text(&found),
		    uri_rows[i].found != NULL ? uri_rows[i].found : "",
		    "... which");
		iss_buf_release(&found);
		AUTHORITY_INFO_ACCESS_free(all);
		X509_free(named);
	}
	iss_buf_init(&found, 10);
	named = fixture_cert("server");
	ok(!iss_ocsp_uri(named, &found), "a certificate without any");
	X509_free(named);
}

int
main(void)
{
	struct iss_error err;
	size_t i;

	iss_error_clear(&err);
	make_signers();
	iss_buf_init(&id_of_cert, 1000);
	is_int(iss_ocsp_id(&err, cert, issuer, &id_of_cert), ISS_OK, "an id");
	test_rows();
	test_answer();
	test_tampered();
	test_dates();
	test_intermediate();
	test_read();
	test_request();
	test_uris();
	iss_buf_release(&id_of_cert);
	for (i = 0; i < WHO_COUNT; i++)
		X509_free(signers[i]);
	X509_free(cert);
	X509_free(other);
	X509_free(issuer);
	return tap_done();
}
