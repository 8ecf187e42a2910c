/*
 * TLSA records: which can be used, what a match means for the name, and what is
 * said when none matches; in real handshakes, what a program cannot overrule.
 */
#include "verification/dane.h"

#include "pair.h"
#include "tap.h"

static struct iss_error err;

static bool
accept_all(void *handle, bool ok, X509_STORE_CTX *store)
{
	(void)handle;
	(void)ok;
	(void)store;
	return true;
}

static const struct iss_callbacks with_verify = { .verify = accept_all };

/* A record of type 1 for t/certs/NAME.pem or its key. */
static void
add(struct iss_tlsa_list *records, int usage, int selector, const char *name)
{
	unsigned char digest[EVP_MAX_MD_SIZE], *der = NULL;
	unsigned int digest_len = 0;
	struct iss_tlsa record = { (unsigned char)usage,
		(unsigned char)selector, 1, digest, 0 };
	X509 *cert = fixture_cert(name);
	int len = selector == 1
		      ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der)
		      : i2d_X509(cert, &der);

	iss_error_clear(&err);
	ok(len > 0 && EVP_Digest(der, (size_t)len, digest, &digest_len,
			  EVP_sha256(), NULL),
	    "the digest of %s", name);
	record.len = digest_len;
	iss_tlsa_list_add(&err, records, "SSL_tlsa", &record);
	OPENSSL_free(der);
	X509_free(cert);
}

/* ---- handshakes ---- */

static const struct {
	const char *what, *mode;
	int usage, selector;
	const char *of;
	const char *name;   /* NULL: not checked */
	const char *scheme; /* likewise */
	int name_of_ee;
	const struct iss_callbacks *callbacks;
	const char *why; /* NULL: it is accepted, by the record: */
	const char *by;
} rows[] = {
	{ "the certificate", "1", 3, 0, "server", NULL, NULL, -1, NULL, NULL,
	    "3 0 1" },
	{ "its key", "1", 3, 1, "server", NULL, NULL, -1, NULL, NULL, "3 1 1" },
	{ "the certificate, and the CAs", "1", 1, 0, "server", NULL, NULL, -1,
	    NULL, NULL, "1 0 1" },
	{ "one of the CAs", "1", 0, 1, "ca", NULL, NULL, -1, NULL, NULL,
	    "0 1 1" },
	{ "nobody verifies", "0", 3, 1, "server", NULL, NULL, -1, NULL, NULL,
	    "3 1 1" },
	{ "another certificate", "1", 3, 1, "expired", NULL, NULL, -1, NULL,
	    "the usable TLSA record (3 1 1) does not match the chain", NULL },
	{ "... where nobody verifies", "0", 3, 1, "expired", NULL, NULL, -1,
	    NULL, "does not match the chain", NULL },
	{ "... of a program that accepts all", "1", 3, 1, "expired", NULL, NULL,
	    -1, &with_verify, "does not match the chain", NULL },
	{ "... by usage 0", "1", 0, 1, "expired", NULL, NULL, -1, &with_verify,
	    "does not match the chain", NULL },
	{ "... by usage 1", "1", 1, 1, "expired", NULL, NULL, -1, &with_verify,
	    "does not match the chain", NULL },
	{ "... by usage 2", "1", 2, 1, "expired", NULL, NULL, -1, &with_verify,
	    "does not match the chain", NULL },
	{ "another name", "1", 3, 1, "server", "wrong.test", "http", -1, NULL,
	    "hostname verification failed", NULL },
	{ "... of smtp", "1", 3, 1, "server", "wrong.test", "smtp", -1, NULL,
	    NULL, "3 1 1" },
	{ "... of smtp, by usage 1", "1", 1, 1, "server", "wrong.test", "smtp",
	    -1, NULL, "hostname verification failed", NULL },
	{ "... of smtp, which is checked", "1", 3, 1, "server", "wrong.test",
	    "smtp", 1, NULL, "hostname verification failed", NULL },
	{ "... which is not checked", "1", 3, 1, "server", "wrong.test", "http",
	    0, NULL, NULL, "3 1 1" },
};

static void
test_row(size_t i, const char *version)
{
	const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_ca_file", CERTS "ca.pem" },
		{ "SSL_version", version },
		{ "SSL_verify_mode", rows[i].mode },
	};
	struct iss_ctx *client = pair_ctx(false, options);
	struct iss_ctx *server = pair_server_ctx(version);
	struct pair pair;
	struct iss_verify *rules;
	struct iss_buf by;

	pair_init(&pair);
	pair.client.callbacks = rows[i].callbacks;
	pair.client.handle = &pair;
	pair.client.config.dane_ee_name = rows[i].name_of_ee;
	add(&pair.client.config.tlsa, rows[i].usage, rows[i].selector,
	    rows[i].of);
	pair_open(&pair, client, server);
	rules = &pair.client.conn->verify;
	if (rows[i].name != NULL)
		iss_verify_set_name(&err, rules, rows[i].name,
		    strlen(rows[i].name), iss_scheme_find(rows[i].scheme));
	pair_handshake(&pair);
	is_int(pair.client.rv, rows[i].why == NULL ? ISS_OK : ISS_ERROR, "%s",
	    rows[i].what);
	if (rows[i].why != NULL)
		has_text(iss_conn_error(pair.client.conn)->text, rows[i].why,
		    "... why");
	iss_buf_init(&by, 64);
	iss_dane_describe(&by, pair.client.conn->ssl);
	is_text(iss_buf_text(&by), rows[i].by != NULL ? rows[i].by : "",
	    "... by this record");
	iss_buf_release(&by);
	pair_close(&pair);
	iss_ctx_free(client);
	iss_ctx_free(server);
}

