/*
 * The rules of strict verification: a chain that keeps all of them, and for
 * each rule chains that differ in one thing.
 */
#include "verification/strict.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "fixture.h"
#include "tap.h"
#include "x509/key.h"

enum { LEAF, SUB, ROOT, CERTS_OF_CHAIN };

static EVP_PKEY *keys[CERTS_OF_CHAIN];

/* ---- the good chain ---- */

static void
add_ext(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&ctx);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, (char *)value);
	if (ext == NULL || !X509_add_ext(cert, ext, -1)) {
		printf("Bail out! extension %s: %s\n", OBJ_nid2sn(nid), value);
		exit(2);
	}
	X509_EXTENSION_free(ext);
}

static void
remove_ext(X509 *cert, int nid)
{
	int at;

	while ((at = X509_get_ext_by_NID(cert, nid, -1)) >= 0)
		X509_EXTENSION_free(X509_delete_ext(cert, at));
}

static void
set_subject(X509 *cert, const char *cn)
{
	X509_NAME *name = X509_NAME_new();

	if (cn != NULL)
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		    (const unsigned char *)cn, -1, -1, 0);
	X509_set_subject_name(cert, name);
	X509_NAME_free(name);
}

static X509 *
make(const char *cn, int number, X509 *issuer)
{
	X509 *cert = X509_new();

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), number + 1);
	set_subject(cert, cn);
	X509_set_issuer_name(
	    cert, X509_get_subject_name(issuer != NULL ? issuer : cert));
	X509_set_pubkey(cert, keys[number]);
	add_ext(cert, issuer, NID_subject_key_identifier, "hash");
	add_ext(cert, issuer != NULL ? issuer : cert,
	    NID_authority_key_identifier, "keyid:always");
	add_ext(cert, issuer, NID_basic_constraints,
	    number == LEAF ? "critical,CA:FALSE" : "critical,CA:TRUE");
	add_ext(cert, issuer, NID_key_usage,
	    number == LEAF ? "critical,digitalSignature"
			   : "critical,keyCertSign,cRLSign");
	return cert;
}

static STACK_OF(X509) * good_chain(void)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *root = make("Root", ROOT, NULL);
	X509 *sub = make("Sub", SUB, root);
	X509 *leaf = make("www.example.com", LEAF, sub);

	add_ext(leaf, sub, NID_ext_key_usage, "serverAuth,clientAuth");
	add_ext(leaf, sub, NID_subject_alt_name, "DNS:www.example.com");
	sk_X509_push(chain, leaf);
	sk_X509_push(chain, sub);
	sk_X509_push(chain, root);
	return chain;
}

/* ---- changes for which there is no extension ---- */

static void
set_serial(X509 *cert, const char *hex)
{
	BIGNUM *number = NULL;

	BN_hex2bn(&number, hex);
	BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
	BN_free(number);
}

static void
version_1(X509 *cert)
{
	X509_set_version(cert, 0);
}

static void
serial_0(X509 *cert)
{
	set_serial(cert, "0");
}

static void
serial_negative(X509 *cert)
{
	set_serial(cert, "-1");
}

static void
serial_of_20(X509 *cert)
{
	set_serial(cert, "7fffffffffffffffffffffffffffffffffffffff");
}

static void
serial_of_20_with_high_bit(X509 *cert)
{
	set_serial(cert, "80ffffffffffffffffffffffffffffffffffffff");
}

static void
no_issuer(X509 *cert)
{
	X509_NAME *name = X509_NAME_new();

	X509_set_issuer_name(cert, name);
	X509_NAME_free(name);
}

static void
no_subject(X509 *cert)
{
	set_subject(cert, NULL);
}

static void
no_subject_and_critical_name(X509 *cert)
{
	set_subject(cert, NULL);
	remove_ext(cert, NID_subject_alt_name);
	add_ext(
	    cert, NULL, NID_subject_alt_name, "critical,DNS:www.example.com");
}

