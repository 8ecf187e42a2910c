/*
 * Owns the choice between several revocation lists of one issuer.
 */
#include "revocation/crl.h"

#include <stdbool.h>
#include <time.h>

#include <openssl/x509v3.h>

/* Of one certificate. */
struct lists {
	X509 *cert, *issuer;      /* issuer is owned; NULL: not known */
	STACK_OF(X509_CRL) * all; /* of the issuer's name, owned; NULL: none */
};

enum entry { ENTRY_NONE, ENTRY_REVOKED, ENTRY_REMOVED };

static enum entry
entry_of(X509_CRL *crl, X509 *cert)
{
	X509_REVOKED *ignored;

	switch (X509_CRL_get0_by_cert(crl, &ignored, cert)) {
	case 0:
		return ENTRY_NONE;
	case 2: /* removeFromCRL: a hold is over (RFC 5280, 5.3.1) */
		return ENTRY_REMOVED;
	default:
		return ENTRY_REVOKED;
	}
}

static bool
is_delta(const X509_CRL *crl)
{
	return X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0;
}

static bool
is_of_key(X509_CRL *crl, X509 *issuer)
{
	EVP_PKEY *key = issuer != NULL ? X509_get0_pubkey(issuer) : NULL;

	return key != NULL && X509_CRL_verify(crl, key) > 0;
}

/* By an issuer that may sign lists (RFC 5280, 6.3.3 (f)). */
static bool
is_signed(X509_CRL *crl, X509 *issuer)
{
	return issuer != NULL &&
	       (X509_get_key_usage(issuer) & KU_CRL_SIGN) != 0 &&
	       is_of_key(crl, issuer);
}

/* Which certificates a list is about (RFC 5280, 5.2.5); NULL: all. */
static const ASN1_OCTET_STRING *
scope_of(const X509_CRL *crl)
{
	int at =
	    X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1);

	return at < 0 ? NULL
		      : X509_EXTENSION_get_data(X509_CRL_get_ext(crl, at));
}

static bool
same_scope(const X509_CRL *a, const X509_CRL *b)
{
	const ASN1_OCTET_STRING *of_a = scope_of(a), *of_b = scope_of(b);

	if (of_a == NULL || of_b == NULL)
		return of_a == of_b;
	return ASN1_OCTET_STRING_cmp(of_a, of_b) == 0;
}

/* In the past, by the clock of the machine? */
static bool
is_over(const ASN1_TIME *asn1)
{
	int order = ASN1_TIME_cmp_time_t(asn1, time(NULL));

	return order == -1 || order == 0; /* -2: it is not a time */
}

static bool
is_newer(const X509_CRL *crl, const X509_CRL *than)
{
	return is_over(X509_CRL_get0_lastUpdate(crl)) &&
	       ASN1_TIME_compare(X509_CRL_get0_lastUpdate(crl),
		   X509_CRL_get0_lastUpdate(than)) > 0;
}

/* Does a newer list of the same scope take back what crl says of the
 * certificate?  A delta does so only in words. */
static bool
is_taken_back(const struct lists *lists, const X509_CRL *crl)
{
	X509_CRL *other;
	enum entry entry;
	int i;

	for (i = 0; i < sk_X509_CRL_num(lists->all); i++) {
		other = sk_X509_CRL_value(lists->all, i);
		entry = entry_of(other, lists->cert);
		if (entry != ENTRY_REVOKED &&
		    (entry == ENTRY_REMOVED || !is_delta(other)) &&
		    is_newer(other, crl) && same_scope(other, crl) &&
		    is_signed(other, lists->issuer))
			return true;
	}
	return false;
}

/* Signatures come last: hardly any list names the certificate.  What an issuer
 * revokes is revoked even if its certificate does not let it sign lists. */
static bool
is_revoked(const struct lists *lists)
{
	X509_CRL *crl;
	int i;

	for (i = 0; i < sk_X509_CRL_num(lists->all); i++) {
		crl = sk_X509_CRL_value(lists->all, i);
		if (entry_of(crl, lists->cert) != ENTRY_REVOKED)
			continue;
		if (lists->issuer == NULL || /* nobody can vouch for it */
		    (is_of_key(crl, lists->issuer) &&
			!is_taken_back(lists, crl)))
			return true;
	}
	return false;
}

/* Are there complete lists of the issuer, all of which are too old? */
static bool
is_outdated(const struct lists *lists)
{
	const ASN1_TIME *next;
	X509_CRL *crl;
	bool outdated = false;
	int i;

	for (i = 0; i < sk_X509_CRL_num(lists->all); i++) {
		crl = sk_X509_CRL_value(lists->all, i);
		if (is_delta(crl) || !is_signed(crl, lists->issuer))
			continue;
		next = X509_CRL_get0_nextUpdate(crl);
		if (next == NULL || !is_over(next))
			return false;
		outdated = true;
	}
	return outdated;
}

/* The caller's; NULL: it is not known. */
static X509 *
issuer_get1(X509_STORE_CTX *store, int depth)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);
	X509 *cert = sk_X509_value(chain, depth);
	X509 *issuer = sk_X509_value(chain, depth + 1);

	if (issuer == NULL && X509_check_issued(cert, cert) == X509_V_OK)
		issuer = cert;
	if (issuer != NULL) {
		X509_up_ref(issuer);
		return issuer;
	}
	if (X509_STORE_CTX_get_get_issuer(store)(&issuer, store, cert) > 0)
		return issuer;
	return NULL;
}

int
iss_crl_status(X509_STORE_CTX *store, int depth)
{
	struct lists lists = { .cert = sk_X509_value(
				   X509_STORE_CTX_get0_chain(store), depth) };
	int status = X509_V_OK;

	lists.all =
	    X509_STORE_CTX_get1_crls(store, X509_get_issuer_name(lists.cert));
	if (sk_X509_CRL_num(lists.all) > 0)
		lists.issuer = issuer_get1(store, depth);
	if (is_revoked(&lists))
		status = X509_V_ERR_CERT_REVOKED;
	else if (depth > 0 && is_outdated(&lists))
		status = X509_V_ERR_CRL_HAS_EXPIRED;
	X509_free(lists.issuer);
	sk_X509_CRL_pop_free(lists.all, X509_CRL_free);
	return status;
}