/* ---- without a peer ---- */

static void
test_errors(void)
{
	static const struct {
		int error;
		bool breaks;
	} errors[] = {
		{ X509_V_ERR_CERT_SIGNATURE_FAILURE, true },
		{ X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, true },
		{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, true },
		{ X509_V_ERR_AKID_SKID_MISMATCH, true },
		{ X509_V_ERR_INVALID_CA, true },
		{ X509_V_ERR_PATH_LENGTH_EXCEEDED, true },
		{ X509_V_ERR_PROXY_CERTIFICATES_NOT_ALLOWED, true },
		{ X509_V_ERR_PROXY_SUBJECT_NAME_VIOLATION, true },
		{ X509_V_ERR_PERMITTED_VIOLATION, true },
		{ X509_V_ERR_EXCLUDED_VIOLATION, true },
		{ X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, true },
		{ X509_V_ERR_OUT_OF_MEM, true },
		/* the CA has issued it; the program may want it */
		{ X509_V_OK, false },
		{ X509_V_ERR_CERT_HAS_EXPIRED, false },
		{ X509_V_ERR_CERT_NOT_YET_VALID, false },
		{ X509_V_ERR_CERT_REVOKED, false },
		{ X509_V_ERR_INVALID_PURPOSE, false },
		{ X509_V_ERR_EE_KEY_TOO_SMALL, false },
		{ X509_V_ERR_CA_MD_TOO_WEAK, false },
		{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, false },
	};
	size_t i;

	for (i = 0; i < ROWS(errors); i++)
		is_int(iss_dane_breaks_chain(errors[i].error), errors[i].breaks,
		    "%s", X509_verify_cert_error_string(errors[i].error));
}

static void
test_usable(void)
{
	struct iss_tlsa useless = { 9, 9, 9, (unsigned char *)"x", 1 };
	struct iss_ctx *ctx = pair_client_ctx(NULL);
	struct iss_verify rules = { 0 };
	struct iss_link link = { .verify = &rules };
	struct iss_tlsa_list records = { 0 };

	link.ssl = SSL_new(ctx->ssl_ctx);
	iss_error_clear(&err);
	is_int(iss_dane_begin(&err, &link, &records, -1), ISS_OK,
	    "without records");
	ok(!iss_dane_is_on(&rules), "... nothing is demanded");
	is_int(iss_dane_matched(&link), -1, "... and nothing matches");
	iss_tlsa_list_add(&err, &records, "SSL_tlsa", &useless);
	iss_tlsa_list_add(&err, &records, "SSL_tlsa", &useless);
	is_int(iss_dane_begin(&err, &link, &records, -1), ISS_ERROR,
	    "useless ones");
	is_text(err.text, "SSL_tlsa: none of the TLSA records (2) can be used",
	    "... why");
	is_int(iss_error_kind_of(&err), ISS_KIND_DANE, "... the kind");
	SSL_free(link.ssl);
	iss_verify_release(&rules);

	link.ssl = SSL_new(ctx->ssl_ctx);
	add(&records, 3, 1, "server");
	iss_tlsa_list_add(&err, &records, "SSL_tlsa", &useless);
	add(&records, 2, 1, "ca");
	is_int(iss_dane_begin(&err, &link, &records, -1), ISS_OK,
	    "two among them");
	ok(iss_dane_is_on(&rules), "... which count");
	is_int((long)rules.tlsa.count, 2, "... alone");
	ok(rules.tlsa.list[0].usage == 3 && rules.tlsa.list[1].usage == 2,
	    "... in their order");
	iss_dane_refuse(&link);
	is_text(iss_kept_error_get0(&link.failure)->text,
	    "none of 2 usable TLSA records (3 1 1, 2 1 1) matches the chain",
	    "... and are named when they do not match");
	iss_kept_error_clear(&link.failure);
	SSL_free(link.ssl);
	iss_verify_release(&rules);
	iss_tlsa_list_release(&records);
	iss_ctx_free(ctx);
	is_int((long)ERR_peek_error(), 0, "the queue of OpenSSL is empty");
}

static void
test_meaning(void)
{
	struct iss_verify rules = { .name_of_ee = -1 };
	int usage;

	for (usage = -1; usage < 3; usage++) {
		ok(!iss_dane_is_enough(usage) &&
			iss_dane_needs_name(&rules, usage),
		    "usage %d: all else is checked", usage);
	}
	ok(iss_dane_is_enough(3) && iss_dane_needs_name(&rules, 3),
	    "usage 3: the name alone");
	rules.scheme.record_is_enough = true;
	ok(!iss_dane_needs_name(&rules, 3), "... or not even that");
	ok(iss_dane_needs_name(&rules, 2), "... of usage 3 alone");
	rules.name_of_ee = 1;
	ok(iss_dane_needs_name(&rules, 3), "the program wants it");
}

int
main(void)
{
	size_t i;

	test_usable();
	test_meaning();
	test_errors();
	for (i = 0; i < ROWS(rows); i++) {
		test_row(i, "TLSv1_2");
		test_row(i, "TLSv1_3");
	}
	return tap_done();
}
