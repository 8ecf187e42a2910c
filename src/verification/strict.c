/*
 * The rules of strict verification: one table, a row a rule.  A rule that
 * cannot be judged, for want of memory or because an extension is malformed,
 * counts as broken.
 */
#include "verification/strict.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "base/compat.h"
#include "names/syntax.h"

enum {
	AUTH_LEVEL = 2, /* 112 bits of security */
	RSA_BITS_MIN = 2048,
	SERIAL_OCTETS = 20,
	IPV4_LEN = 4,
	IPV6_LEN = 16
};

/* A certificate under judgement. */
struct subject {
	const X509 *cert;
	const X509 *issuer; /* NULL: not in the chain */
	int place;
	bool of_server; /* the chain is a server's */
	X509_STORE_CTX *store;
	bool check_lists; /* for revocation */
};

/* Where in the chain a rule holds. */
enum {
	LEAF = 1,
	INTERMEDIATE = 2,
	ROOT = 4,
	CA = INTERMEDIATE | ROOT,
	ANY = LEAF | CA
};

/* ---- helpers ---- */

static bool
has_ext(const X509 *cert, int nid)
{
	return X509_get_ext_by_NID(cert, nid, -1) >= 0;
}

/* -1: there is none. */
static int
criticality(const X509 *cert, int nid)
{
	int at = X509_get_ext_by_NID(cert, nid, -1);

	return at < 0 ? -1
		      : X509_EXTENSION_get_critical(X509_get_ext(cert, at));
}

static bool
is_self_issued(const X509 *cert)
{
	return X509_NAME_cmp(X509_get_subject_name(cert),
		   X509_get_issuer_name(cert)) == 0;
}

static bool
has_subject(const X509 *cert)
{
	return X509_NAME_entry_count(X509_get_subject_name(cert)) > 0;
}

static bool
is_ca(const X509 *cert)
{
	BASIC_CONSTRAINTS *constraints =
	    X509_get_ext_d2i(cert, NID_basic_constraints, NULL, NULL);
	bool ca = constraints != NULL && constraints->ca;

	BASIC_CONSTRAINTS_free(constraints);
	return ca;
}

/* ---- the certificate itself ---- */

static bool
version_is_3(const struct subject *of)
{
	return X509_get_version(of->cert) == 2; /* counted from 0 */
}

static bool
serial_is_good(const struct subject *of)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(of->cert);
	const unsigned char *bytes = ASN1_STRING_get0_data(serial);
	int len = ASN1_STRING_length(serial);
	bool is_zero = len == 0 || (len == 1 && bytes[0] == 0);

	if (is_zero || ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
		return false;
	/* the DER has one more octet if the highest bit is set */
	return len + (bytes[0] >> 7) <= SERIAL_OCTETS;
}

static bool
issuer_is_named(const struct subject *of)
{
	return X509_NAME_entry_count(X509_get_issuer_name(of->cert)) > 0;
}

static bool
subject_is_named(const struct subject *of)
{
	return has_subject(of->cert);
}

/* CA/Browser Forum: no DSA, and RSA moduli of whole octets. */
static bool
key_is_good(const struct subject *of)
{
	const EVP_PKEY *key = X509_get0_pubkey(of->cert);
	int bits;

	if (key == NULL)
		return false;
	bits = EVP_PKEY_bits((EVP_PKEY *)key);
	switch (EVP_PKEY_base_id(key)) {
	case EVP_PKEY_DSA:
		return false;
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		return bits >= RSA_BITS_MIN && bits % 8 == 0;
	default:
		return true;
	}
}

/* ---- extensions in general ---- */

static bool
exts_are_distinct(const struct subject *of)
{
	const X509_EXTENSION *ext;
	int i, n = X509_get_ext_count(of->cert);

	for (i = 0; i < n; i++) {
		ext = X509_get_ext(of->cert, i);
		if (X509_get_ext_by_OBJ(of->cert,
			X509_EXTENSION_get_object((X509_EXTENSION *)ext),
			i) >= 0)
			return false;
	}
	return true;
}

/* An extension that OpenSSL has a parser for. */
static bool
is_parsable(X509_EXTENSION *ext)
{
	const X509V3_EXT_METHOD *method = X509V3_EXT_get(ext);
	void *value;

	if (method == NULL)
		return true;
	if ((value = X509V3_EXT_d2i(ext)) == NULL)
		return false;
	if (method->it != NULL)
		ASN1_item_free(value, ASN1_ITEM_ptr(method->it));
	else
		method->ext_free(value);
	return true;
}

static bool
exts_are_parsable(const struct subject *of)
{
	int i, n = X509_get_ext_count(of->cert);

	for (i = 0; i < n; i++)
		if (!is_parsable((X509_EXTENSION *)X509_get_ext(of->cert, i)))
			return false;
	return true;
}