static void
set_rsa_key(X509 *cert, int bits)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
	EVP_PKEY *key = NULL;

	EVP_PKEY_keygen_init(ctx);
	EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, bits);
	EVP_PKEY_keygen(ctx, &key);
	X509_set_pubkey(cert, key);
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(ctx);
}

static void
rsa_2048(X509 *cert)
{
	set_rsa_key(cert, 2048);
}

static void
rsa_1024(X509 *cert)
{
	set_rsa_key(cert, 1024);
}

static void
rsa_2050(X509 *cert)
{
	set_rsa_key(cert, 2050);
}

static void
twice(X509 *cert)
{
	add_ext(cert, NULL, NID_key_usage, "digitalSignature");
}

/* ---- the rows ---- */

/* A change of one certificate, and a part of the rule that it breaks; NULL:
 * none. */
static const struct change {
	const char *label;
	int depth;
	int nid;           /* the extension that is replaced */
	const char *value; /* by this one; NULL: by none */
	void (*apply)(X509 *cert);
	const char *rule;
} changes[] = {
	{ "nothing is changed", LEAF, 0, NULL, NULL, NULL },

	{ "version 1", LEAF, 0, NULL, version_1, "version" },
	{ "version 1", SUB, 0, NULL, version_1, "version" },
	{ "version 1", ROOT, 0, NULL, version_1, "version" },
	{ "serial number 0", LEAF, 0, NULL, serial_0, "serial" },
	{ "a negative serial number", SUB, 0, NULL, serial_negative, "serial" },
	{ "a serial number of 20 octets", LEAF, 0, NULL, serial_of_20, NULL },
	{ "a serial number of 21 octets", LEAF, 0, NULL,
	    serial_of_20_with_high_bit, "serial" },
	{ "no issuer", LEAF, 0, NULL, no_issuer, "issuer must have" },
	{ "no subject", SUB, 0, NULL, no_subject, "subject of a CA" },

	{ "RSA, 2048 bits", LEAF, 0, NULL, rsa_2048, NULL },
	{ "RSA, 1024 bits", LEAF, 0, NULL, rsa_1024, "RSA" },
	{ "RSA, 2050 bits", ROOT, 0, NULL, rsa_2050, "RSA" },

	{ "an extension occurs twice", LEAF, 0, NULL, twice, "only once" },
	{ "malformed authorityInfoAccess", LEAF, NID_info_access, "DER:0102",
	    NULL, "well formed" },
	{ "malformed certificatePolicies", SUB, NID_certificate_policies,
	    "DER:3003", NULL, "well formed" },
	{ "authorityInfoAccess", LEAF, NID_info_access,
	    "OCSP;URI:http://ocsp.example/", NULL, NULL },

	{ "critical subjectKeyIdentifier", SUB, NID_subject_key_identifier,
	    "critical,hash", NULL, "not be critical" },
	{ "critical authorityKeyIdentifier", LEAF, NID_authority_key_identifier,
	    "critical,keyid:always", NULL, "not be critical" },
	{ "no authorityKeyIdentifier", LEAF, NID_authority_key_identifier, NULL,
	    NULL, "authority key identifier" },
	{ "no authorityKeyIdentifier", SUB, NID_authority_key_identifier, NULL,
	    NULL, "authority key identifier" },
	{ "no authorityKeyIdentifier", ROOT, NID_authority_key_identifier, NULL,
	    NULL, NULL },
	{ "authorityKeyIdentifier without keyIdentifier", ROOT,
	    NID_authority_key_identifier, "DER:3003820101", NULL,
	    "authority key identifier" },
	{ "the authorityKeyIdentifier of another key", LEAF,
	    NID_authority_key_identifier, "DER:30048002abcd", NULL,
	    "must be the issuer's" },
	{ "the authorityKeyIdentifier of another key", ROOT,
	    NID_authority_key_identifier, "DER:30048002abcd", NULL,
	    "must be the issuer's" },
	{ "no subjectKeyIdentifier", LEAF, NID_subject_key_identifier, NULL,
	    NULL, NULL },
	{ "no subjectKeyIdentifier", SUB, NID_subject_key_identifier, NULL,
	    NULL, "subject key identifier" },
	{ "no subjectKeyIdentifier", ROOT, NID_subject_key_identifier, NULL,
	    NULL, "subject key identifier" },

	{ "no basicConstraints", LEAF, NID_basic_constraints, NULL, NULL,
	    NULL },
	{ "no basicConstraints", SUB, NID_basic_constraints, NULL, NULL,
	    "say so in basicConstraints" },
	{ "CA:FALSE", SUB, NID_basic_constraints, "critical,CA:FALSE", NULL,
	    "say so in basicConstraints" },
	{ "basicConstraints that are not critical", ROOT, NID_basic_constraints,
	    "CA:TRUE", NULL, "say so in basicConstraints" },
	{ "a length of the chain", SUB, NID_basic_constraints,
	    "critical,CA:TRUE,pathlen:0", NULL, NULL },

	{ "nameConstraints", SUB, NID_name_constraints,
	    "critical,permitted;DNS:example.com", NULL, NULL },
	{ "nameConstraints that are not critical", SUB, NID_name_constraints,
	    "excluded;DNS:example.org", NULL, NULL },
	{ "empty nameConstraints", SUB, NID_name_constraints,
	    "critical,DER:3000", NULL, "nameConstraints must" },
	{ "nameConstraints with empty lists", SUB, NID_name_constraints,
	    "critical,DER:3004a000a100", NULL, "nameConstraints must" },
	{ "nameConstraints with a period", SUB, NID_name_constraints,
	    "critical,permitted;DNS:.example.com", NULL,
	    "nameConstraints must" },
	{ "nameConstraints with a wildcard", ROOT, NID_name_constraints,
	    "critical,excluded;DNS:*.example.com", NULL,
	    "nameConstraints must" },
	{ "nameConstraints", LEAF, NID_name_constraints,
	    "critical,permitted;DNS:example.com", NULL,
	    "nameConstraints are for CAs" },
	{ "policyConstraints", SUB, NID_policy_constraints,
	    "critical,requireExplicitPolicy:3", NULL, NULL },
	{ "policyConstraints that are not critical", SUB,
	    NID_policy_constraints, "requireExplicitPolicy:3", NULL,
	    "policyConstraints" },
	{ "inhibitAnyPolicy that is not critical", SUB, NID_inhibit_any_policy,
	    "2", NULL, "inhibitAnyPolicy" },
	{ "extKeyUsage", ROOT, NID_ext_key_usage, "serverAuth", NULL,
	    "root must not have extKeyUsage" },
	{ "extKeyUsage", SUB, NID_ext_key_usage, "serverAuth", NULL, NULL },

	{ "CA:TRUE", LEAF, NID_basic_constraints, "critical,CA:TRUE", NULL,
	    "leaf must not be a CA" },
	{ "keyCertSign", LEAF, NID_key_usage,
	    "critical,digitalSignature,keyCertSign", NULL, "keyCertSign" },
	{ "no keyUsage", LEAF, NID_key_usage, NULL, NULL, NULL },
	{ "no keyUsage", ROOT, NID_key_usage, NULL, NULL, NULL },
	{ "no extKeyUsage", LEAF, NID_ext_key_usage, NULL, NULL, NULL },
	{ "anyExtendedKeyUsage", LEAF, NID_ext_key_usage,
	    "serverAuth,anyExtendedKeyUsage", NULL, "anyExtendedKeyUsage" },
	{ "empty extKeyUsage", LEAF, NID_ext_key_usage, "DER:3000", NULL,
	    "anyExtendedKeyUsage" },

	{ "no subjectAltName", LEAF, NID_subject_alt_name, NULL, NULL,
	    "name in subjectAltName" },
	{ "empty subjectAltName", LEAF, NID_subject_alt_name, "DER:3000", NULL,
	    "name in subjectAltName" },
	{ "a wildcard", LEAF, NID_subject_alt_name,
	    "DNS:*.example.com,DNS:example.com", NULL, NULL },
	{ "an address", LEAF, NID_subject_alt_name, "IP:::1,IP:192.0.2.1", NULL,
	    NULL },
	{ "other names", LEAF, NID_subject_alt_name,
	    "DNS:a.example,URI:sip:b@c,email:*@example.com,RID:1.2.3", NULL,
	    NULL },
	{ "an underscore", LEAF, NID_subject_alt_name, "DNS:a_b.example.com",
	    NULL, "well formed" },
	{ "a partial wildcard", LEAF, NID_subject_alt_name,
	    "DNS:www*.example.com", NULL, "well formed" },
	{ "an empty name", LEAF, NID_subject_alt_name, "DER:30028200", NULL,
	    "well formed" },
	{ "an address of 3 octets", LEAF, NID_subject_alt_name,
	    "DER:30058703010203", NULL, "well formed" },
	{ "a mailbox without a domain", LEAF, NID_subject_alt_name,
	    "DER:3004810261"
	    "40",
	    NULL, "well formed" },
	{ "critical subjectAltName", LEAF, NID_subject_alt_name,
	    "critical,DNS:www.example.com", NULL, "only then" },
	{ "no subject", LEAF, 0, NULL, no_subject, "only then" },
	{ "no subject, critical subjectAltName", LEAF, 0, NULL,
	    no_subject_and_critical_name, NULL },
};

