/*
 * What several revocation lists together say of each certificate of a chain:
 * server-sub, signed by sub-ca, signed by ca.  The lists are made here.
 */
#include "revocation/crl.h"

#include <openssl/x509v3.h>

#include "fixture.h"
#include "tap.h"

enum kind { FULL, DELTA, USERS_ONLY, CAS_ONLY }; /* RFC 5280, 5.2.5 */
enum entry { NOBODY, REVOKED, REMOVED };

/* A list that was made days ago and is valid for some days more; 0: it does not
 * say how long. */
struct list {
	const char *signer; /* NULL: there are no more lists */
	const char *issuer; /* NULL: the signer */
	enum kind kind;
	int made_days_ago, valid_days;
	enum entry entry;
	const char *of; /* NULL: entry is NOBODY */
};

enum { DAY = 24 * 60 * 60, LISTS_MAX = 3 };

static void
must(int done, const char *what)
{
	if (done)
		return;
	printf("Bail out! %s\n", what);
	exit(2);
}

static void
add_entry(X509_CRL *crl, const struct list *list)
{
	X509_REVOKED *revoked = X509_REVOKED_new();
	X509 *cert = fixture_cert(list->of);
	ASN1_TIME *when = X509_gmtime_adj(NULL, -list->made_days_ago * DAY);
	ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();

	ASN1_ENUMERATED_set(reason, list->entry == REMOVED
					? CRL_REASON_REMOVE_FROM_CRL
					: CRL_REASON_CERTIFICATE_HOLD);
	X509_REVOKED_set_serialNumber(revoked, X509_get_serialNumber(cert));
	X509_REVOKED_set_revocationDate(revoked, when);
	must(X509_REVOKED_add1_ext_i2d(
		 revoked, NID_crl_reason, reason, 0, X509V3_ADD_DEFAULT),
	    "no reason");
	must(X509_CRL_add0_revoked(crl, revoked), "no entry");
	ASN1_ENUMERATED_free(reason);
	ASN1_TIME_free(when);
	X509_free(cert);
}

static void
add_kind(X509_CRL *crl, enum kind kind)
{
	ASN1_INTEGER *base = ASN1_INTEGER_new();
	ISSUING_DIST_POINT *scope = ISSUING_DIST_POINT_new();

	ASN1_INTEGER_set(base, 1);
	scope->onlyuser = kind == USERS_ONLY ? 0xff : 0;
	scope->onlyCA = kind == CAS_ONLY ? 0xff : 0;
	if (kind == DELTA)
		must(X509_CRL_add1_ext_i2d(crl, NID_delta_crl, base, 1, 0),
		    "no delta");
	if (kind == USERS_ONLY || kind == CAS_ONLY)
		must(X509_CRL_add1_ext_i2d(
			 crl, NID_issuing_distribution_point, scope, 1, 0),
		    "no scope");
	ASN1_INTEGER_free(base);
	ISSUING_DIST_POINT_free(scope);
}

/* As it comes from a file: only those have a digest, by which a store tells
 * lists apart. */
static X509_CRL *
reread(X509_CRL *crl)
{
	unsigned char *der = NULL;
	int len = i2d_X509_CRL(crl, &der);
	const unsigned char *at = der;
	X509_CRL *copy = d2i_X509_CRL(NULL, &at, len);

	must(copy != NULL, "no list");
	OPENSSL_free(der);
	X509_CRL_free(crl);
	return copy;
}

static X509_CRL *
make_list(const struct list *list)
{
	X509_CRL *crl = X509_CRL_new();
	X509 *issuer =
	    fixture_cert(list->issuer != NULL ? list->issuer : list->signer);
	EVP_PKEY *key = fixture_key(list->signer);
	ASN1_TIME *when = X509_gmtime_adj(NULL, -list->made_days_ago * DAY);

	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer));
	X509_CRL_set1_lastUpdate(crl, when);
	X509_gmtime_adj(when, list->valid_days * DAY);
	if (list->valid_days != 0)
		X509_CRL_set1_nextUpdate(crl, when);
	add_kind(crl, list->kind);
	if (list->entry != NOBODY)
		add_entry(crl, list);
	must(X509_CRL_sort(crl) && X509_CRL_sign(crl, key, EVP_sha256()),
	    "no list");
	ASN1_TIME_free(when);
	EVP_PKEY_free(key);
	X509_free(issuer);
	return reread(crl);
}