/* ---- key identifiers ---- */

static bool
key_ids_are_not_critical(const struct subject *of)
{
	return criticality(of->cert, NID_subject_key_identifier) <= 0 &&
	       criticality(of->cert, NID_authority_key_identifier) <= 0;
}

static bool
has_subject_key_id(const struct subject *of)
{
	return has_ext(of->cert, NID_subject_key_identifier);
}

/* Only a root may lack it. */
static bool
has_authority_key_id(const struct subject *of)
{
	AUTHORITY_KEYID *id;
	bool has;

	if (!has_ext(of->cert, NID_authority_key_identifier))
		return is_self_issued(of->cert) && of->place != INTERMEDIATE;
	id = X509_get_ext_d2i(
	    of->cert, NID_authority_key_identifier, NULL, NULL);
	has = id != NULL && id->keyid != NULL;
	AUTHORITY_KEYID_free(id);
	return has;
}

static bool
key_ids_match(const struct subject *of)
{
	AUTHORITY_KEYID *id;
	ASN1_OCTET_STRING *of_issuer;
	bool match = true;

	if (of->issuer == NULL)
		return true;
	id = X509_get_ext_d2i(
	    of->cert, NID_authority_key_identifier, NULL, NULL);
	of_issuer = X509_get_ext_d2i(
	    of->issuer, NID_subject_key_identifier, NULL, NULL);
	if (id != NULL && id->keyid != NULL && of_issuer != NULL)
		match = ASN1_OCTET_STRING_cmp(id->keyid, of_issuer) == 0;
	AUTHORITY_KEYID_free(id);
	ASN1_OCTET_STRING_free(of_issuer);
	return match;
}

/* ---- CAs ---- */

static bool
ca_says_so(const struct subject *of)
{
	return is_ca(of->cert) &&
	       criticality(of->cert, NID_basic_constraints) == 1;
}

static bool
policy_constraints_are_critical(const struct subject *of)
{
	return criticality(of->cert, NID_policy_constraints) != 0 &&
	       criticality(of->cert, NID_inhibit_any_policy) != 0;
}

static bool
root_has_no_extended_usage(const struct subject *of)
{
	return !has_ext(of->cert, NID_ext_key_usage);
}

/* A name constraint of DNS is a name, without a period in front of it. */
static bool
are_good_subtrees(const STACK_OF(GENERAL_SUBTREE) * subtrees)
{
	const GENERAL_NAME *base;
	const unsigned char *bytes;
	int i;

	for (i = 0; i < sk_GENERAL_SUBTREE_num(subtrees); i++) {
		base = sk_GENERAL_SUBTREE_value(subtrees, i)->base;
		if (base->type != GEN_DNS ||
		    ASN1_STRING_length(base->d.dNSName) == 0)
			continue;
		bytes = ASN1_STRING_get0_data(base->d.dNSName);
		if (bytes[0] == '.' || bytes[0] == '*')
			return false;
	}
	return true;
}

static bool
name_constraints_are_good(const struct subject *of)
{
	NAME_CONSTRAINTS *names;
	bool good;

	if (!has_ext(of->cert, NID_name_constraints))
		return true;
	names = X509_get_ext_d2i(of->cert, NID_name_constraints, NULL, NULL);
	good = names != NULL &&
	       (sk_GENERAL_SUBTREE_num(names->permittedSubtrees) > 0 ||
		   sk_GENERAL_SUBTREE_num(names->excludedSubtrees) > 0) &&
	       are_good_subtrees(names->permittedSubtrees) &&
	       are_good_subtrees(names->excludedSubtrees);
	NAME_CONSTRAINTS_free(names);
	return good;
}

/* ---- leaves ---- */

static bool
leaf_is_not_a_ca(const struct subject *of)
{
	return !is_ca(of->cert);
}

static bool
leaf_signs_no_certs(const struct subject *of)
{
	ASN1_BIT_STRING *usage =
	    X509_get_ext_d2i(of->cert, NID_key_usage, NULL, NULL);
	const int key_cert_sign = 5; /* RFC 5280, 4.2.1.3 */
	bool signs =
	    usage != NULL && ASN1_BIT_STRING_get_bit(usage, key_cert_sign);

	ASN1_BIT_STRING_free(usage);
	return !signs;
}

static bool
leaf_has_no_name_constraints(const struct subject *of)
{
	return !has_ext(of->cert, NID_name_constraints);
}