static void
apply(const struct change *change, STACK_OF(X509) * chain)
{
	X509 *cert = sk_X509_value(chain, change->depth);
	X509 *issuer = change->depth == ROOT
			   ? cert
			   : sk_X509_value(chain, change->depth + 1);

	if (change->nid != 0)
		remove_ext(cert, change->nid);
	if (change->value != NULL)
		add_ext(cert, issuer, change->nid, change->value);
	if (change->apply != NULL)
		change->apply(cert);
}

/* A store with a chain that was verified. */
static X509_STORE_CTX *
store_with(STACK_OF(X509) * chain)
{
	X509_STORE_CTX *store = X509_STORE_CTX_new();

	X509_STORE_CTX_init(store, NULL, sk_X509_value(chain, 0), NULL);
	X509_STORE_CTX_set0_verified_chain(store, chain);
	return store;
}

static void
test_change(const struct change *change)
{
	STACK_OF(X509) *chain = good_chain();
	struct iss_strict_flaw flaw = { 0 };
	X509_STORE_CTX *store;
	bool found;

	apply(change, chain);
	store = store_with(chain);
	found = iss_strict_find(store, true, &flaw);
	if (change->rule == NULL) {
		ok(!found, "depth %d, %s: good", change->depth, change->label);
	} else {
		has_text(found ? flaw.rule : "no rule", change->rule,
		    "depth %d, %s: refused", change->depth, change->label);
		is_int(flaw.depth, change->depth, "... at that depth");
		has_text(found ? flaw.source : "none",
		    found && flaw.source[0] == 'C' ? "CA/Browser Forum"
						   : "RFC ",
		    "... with the source of the rule");
	}
	is_int((long long)ERR_peek_error(), 0, "... the queue stays empty");
	X509_STORE_CTX_free(store);
}