static const struct row {
	const char *what;
	struct list lists[LISTS_MAX];
	/* sub-ca is trusted, and the chain ends there; ca is, or is not.  Or
	 * ca may sign certificates, but no lists. */
	enum { WHOLE, ENDS_BELOW_CA, NO_CA, SIGNS_NO_LISTS } trust;
	int status[3];
} rows[] = {
	{ "no list", { { NULL } }, WHOLE, { 0, 0, 0 } },
	{ "a list that names nobody",
	    { { "ca", NULL, FULL, 1, 1, NOBODY, NULL } }, WHOLE, { 0, 0, 0 } },
	{ "the leaf", { { "sub-ca", NULL, FULL, 1, 1, REVOKED, "server-sub" } },
	    WHOLE, { X509_V_ERR_CERT_REVOKED, 0, 0 } },
	{ "the intermediate", { { "ca", NULL, FULL, 1, 1, REVOKED, "sub-ca" } },
	    WHOLE, { 0, X509_V_ERR_CERT_REVOKED, 0 } },
	{ "... by an old list alone",
	    { { "ca", NULL, FULL, 9, -1, REVOKED, "sub-ca" } }, WHOLE,
	    { 0, X509_V_ERR_CERT_REVOKED, X509_V_ERR_CRL_HAS_EXPIRED } },
	{ "the root itself", { { "ca", NULL, FULL, 1, 1, REVOKED, "ca" } },
	    WHOLE, { 0, 0, X509_V_ERR_CERT_REVOKED } },
	{ "an intermediate that is trusted for its own sake",
	    { { "ca", NULL, FULL, 1, 1, REVOKED, "sub-ca" } }, ENDS_BELOW_CA,
	    { 0, X509_V_ERR_CERT_REVOKED } },
	{ "... whose issuer is not known",
	    { { "ca", NULL, FULL, 1, 1, REVOKED, "sub-ca" } }, NO_CA,
	    { 0, X509_V_ERR_CERT_REVOKED } },
	{ "... which is not on that list, which is old",
	    { { "ca", NULL, FULL, 9, -1, NOBODY, NULL } }, NO_CA, { 0, 0 } },
	/* several lists */
	{ "the newer list, which is old, beside an older one that is current",
	    { { "ca", NULL, FULL, 9, 9, NOBODY, NULL },
		{ "ca", NULL, FULL, 5, -1, REVOKED, "sub-ca" } },
	    WHOLE, { 0, X509_V_ERR_CERT_REVOKED, 0 } },
	{ "... in the other order",
	    { { "ca", NULL, FULL, 5, -1, REVOKED, "sub-ca" },
		{ "ca", NULL, FULL, 9, 9, NOBODY, NULL } },
	    WHOLE, { 0, X509_V_ERR_CERT_REVOKED, 0 } },
	{ "the newer list takes it back",
	    { { "ca", NULL, FULL, 9, 9, REVOKED, "sub-ca" },
		{ "ca", NULL, FULL, 5, 9, NOBODY, NULL } },
	    WHOLE, { 0, 0, 0 } },
	{ "... but not one of the same time",
	    { { "ca", NULL, FULL, 9, 9, NOBODY, NULL },
		{ "ca", NULL, FULL, 9, 9, REVOKED, "sub-ca" } },
	    WHOLE, { 0, X509_V_ERR_CERT_REVOKED, 0 } },
	{ "... nor one from the future",
	    { { "ca", NULL, FULL, 9, 9, REVOKED, "sub-ca" },
		{ "ca", NULL, FULL, -5, 9, NOBODY, NULL } },
	    WHOLE, { 0, X509_V_ERR_CERT_REVOKED, 0 } },
	{ "... nor one with another scope",
	    { { "ca", NULL, FULL, 9, 9, REVOKED, "sub-ca" },
		{ "ca", NULL, USERS_ONLY, 5, 9, NOBODY, NULL } },
	    WHOLE, { 0, X509_V_ERR_CERT_REVOKED, 0 } },
	{ "... unless that is also the one of the older list",
	    { { "sub-ca", NULL, USERS_ONLY, 9, 9, REVOKED, "server-sub" },
		{ "sub-ca", NULL, USERS_ONLY, 5, 9, NOBODY, NULL } },
	    WHOLE, { 0, 0, 0 } },
	{ "... which is narrow as well, but another one",
	    { { "sub-ca", NULL, USERS_ONLY, 9, 9, REVOKED, "server-sub" },
		{ "sub-ca", NULL, CAS_ONLY, 5, 9, NOBODY, NULL } },
	    WHOLE, { X509_V_ERR_CERT_REVOKED, 0, 0 } },
	{ "... nor one that somebody else signed",
	    { { "ca", NULL, FULL, 9, 9, REVOKED, "sub-ca" },
		{ "namesake-ca", NULL, FULL, 5, 9, NOBODY, NULL } },
	    WHOLE, { 0, X509_V_ERR_CERT_REVOKED, 0 } },
	{ "a list that somebody else signed",
	    { { "other-ca", "ca", FULL, 1, 1, REVOKED, "sub-ca" } }, WHOLE,
	    { 0, 0, 0 } },
	/* of an issuer that may not sign lists */
	{ "what such a one revokes",
	    { { "ca", NULL, FULL, 1, 1, REVOKED, "sub-ca" } }, SIGNS_NO_LISTS,
	    { 0, X509_V_ERR_CERT_REVOKED, 0 } },
	{ "... and does not take back",
	    { { "ca", NULL, FULL, 9, 9, REVOKED, "sub-ca" },
		{ "ca", NULL, FULL, 5, 9, NOBODY, NULL } },
	    SIGNS_NO_LISTS, { 0, X509_V_ERR_CERT_REVOKED, 0 } },
	{ "... and an old list of it",
	    { { "ca", NULL, FULL, 9, -1, NOBODY, NULL } }, SIGNS_NO_LISTS,
	    { 0, 0, 0 } },
	/* deltas */
	{ "a delta revokes",
	    { { "ca", NULL, FULL, 9, 9, NOBODY, NULL },
		{ "ca", NULL, DELTA, 5, 9, REVOKED, "sub-ca" } },
	    WHOLE, { 0, X509_V_ERR_CERT_REVOKED, 0 } },
	{ "a delta ends a hold",
	    { { "ca", NULL, FULL, 9, 9, REVOKED, "sub-ca" },
		{ "ca", NULL, DELTA, 5, 9, REMOVED, "sub-ca" } },
	    WHOLE, { 0, 0, 0 } },
	{ "a delta that says nothing takes nothing back",
	    { { "ca", NULL, FULL, 9, 9, REVOKED, "sub-ca" },
		{ "ca", NULL, DELTA, 5, 9, NOBODY, NULL } },
	    WHOLE, { 0, X509_V_ERR_CERT_REVOKED, 0 } },
	{ "a delta alone is no list that must be current",
	    { { "ca", NULL, DELTA, 9, -1, NOBODY, NULL } }, WHOLE,
	    { 0, 0, 0 } },
	/* dates */
	{ "old lists", { { "ca", NULL, FULL, 9, -1, NOBODY, NULL } }, WHOLE,
	    { 0, X509_V_ERR_CRL_HAS_EXPIRED, X509_V_ERR_CRL_HAS_EXPIRED } },
	{ "an old list that does not say how long it is valid",
	    { { "ca", NULL, FULL, 99, 0, NOBODY, NULL } }, WHOLE, { 0, 0, 0 } },
	{ "old lists of the leaf are OpenSSL's matter",
	    { { "sub-ca", NULL, FULL, 9, -1, NOBODY, NULL } }, WHOLE,
	    { 0, 0, 0 } },
	{ "an old one with a current one",
	    { { "ca", NULL, FULL, 9, -1, NOBODY, NULL },
		{ "ca", NULL, FULL, 8, 1, NOBODY, NULL } },
	    WHOLE, { 0, 0, 0 } },
};

