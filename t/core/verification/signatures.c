/*
 * Signatures that are remembered: each chain of t/certs gets the same verdict,
 * with the same calls of the callback, as from OpenSSL alone.
 */
#include "verification/signatures.h"

#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/compat.h"
#include "fixture.h"
#include "tap.h"

enum { CALLS_MAX = 64, LEAVES = 600, YEARS = 365 * 24 * 3600 };

/* ---- the clock, also OpenSSL's ---- */

static long long shift; /* seconds */

time_t
time(time_t *out)
{
	struct timeval now;
	time_t seconds;

	gettimeofday(&now, NULL);
	seconds = now.tv_sec + (time_t)shift;
	if (out != NULL)
		*out = seconds;
	return seconds;
}

/* ---- one verification ---- */

struct call {
	int ok, error, depth;
	const X509 *cert;
};

struct outcome {
	int verdict, error, depth, chain;
	int n_calls;
	struct call calls[CALLS_MAX];
	int with_issuer; /* calls from OpenSSL's own step: see signatures.h */
};

struct how {
	const char *leaf, *untrusted, *ca, *crl; /* t/certs; NULL: none */
	unsigned long flags;
	const char *purpose;
	bool lenient; /* the callback overrules failures */
};

static struct outcome *noting;
static bool lenient;
static int lost_callbacks;

static int
note_call(int ok, X509_STORE_CTX *store)
{
	struct call *call = &noting->calls[noting->n_calls++];

	if (noting->n_calls == CALLS_MAX) {
		printf("Bail out! too many calls\n");
		exit(2);
	}
	call->ok = ok;
	call->error = X509_STORE_CTX_get_error(store);
	call->depth = X509_STORE_CTX_get_error_depth(store);
	call->cert = X509_STORE_CTX_get_current_cert(store);
	noting->with_issuer +=
	    ok && X509_STORE_CTX_get0_current_issuer(store) != NULL;
	return lenient ? 1 : ok;
}

typedef int verify_fn(X509_STORE_CTX *store);

static void
verify(struct outcome *outcome, X509_STORE *trusted, X509 *leaf,
    STACK_OF(X509) * untrusted, const struct how *how, verify_fn *function)
{
	X509_STORE_CTX *store = X509_STORE_CTX_new();

	memset(outcome, 0, sizeof(*outcome));
	if (!X509_STORE_CTX_init(store, trusted, leaf, untrusted)) {
		printf("Bail out! X509_STORE_CTX_init\n");
		exit(2);
	}
	X509_VERIFY_PARAM_set_flags(
	    X509_STORE_CTX_get0_param(store), how->flags);
	if (how->purpose != NULL)
		X509_STORE_CTX_set_default(store, how->purpose);
	X509_STORE_CTX_set_verify_cb(store, note_call);
	noting = outcome;
	lenient = how->lenient;
	outcome->verdict = function(store);
	outcome->error = X509_STORE_CTX_get_error(store);
	outcome->depth = X509_STORE_CTX_get_error_depth(store);
	outcome->chain = sk_X509_num(X509_STORE_CTX_get0_chain(store));
	lost_callbacks += X509_STORE_CTX_get_verify_cb(store) != note_call;
	X509_STORE_CTX_free(store);
	ERR_clear_error();
}

static bool
is_equal(const struct outcome *a, const struct outcome *b)
{
	return a->verdict == b->verdict && a->error == b->error &&
	       a->depth == b->depth && a->chain == b->chain &&
	       a->n_calls == b->n_calls &&
	       memcmp(a->calls, b->calls, sizeof(a->calls)) == 0;
}

static X509_STORE *
store_of(const struct how *how)
{
	X509_STORE *store = X509_STORE_new();
	X509 *cert = how->ca != NULL ? fixture_cert(how->ca) : NULL;
	X509_CRL *crl = NULL;
	char path[128];
	FILE *in;

	if (cert != NULL)
		X509_STORE_add_cert(store, cert);
	X509_free(cert);
	if (how->crl != NULL) {
		snprintf(path, sizeof(path), CERTS "%s.pem", how->crl);
		if ((in = fopen(path, "r")) != NULL) {
			crl = PEM_read_X509_CRL(in, NULL, NULL, NULL);
			fclose(in);
		}
		ok(crl != NULL && X509_STORE_add_crl(store, crl), "%s",
		    how->crl);
		X509_CRL_free(crl);
	}
	return store;
}

/* The same verdict from OpenSSL, and twice from us. */
static void
compare_cert(X509 *leaf, const struct how *how, const char *name)
{
	STACK_OF(X509) *untrusted = sk_X509_new_null();
	X509_STORE *trusted = store_of(how);
	struct outcome theirs, first, again;

	if (how->untrusted != NULL)
		sk_X509_push(untrusted, fixture_cert(how->untrusted));
	verify(&theirs, trusted, leaf, untrusted, how, X509_verify_cert);
	verify(
	    &first, trusted, leaf, untrusted, how, iss_signatures_verify_cert);
	verify(
	    &again, trusted, leaf, untrusted, how, iss_signatures_verify_cert);
	ok(is_equal(&theirs, &first),
	    "%s by %s, flags %lx%s: verdict %d, error %d at depth %d", name,
	    how->ca, how->flags, how->lenient ? ", overruled" : "",
	    theirs.verdict, theirs.error, theirs.depth);
	ok(is_equal(&theirs, &again), "... again");
	sk_X509_pop_free(untrusted, X509_free);
	X509_STORE_free(trusted);
}

