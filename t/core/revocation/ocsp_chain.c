/*
 * The certificates that responders are asked about, after handshakes of every
 * kind.
 */
#include "revocation/ocsp_chain.h"

#include "pair.h"
#include "revocation/staple.h"
#include "tap.h"

/* Is it the certificate of t/certs/NAME.pem?  NULL: none. */
static bool
is_cert(X509 *cert, const char *name)
{
	X509 *want;
	bool same;

	if (cert == NULL || name == NULL)
		return cert == NULL && name == NULL;
	want = fixture_cert(name);
	same = X509_cmp(cert, want) == 0;
	X509_free(want);
	return same;
}

static const struct row {
	const char *what, *cert, *key, *ca, *mode;
	int ocsp_mode;
	const char *asked[2], *issuers[2];
} rows[] = {
	{ "the leaf", "server.pem", "server.key", "ca.pem", "1", 0,
	    { "server" }, { "ca" } },
	{ "the leaf alone, below an intermediate", "server-sub-chain.pem",
	    "server-sub.key", "ca.pem", "1", 0, { "server-sub" },
	    { "sub-ca" } },
	{ "the whole chain, but for its end", "server-sub-chain.pem",
	    "server-sub.key", "ca.pem", "1", ISS_OCSP_FULL_CHAIN,
	    { "server-sub", "sub-ca" }, { "sub-ca", "ca" } },
	{ "a whole chain that ends at an intermediate", "server-sub-chain.pem",
	    "server-sub.key", "sub-ca.pem", "1", ISS_OCSP_FULL_CHAIN,
	    { "server-sub" }, { "sub-ca" } },
	{ "nobody verifies", "server.pem", "server.key", "ca.pem", "0", 0,
	    { "server" }, { "ca" } },
	{ "an issuer that is not known", "server.pem", "server.key",
	    "other-ca.pem", "0", 0, { "server" }, { NULL } },
	{ "... with the whole chain", "server.pem", "server.key",
	    "other-ca.pem", "0", ISS_OCSP_FULL_CHAIN, { "server" }, { NULL } },
	{ "a leaf that is trusted itself", "server.pem", "server.key",
	    "server.pem", "1", 0, { NULL }, { NULL } },
	{ "... with the whole chain", "server.pem", "server.key", "server.pem",
	    "1", ISS_OCSP_FULL_CHAIN, { NULL }, { NULL } },
};

static void
expect_chain(const struct iss_link *link, const struct row *row)
{
	struct iss_ocsp_chain chain;
	size_t i, want = 0;

	while (want < 2 && row->asked[want] != NULL)
		want++;
	iss_ocsp_chain_init(&chain, link);
	is_int((long long)chain.count, (long long)want, "... so many");
	for (i = 0; i < want && i < chain.count; i++) {
		ok(is_cert(iss_ocsp_chain_get0_cert(&chain, i), row->asked[i]),
		    "... %s", row->asked[i]);
		ok(is_cert(
		       iss_ocsp_chain_get0_issuer(&chain, i), row->issuers[i]),
		    "... issued by %s",
		    row->issuers[i] != NULL ? row->issuers[i] : "nobody known");
	}
	iss_ocsp_chain_release(&chain);
	ok(chain.certs == NULL && chain.count == 0, "... released");
	iss_ocsp_chain_release(&chain);
}

static void
test_row(const struct row *row, const char *version)
{
	char cert[64], key[64], ca[64];
	const struct pair_options server[PAIR_OPTIONS_MAX] = {
		{ "SSL_cert_file", cert },
		{ "SSL_key_file", key },
		{ "SSL_version", version },
	};
	const struct pair_options client[PAIR_OPTIONS_MAX] = {
		{ "SSL_ca_file", ca },
		{ "SSL_version", version },
		{ "SSL_verify_mode", row->mode },
	};
	struct iss_ocsp_chain none;
	struct iss_ctx *ours, *theirs;
	struct pair pair;

	snprintf(cert, sizeof(cert), CERTS "%s", row->cert);
	snprintf(key, sizeof(key), CERTS "%s", row->key);
	snprintf(ca, sizeof(ca), CERTS "%s", row->ca);
	ours = pair_ctx(false, client);
	theirs = pair_ctx(true, server);
	pair_init(&pair);
	pair_open(&pair, ours, theirs);
	iss_ocsp_chain_init(&none, &pair.client.conn->link);
	is_int((long long)none.count, 0, "%s: none before the handshake",
	    row->what);
	iss_ocsp_chain_release(&none);
	pair_handshake(&pair);
	is_int(pair.client.rv, ISS_OK, "... a handshake");
	pair.client.conn->staple.mode = row->ocsp_mode;
	expect_chain(&pair.client.conn->link, row);
	pair_close(&pair);
	iss_ctx_free(ours);
	iss_ctx_free(theirs);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < ROWS(rows); i++) {
		test_row(&rows[i], "TLSv1_2");
		test_row(&rows[i], "TLSv1_3");
	}
	return tap_done();
}