static bool
leaf_usage_is_particular(const struct subject *of)
{
	EXTENDED_KEY_USAGE *usages;
	bool good = true;
	int i;

	if (!has_ext(of->cert, NID_ext_key_usage))
		return true;
	usages = X509_get_ext_d2i(of->cert, NID_ext_key_usage, NULL, NULL);
	if (sk_ASN1_OBJECT_num(usages) <= 0)
		good = false;
	for (i = 0; i < sk_ASN1_OBJECT_num(usages); i++)
		good &= OBJ_obj2nid(sk_ASN1_OBJECT_value(usages, i)) !=
			NID_anyExtendedKeyUsage;
	EXTENDED_KEY_USAGE_free(usages);
	return good;
}

/* ---- names of a leaf ---- */

static bool
is_good_name(const GENERAL_NAME *name)
{
	const ASN1_STRING *text =
	    name->type == GEN_IPADD ? name->d.iPAddress : name->d.ia5;
	const unsigned char *bytes;
	int len;

	if (name->type != GEN_DNS && name->type != GEN_EMAIL &&
	    name->type != GEN_IPADD)
		return true;
	bytes = ASN1_STRING_get0_data(text);
	len = ASN1_STRING_length(text);
	if (len <= 0)
		return false;
	switch (name->type) {
	case GEN_DNS:
		return iss_syntax_is_dns_name(bytes, (size_t)len);
	case GEN_EMAIL:
		return iss_syntax_is_mailbox(bytes, (size_t)len);
	default:
		return len == IPV4_LEN || len == IPV6_LEN;
	}
}

static bool
has_alt_names(const struct subject *of)
{
	GENERAL_NAMES *names;
	bool has;

	if (!has_ext(of->cert, NID_subject_alt_name))
		return !of->of_server && has_subject(of->cert);
	names = X509_get_ext_d2i(of->cert, NID_subject_alt_name, NULL, NULL);
	has = sk_GENERAL_NAME_num(names) > 0;
	GENERAL_NAMES_free(names);
	return has;
}

static bool
alt_names_are_good(const struct subject *of)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(of->cert, NID_subject_alt_name, NULL, NULL);
	bool good = true;
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(names); i++)
		good &= is_good_name(sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
	return good;
}

static bool
alt_names_are_critical_if_alone(const struct subject *of)
{
	int critical = criticality(of->cert, NID_subject_alt_name);

	return critical < 0 || (critical == 1) == !has_subject(of->cert);
}

/* ---- revocation lists ---- */

/* Those of the issuer that are in the store. */
static bool
lists_have_numbers(const struct subject *of)
{
	STACK_OF(X509_CRL) * lists;
	const X509_CRL *list;
	bool good = true;
	int i, at;

	if (!of->check_lists)
		return true;
	lists =
	    X509_STORE_CTX_get1_crls(of->store, X509_get_issuer_name(of->cert));
	for (i = 0; i < sk_X509_CRL_num(lists); i++) {
		list = sk_X509_CRL_value(lists, i);
		at = X509_CRL_get_ext_by_NID(list, NID_crl_number, -1);
		good &= at >= 0 && !X509_EXTENSION_get_critical(
				       X509_CRL_get_ext(list, at));
	}
	sk_X509_CRL_pop_free(lists, X509_CRL_free);
	return good;
}

/* ---- the table ---- */

/* clang-format off */