/* ---- all chains of t/certs ---- */

static const char *const leaves[] = { "server", "server2", "server-ecdsa",
	"server-sub", "sub-ca", "ca", "other-ca", "self-signed", "expired",
	"not-yet-valid", "other-server", "namesake-server", "weak-rsa",
	"weak-sha1", "weak-md5", "client", "other-client", "revoked",
	"revoked-sub", "cn-only", "many-san", "bad-san", "client-only" };
static const char *const cas[] = { "ca", "other-ca", "namesake-ca", "sub-ca",
	"server", "self-signed", NULL };

static void
test_all_chains(void)
{
	static const unsigned long flags[] = { X509_V_FLAG_PARTIAL_CHAIN, 0,
		X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_CHECK_SS_SIGNATURE,
		X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_X509_STRICT,
		X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_CRL_CHECK |
		    X509_V_FLAG_CRL_CHECK_ALL,
		X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME };
	struct how how = { .untrusted = "sub-ca", .purpose = "ssl_server" };
	size_t leaf, ca, flag;
	X509 *cert;

	for (flag = 0; flag < ROWS(flags); flag++) {
		how.flags = flags[flag];
		how.crl = how.flags & X509_V_FLAG_CRL_CHECK ? "crl" : NULL;
		for (leaf = 0; leaf < ROWS(leaves); leaf++) {
			cert = fixture_cert(leaves[leaf]);
			for (ca = 0; ca < ROWS(cas); ca++) {
				how.ca = cas[ca];
				how.lenient = false;
				compare_cert(cert, &how, leaves[leaf]);
				how.lenient = true;
				compare_cert(cert, &how, leaves[leaf]);
			}
			X509_free(cert);
		}
	}
}

static const struct how plain = { .ca = "ca",
	.flags = X509_V_FLAG_PARTIAL_CHAIN };

/* Did this verification do without OpenSSL's step? */
static bool
is_known(X509 *leaf, const struct how *how)
{
	X509_STORE *trusted = store_of(how);
	struct outcome outcome;

	verify(&outcome, trusted, leaf, NULL, how, iss_signatures_verify_cert);
	X509_STORE_free(trusted);
	return outcome.verdict == 1 && outcome.with_issuer == 0;
}

static void
test_known(void)
{
	X509 *leaf = fixture_cert("server"), *expired = fixture_cert("expired");
	struct how overruled = plain;

	overruled.lenient = true;
	(void)is_known(leaf, &plain);
	ok(is_known(leaf, &plain), "a good signature is verified once");
	(void)is_known(expired, &overruled);
	ok(!is_known(expired, &overruled),
	    "not that of a chain with which anything is wrong");
	X509_free(leaf);
	X509_free(expired);
}

/* A certificate of which one bit of the signature is wrong. */
static void
test_forged(void)
{
	X509 *leaf = fixture_cert("server"), *forged;
	unsigned char *der = NULL;
	const unsigned char *at;
	int len = i2d_X509(leaf, &der);
	struct how how = plain;

	ok(is_known(leaf, &plain), "after the true one is known");
	der[len - 1] ^= 1;
	at = der;
	forged = d2i_X509(NULL, &at, len);
	compare_cert(forged, &plain, "a forged certificate");
	how.ca = "namesake-ca";
	compare_cert(leaf, &how, "a CA of the same name and another key");
	X509_free(forged);
	OPENSSL_free(der);
	X509_free(leaf);
}

/* The dates of a chain that is known count at every time. */
static void
test_dates(void)
{
	static const struct {
		long long years;
		bool good;
	} cases[] = { { -100, false }, { -30, false }, { 0, true },
		{ 30, true }, { 100, false }, { 500, false } };
	X509 *leaf = fixture_cert("server");
	size_t i;

	(void)is_known(leaf, &plain);
	for (i = 0; i < ROWS(cases); i++) {
		shift = cases[i].years * YEARS;
		compare_cert(leaf, &plain, "server");
		ok(is_known(leaf, &plain) == cases[i].good, "in %lld years",
		    cases[i].years);
	}
	shift = 0;
	X509_free(leaf);
}

/* ---- many ---- */

static int
sign(X509 *cert, EVP_PKEY *key)
{
	bool hashes = EVP_PKEY_id(key) != EVP_PKEY_ED448;

	return X509_sign(cert, key, hashes ? EVP_sha256() : NULL);
}