/* The caller's copy of ca, which is freed. */
static X509 *
may_not_sign_lists(X509 *ca)
{
	X509 *copy = X509_dup(ca);
	EVP_PKEY *key = fixture_key("ca");
	ASN1_BIT_STRING *usage = ASN1_BIT_STRING_new();

	ASN1_BIT_STRING_set_bit(usage, 5, 1); /* keyCertSign */
	must(X509_add1_ext_i2d(
		 copy, NID_key_usage, usage, 1, X509V3_ADD_REPLACE) == 1 &&
		 X509_sign(copy, key, EVP_sha256()) > 0,
	    "no copy");
	ASN1_BIT_STRING_free(usage);
	EVP_PKEY_free(key);
	X509_free(ca);
	return copy;
}

/* The store of a row, and the chain to verify. */
static X509_STORE *
make_store(const struct row *row)
{
	X509_STORE *store = X509_STORE_new();
	X509 *ca = fixture_cert("ca"), *sub = fixture_cert("sub-ca");
	X509_CRL *crl;
	size_t i;

	if (row->trust == SIGNS_NO_LISTS)
		ca = may_not_sign_lists(ca);
	if (row->trust != NO_CA)
		X509_STORE_add_cert(store, ca);
	if (row->trust == ENDS_BELOW_CA || row->trust == NO_CA) {
		X509_STORE_add_cert(store, sub);
		X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	}
	for (i = 0; i < LISTS_MAX && row->lists[i].signer != NULL; i++) {
		crl = make_list(&row->lists[i]);
		X509_STORE_add_crl(store, crl);
		X509_CRL_free(crl);
	}
	X509_free(ca);
	X509_free(sub);
	return store;
}

static void
test_row(const struct row *row)
{
	X509_STORE *store = make_store(row);
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509 *leaf = fixture_cert("server-sub"), *sub = fixture_cert("sub-ca");
	STACK_OF(X509) *untrusted = sk_X509_new_null();
	const bool is_short =
	    row->trust == ENDS_BELOW_CA || row->trust == NO_CA;
	int depth, len = is_short ? 2 : 3;

	sk_X509_push(untrusted, sub);
	must(X509_STORE_CTX_init(ctx, store, leaf, untrusted), "no context");
	is_int(X509_verify_cert(ctx), 1, "%s: a chain", row->what);
	is_int(
	    sk_X509_num(X509_STORE_CTX_get0_chain(ctx)), len, "... its length");
	for (depth = 0; depth < len; depth++)
		is_int(iss_crl_status(ctx, depth), row->status[depth],
		    "... at depth %d", depth);
	X509_STORE_CTX_free(ctx);
	sk_X509_free(untrusted);
	X509_free(leaf);
	X509_free(sub);
	X509_STORE_free(store);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < ROWS(rows); i++)
		test_row(&rows[i]);
	return tap_done();
}