static const struct rule {
	int where;
	bool (*holds)(const struct subject *of);
	const char *text;
	const char *source;
} rules[] = {
	{ ANY, version_is_3,
	  "the version must be 3", "RFC 5280, 4.1.2.1" },
	{ ANY, serial_is_good,
	  "the serial number must be positive and have at most 20 octets",
	  "RFC 5280, 4.1.2.2" },
	{ ANY, issuer_is_named,
	  "the issuer must have a name", "RFC 5280, 4.1.2.4" },
	{ CA, subject_is_named,
	  "the subject of a CA must have a name", "RFC 5280, 4.1.2.6" },
	{ ANY, key_is_good,
	  "the key must not be DSA, and RSA must have at least 2048 bits, in "
	  "whole octets", "CA/Browser Forum BR, 6.1.5" },
	{ ANY, exts_are_distinct,
	  "each extension must occur only once", "RFC 5280, 4.2" },
	{ ANY, exts_are_parsable,
	  "each known extension must be well formed", "RFC 5280, 4.2" },
	{ ANY, key_ids_are_not_critical,
	  "key identifiers must not be critical", "RFC 5280, 4.2.1.1, 4.2.1.2" },
	{ ANY, has_authority_key_id,
	  "there must be an authority key identifier, with a keyIdentifier",
	  "RFC 5280, 4.2.1.1" },
	{ ANY, key_ids_match,
	  "the authority key identifier must be the issuer's key identifier",
	  "RFC 5280, 4.2.1.1" },
	{ CA, has_subject_key_id,
	  "a CA must have a subject key identifier", "RFC 5280, 4.2.1.2" },
	{ CA, ca_says_so,
	  "a CA must say so in basicConstraints, which must be critical",
	  "RFC 5280, 4.2.1.9" },
	{ CA, name_constraints_are_good,
	  "nameConstraints must not be empty, and their DNS names not begin "
	  "with '.' or '*'", "RFC 5280, 4.2.1.10" },
	{ CA, policy_constraints_are_critical,
	  "policyConstraints and inhibitAnyPolicy must be critical",
	  "RFC 5280, 4.2.1.11, 4.2.1.14" },
	{ ROOT, root_has_no_extended_usage,
	  "a root must not have extKeyUsage", "CA/Browser Forum BR, 7.1.2.1" },
	{ LEAF, leaf_is_not_a_ca,
	  "a leaf must not be a CA", "RFC 5280, 4.2.1.9" },
	{ LEAF, leaf_signs_no_certs,
	  "keyCertSign is for CAs", "RFC 5280, 4.2.1.3, 4.2.1.9" },
	{ LEAF, leaf_has_no_name_constraints,
	  "nameConstraints are for CAs", "RFC 5280, 4.2.1.10" },
	{ LEAF, leaf_usage_is_particular,
	  "extKeyUsage must not be empty or anyExtendedKeyUsage",
	  "RFC 5280, 4.2.1.12; CA/Browser Forum BR, 7.1.2.7.10" },
	{ LEAF, has_alt_names,
	  "there must be a name in subjectAltName",
	  "RFC 9525, 2; RFC 5280, 4.2.1.6" },
	{ LEAF, alt_names_are_good,
	  "names in subjectAltName must be well formed", "RFC 5280, 4.2.1.6" },
	{ ANY, lists_have_numbers,
	  "the revocation lists of its issuer must have numbers, which must "
	  "not be critical", "RFC 5280, 5.2.3" },
	{ LEAF, alt_names_are_critical_if_alone,
	  "subjectAltName must be critical if the subject is empty, and only "
	  "then", "RFC 5280, 4.2.1.6" },
};

/* clang-format on */

enum { RULES = sizeof(rules) / sizeof(rules[0]) };

static struct subject
subject_at(X509_STORE_CTX *store, int depth, bool of_server)
{
	const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);
	unsigned long flags =
	    X509_VERIFY_PARAM_get_flags(X509_STORE_CTX_get0_param(store));
	struct subject of = { .cert = sk_X509_value(chain, depth),
		.place = LEAF,
		.of_server = of_server,
		.store = store,
		.check_lists = (flags & X509_V_FLAG_CRL_CHECK) != 0 };

	if (depth + 1 < sk_X509_num(chain))
		of.issuer = sk_X509_value(chain, depth + 1);
	else if (is_self_issued(of.cert))
		of.issuer = of.cert;
	if (depth > 0)
		of.place = of.issuer == of.cert ? ROOT : INTERMEDIATE;
	return of;
}

bool
iss_strict_find(
    X509_STORE_CTX *store, bool of_server, struct iss_strict_flaw *flaw)
{
	int n = sk_X509_num(X509_STORE_CTX_get0_chain(store));
	struct subject of;
	size_t row = flaw->next;
	bool holds;

	for (; flaw->depth < n; flaw->depth++, row = 0) {
		of = subject_at(store, flaw->depth, of_server);
		for (; row < RULES; row++) {
			if (!(rules[row].where & of.place))
				continue;
			holds = rules[row].holds(&of);
			ERR_clear_error();
			if (holds)
				continue;
			flaw->rule = rules[row].text;
			flaw->source = rules[row].source;
			flaw->next = row + 1;
			return true;
		}
	}
	return false;
}

/* ---- the rest ---- */

void
iss_strict_prepare(X509_STORE_CTX *store)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(store);

	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
	X509_VERIFY_PARAM_clear_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	if (X509_VERIFY_PARAM_get_auth_level(param) < AUTH_LEVEL)
		X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
}

bool
iss_strict_forgives(X509_STORE_CTX *store)
{
	int n = sk_X509_num(X509_STORE_CTX_get0_chain(store));

	return X509_STORE_CTX_get_error(store) ==
		   ISS_COMPAT_V_ERR_NO_KEY_USAGE &&
	       X509_STORE_CTX_get_error_depth(store) == n - 1;
}

struct iss_scheme
iss_strict_scheme(const struct iss_scheme *scheme)
{
	struct iss_scheme strict = *scheme;

	strict.check_cn = ISS_CN_NEVER;
	if (strict.wildcards_in_alt == ISS_WILDCARDS_ANYWHERE)
		strict.wildcards_in_alt = ISS_WILDCARDS_FULL_LABEL;
	return strict;
}