static X509 *
sign_leaf(int serial, EVP_PKEY *key, X509 *ca, EVP_PKEY *ca_key)
{
	X509 *cert = X509_new();

	if (cert == NULL ||
	    !ASN1_INTEGER_set(X509_get_serialNumber(cert), serial) ||
	    !X509_set_issuer_name(cert, X509_get_subject_name(ca)) ||
	    X509_gmtime_adj(X509_getm_notBefore(cert), -60) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(cert), 3600) == NULL ||
	    !X509_set_pubkey(cert, key) || !sign(cert, ca_key)) {
		printf("Bail out! cannot sign\n");
		exit(2);
	}
	return cert;
}

static X509 *
self_sign(EVP_PKEY *key)
{
	X509 *ca = X509_new();
	X509_NAME *name = X509_get_subject_name(ca);
	X509_EXTENSION *is_ca = X509V3_EXT_conf_nid(
	    NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
	bool good = X509_set_version(ca, 2) &&
		    ASN1_INTEGER_set(X509_get_serialNumber(ca), 1) &&
		    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
			(const unsigned char *)"Ed448", -1, -1, 0) &&
		    X509_set_issuer_name(ca, name) &&
		    X509_gmtime_adj(X509_getm_notBefore(ca), -60) != NULL &&
		    X509_gmtime_adj(X509_getm_notAfter(ca), 3600) != NULL &&
		    X509_set_pubkey(ca, key) && is_ca != NULL &&
		    X509_add_ext(ca, is_ca, -1) && sign(ca, key);

	X509_EXTENSION_free(is_ca);
	if (good)
		return ca;
	X509_free(ca);
	return NULL;
}

/* More than there is room for. */
static void
test_bounded(void)
{
	X509 *ca = fixture_cert("ca"), *leaf[LEAVES];
	EVP_PKEY *ca_key = fixture_key("ca"),
		 *key = fixture_key("server-ecdsa");
	int i, known = 0;

	for (i = 0; i < LEAVES; i++) {
		leaf[i] = sign_leaf(i + 1, key, ca, ca_key);
		(void)is_known(leaf[i], &plain);
	}
	ok(is_known(leaf[LEAVES - 1], &plain), "the last one is known");
	for (i = LEAVES - 1; i >= 0; i--)
		known += is_known(leaf[i], &plain);
	ok(known > 1 && known <= 256, "%d of %d are known", known, LEAVES);
	for (i = 0; i < LEAVES; i++)
		X509_free(leaf[i]);
	X509_free(ca);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(key);
}

/* Ed448 signatures all end with the same byte. */
static void
test_spread(void)
{
	enum { FEW = 40 };
	EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_id(EVP_PKEY_ED448, NULL);
	X509_STORE *trusted = X509_STORE_new();
	X509 *ca, *leaf[FEW];
	EVP_PKEY *key = NULL;
	struct outcome outcome;
	int i, known = 0;

	if (EVP_PKEY_keygen_init(maker) <= 0 ||
	    EVP_PKEY_keygen(maker, &key) <= 0 ||
	    (ca = self_sign(key)) == NULL ||
	    !X509_STORE_add_cert(trusted, ca)) {
		printf("Bail out! Ed448\n");
		exit(2);
	}
	for (i = 0; i < FEW; i++) {
		leaf[i] = sign_leaf(i + 2, key, ca, key);
		verify(&outcome, trusted, leaf[i], NULL, &plain,
		    iss_signatures_verify_cert);
	}
	for (i = FEW - 1; i >= 0; i--) {
		verify(&outcome, trusted, leaf[i], NULL, &plain,
		    iss_signatures_verify_cert);
		known += outcome.verdict == 1 && outcome.with_issuer == 0;
		X509_free(leaf[i]);
	}
	ok(known > FEW / 2, "%d of %d signed by Ed448 are known", known, FEW);
	X509_free(ca);
	X509_STORE_free(trusted);
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(maker);
}

static void
test_fork(void)
{
	X509 *leaf = fixture_cert("server");
	int status = -1;
	pid_t pid;

	(void)is_known(leaf, &plain);
	fflush(stdout);
	if ((pid = fork()) == 0) {
		fclose(stdout);
		_exit(is_known(leaf, &plain) ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	is_int(status, 0, "known after fork");
	X509_free(leaf);
}

/* A program's own step is not replaced. */
static int calls_of_own;

static int
own_step(X509_STORE_CTX *store)
{
	(void)store;
	calls_of_own++;
	return 0;
}

static void
test_own_step(void)
{
	X509 *leaf = fixture_cert("server");
	X509_STORE *trusted = store_of(&plain);
	struct outcome outcome;

	X509_STORE_set_verify(trusted, own_step);
	verify(
	    &outcome, trusted, leaf, NULL, &plain, iss_signatures_verify_cert);
	ok(outcome.verdict <= 0 && calls_of_own == 1,
	    "a step that the program put into the store decides");
	X509_STORE_free(trusted);
	X509_free(leaf);
}

int
main(void)
{
	test_all_chains();
	test_known();
	test_forged();
	test_dates();
	test_fork();
	test_own_step();
	test_bounded();
	test_spread();
	is_int(lost_callbacks, 0, "the store's callback is as it was");
	is_int((long long)ERR_peek_error(), 0, "the queue is left empty");
	return tap_done();
}
