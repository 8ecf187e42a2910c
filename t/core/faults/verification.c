/*
 * Memory runs out after a handshake, while the program asks for a name that a
 * CA of the chain may not vouch for, or for the status of the certificates: the
 * name is refused all the same, and no certificate is left out.
 */
#include "fault.h"

#include <openssl/x509v3.h>

#include "pair.h"
#include "revocation/ocsp_chain.h"
#include "verification/verify.h"
#include "x509/cert.h"
#include "x509/cert_names.h"
#include "x509/certgen.h"
#include "x509/usage.h"

/* The certificate is for both; its CA may vouch only for the first one. */
#define GOOD_NAME "a.good.test"
#define HIDDEN_NAME "secret.good.test"

static struct pair pair;
static X509 *cert;

static X509 *
made(const char *name, const char *key_of, X509 *ca, const char *type,
    const char *value)
{
	EVP_PKEY *key = fixture_key(key_of);
	EVP_PKEY *ca_key = ca != NULL ? fixture_key("ca") : NULL;
	struct iss_certgen gen;
	struct iss_error err;
	X509 *result = NULL;

	iss_error_clear(&err);
	if (iss_certgen_init(&err, &gen, key, ca, ca_key) != ISS_OK ||
	    iss_certgen_validity(&err, &gen, 0, INT64_C(253402300799)) !=
		ISS_OK ||
	    iss_certgen_subject(&err, &gen, "CN", name, strlen(name)) !=
		ISS_OK ||
	    iss_certgen_usages(&err, &gen,
		ca != NULL ? ISS_USAGE_SERVER_AUTH : ISS_USAGE_CA) != ISS_OK ||
	    iss_certgen_ext(&err, &gen, type, false, value) != ISS_OK ||
	    iss_certgen_sign(&err, &gen, "sha256", &result) != ISS_OK) {
		printf("Bail out! %s\n", err.text);
		exit(2);
	}
	iss_certgen_release(&gen);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
	return result;
}

/* A connection to a server that has cert.  Pinned: by its fingerprint alone, so
 * that its chain is built when somebody asks. */
static void
begin(const char *version, X509 *ca, bool pinned)
{
	struct iss_fingerprint_list pins = { 0 };
	struct iss_ctx *ours = pair_client_ctx(version);
	struct iss_ctx *theirs = pair_server_ctx(version);
	struct iss_fingerprint pin = { "sha256", false, { 0 }, 0 };
	struct iss_error err;

	iss_error_clear(&err);
	X509_STORE_add_cert(SSL_CTX_get_cert_store(ours->ssl_ctx), ca);
	SSL_CTX_use_certificate(theirs->ssl_ctx, cert);
	pair_init(&pair);
	pair_open(&pair, ours, theirs);
	if (pinned) {
		iss_cert_fingerprint(
		    &err, cert, pin.algo, pin.pubkey, pin.digest, &pin.len);
		pins.list = &pin;
		pins.count = 1;
		iss_verify_set_fingerprints(
		    &err, &pair.client.conn->verify, &pins, false);
	}
	pair_handshake(&pair);
	iss_ctx_free(ours);
	iss_ctx_free(theirs);
	ok(pair.client.rv == ISS_OK &&
		(SSL_get0_verified_chain(pair.client.conn->ssl) == NULL) ==
		    pinned,
	    "%s, %s", version, pinned ? "pinned" : "verified");
}

static bool
is_for(struct iss_error *err, const char *name)
{
	const struct iss_link link = { .ssl = pair.client.conn->ssl };
	struct iss_verify verify = { 0 };
	bool good =
	    iss_verify_set_name(err, &verify, name, strlen(name),
		iss_scheme_find("http")) == ISS_OK &&
	    iss_verify_cert_name(err, &verify, &link, cert, NULL) == ISS_OK;

	iss_verify_release(&verify);
	return good;
}

/* Twice: what is remembered of the first time must not permit it either. */
static bool
ask(struct iss_error *err)
{
	struct iss_error why;
	int i;

	for (i = 0; i < 2; i++) {
		iss_error_clear(&why);
		fault_claim(!is_for(&why, HIDDEN_NAME));
		fault_claim(iss_error_is_set(&why));
	}
	return is_for(err, GOOD_NAME);
}

/* The names of the certificate are not known yet. */
static bool
ask_first(struct iss_error *err)
{
	struct iss_kept_names **kept = &pair.client.conn->verify.peer_names;
	bool good = ask(err);

	iss_kept_names_free(*kept);
	*kept = NULL;
	return good;
}

static bool
ask_responders(struct iss_error *err)
{
	struct iss_ocsp_chain chain;
	X509 *first;

	(void)err;
	iss_ocsp_chain_init(&chain, &pair.client.conn->link);
	first = iss_ocsp_chain_get0_cert(&chain, 0);
	fault_claim(chain.count == 1);
	fault_claim(first != NULL && X509_cmp(first, cert) == 0);
	fault_claim(fault_state.fired > 0 ||
		    iss_ocsp_chain_get0_issuer(&chain, 0) != NULL);
	iss_ocsp_chain_release(&chain);
	return true;
}

int
main(void)
{
	static const char *const versions[] = { "TLSv1_2", "TLSv1_3" };
	X509 *ca;
	size_t v;
	int pinned;

	fault_begin();
	ca = made("excluding", "ca", NULL, "nameConstraints",
	    "excluded;DNS:" HIDDEN_NAME);
	cert = made("x", "server", ca, "subjectAltName", "DNS:*.good.test");
	for (v = 0; v < ROWS(versions); v++)
		for (pinned = 0; pinned < 2; pinned++) {
			begin(versions[v], ca, pinned);
			fault_try_memory("a hidden name", ask_first);
			fault_try_memory("a hidden name, again", ask);
			fault_try_memory("the status", ask_responders);
			pair_close(&pair);
		}
	X509_free(cert);
	X509_free(ca);
	return tap_done();
}