/* A client needs no alternative name, as long as it has another one. */
static void
test_clients(void)
{
	STACK_OF(X509) *chain = good_chain();
	struct iss_strict_flaw flaw = { 0 };
	X509_STORE_CTX *store = store_with(chain);
	X509 *leaf = sk_X509_value(chain, 0);

	remove_ext(leaf, NID_subject_alt_name);
	ok(!iss_strict_find(store, false, &flaw),
	    "a client: subjectAltName may be missing");
	set_subject(leaf, NULL);
	memset(&flaw, 0, sizeof(flaw));
	ok(iss_strict_find(store, false, &flaw),
	    "... but not the subject, too");
	X509_STORE_CTX_free(store);
}

/* All flaws are found, one after the other. */
static void
test_several(void)
{
	static const struct {
		int depth;
		const char *rule;
	} rows[] = {
		{ LEAF, "version" },
		{ LEAF, "serial" },
		{ SUB, "version" },
		{ ROOT, "subject key identifier" },
	};
	STACK_OF(X509) *chain = good_chain();
	struct iss_strict_flaw flaw = { 0 };
	X509_STORE_CTX *store = store_with(chain);
	size_t i;

	version_1(sk_X509_value(chain, LEAF));
	serial_0(sk_X509_value(chain, LEAF));
	version_1(sk_X509_value(chain, SUB));
	remove_ext(sk_X509_value(chain, ROOT), NID_subject_key_identifier);
	for (i = 0; i < ROWS(rows); i++) {
		ok(iss_strict_find(store, true, &flaw), "several: number %zu",
		    i + 1);
		is_int(flaw.depth, rows[i].depth, "... its depth");
		has_text(flaw.rule, rows[i].rule, "... its rule");
	}
	ok(!iss_strict_find(store, true, &flaw), "... and no more");
	X509_STORE_CTX_free(store);
}

/* A self-signed certificate that is trusted itself is a leaf, not a root. */
static void
test_one_alone(void)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct iss_strict_flaw flaw = { 0 };
	X509 *cert = make("alone", LEAF, NULL);
	X509_STORE_CTX *store;

	add_ext(cert, cert, NID_subject_alt_name, "DNS:alone");
	sk_X509_push(chain, cert);
	store = store_with(chain);
	ok(!iss_strict_find(store, true, &flaw), "a leaf alone: good");
	remove_ext(cert, NID_authority_key_identifier);
	ok(!iss_strict_find(store, true, &flaw),
	    "... also without an authority key identifier");
	X509_STORE_CTX_free(store);
}

static void
test_prepare(void)
{
	X509_STORE_CTX *store = store_with(good_chain());
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(store);
	unsigned long flags;

	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_auth_level(param, 0);
	iss_strict_prepare(store);
	flags = X509_VERIFY_PARAM_get_flags(param);
	ok(flags & X509_V_FLAG_X509_STRICT, "OpenSSL is strict");
	ok(!(flags & X509_V_FLAG_PARTIAL_CHAIN), "no partial chain");
	is_int(X509_VERIFY_PARAM_get_auth_level(param), 2, "level 2");
	X509_VERIFY_PARAM_set_auth_level(param, 3);
	iss_strict_prepare(store);
	is_int(X509_VERIFY_PARAM_get_auth_level(param), 3, "... or higher");
	X509_STORE_CTX_free(store);
}

static void
test_scheme(void)
{
	struct iss_scheme scheme = { .check_cn = ISS_CN_ALWAYS,
		.wildcards_in_alt = ISS_WILDCARDS_ANYWHERE };
	struct iss_scheme strict = iss_strict_scheme(&scheme);

	is_int(strict.check_cn, ISS_CN_NEVER, "the common name never counts");
	is_int(strict.wildcards_in_alt, ISS_WILDCARDS_FULL_LABEL,
	    "a wildcard is a whole label");
	scheme.wildcards_in_alt = ISS_WILDCARDS_NONE;
	strict = iss_strict_scheme(&scheme);
	is_int(strict.wildcards_in_alt, ISS_WILDCARDS_NONE,
	    "... where there may be one");
}

int
main(void)
{
	struct iss_error err;
	size_t i;

	iss_error_clear(&err);
	for (i = 0; i < CERTS_OF_CHAIN; i++)
		if (iss_key_new_ec(&err, &keys[i], "prime256v1") != ISS_OK) {
			printf("Bail out! %s\n", err.text);
			return 2;
		}
	for (i = 0; i < ROWS(changes); i++)
		test_change(&changes[i]);
	test_clients();
	test_several();
	test_one_alone();
	test_prepare();
	test_scheme();
	for (i = 0; i < CERTS_OF_CHAIN; i++)
		EVP_PKEY_free(keys[i]);
	return tap_done();
}
