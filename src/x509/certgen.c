/*
 * Building a certificate.  A value that OpenSSL takes is not questioned, since
 * tests need certificates that must be refused.
 */
#include "x509/certgen.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include "base/buf.h"
#include "base/compat.h"
#include "x509/asn1_time.h"
#include "x509/name.h"
#include "x509/usage.h"

enum {
	VERSION_3 = 2,
	SERIAL_BITS = 63, /* random, and still an integer in a script */
	SERIAL_TEXT_MAX = 256,
	EXT_TEXT_MAX = 1 << 16
};

/* ---- the parts of a certificate ---- */

static int
random_serial(struct iss_error *err, struct iss_certgen *gen)
{
	BIGNUM *number = BN_new();
	int rv = ISS_OK;

	if (number == NULL ||
	    !BN_rand(
		number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) ||
	    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(gen->cert)) ==
		NULL)
		rv = iss_error_openssl(
		    err, "cannot create a random serial number");
	BN_free(number);
	return rv;
}

int
iss_certgen_init(struct iss_error *err, struct iss_certgen *gen, EVP_PKEY *key,
    X509 *issuer, EVP_PKEY *signer)
{
	memset(gen, 0, sizeof(*gen));
	ERR_clear_error();
	EVP_PKEY_up_ref(key);
	gen->key = key;
	if (issuer != NULL)
		X509_up_ref(issuer);
	gen->issuer = issuer;
	if (signer != NULL)
		EVP_PKEY_up_ref(signer);
	gen->signer = signer;
	if ((gen->cert = X509_new()) == NULL ||
	    (gen->subject = X509_NAME_new()) == NULL ||
	    (gen->sans = GENERAL_NAMES_new()) == NULL)
		return iss_error_openssl(err, "cannot create a certificate");
	if (!X509_set_pubkey(gen->cert, key))
		return iss_error_openssl(err, "the key cannot be used");
	if (iss_certgen_version(err, gen, VERSION_3) != ISS_OK)
		return ISS_ERROR;
	return random_serial(err, gen);
}

void
iss_certgen_release(struct iss_certgen *gen)
{
	X509_free(gen->cert);
	X509_NAME_free(gen->subject);
	GENERAL_NAMES_free(gen->sans);
	EVP_PKEY_free(gen->key);
	X509_free(gen->issuer);
	EVP_PKEY_free(gen->signer);
	memset(gen, 0, sizeof(*gen));
}

int
iss_certgen_version(
    struct iss_error *err, struct iss_certgen *gen, long version)
{
	if (version < 0 || version > VERSION_3)
		return iss_error_set(err, "invalid version %ld (must be 0-%d)",
		    version, VERSION_3);
	if (!X509_set_version(gen->cert, version))
		return iss_error_openssl(err, "version %ld", version);
	return ISS_OK;
}

int
iss_certgen_serial(
    struct iss_error *err, struct iss_certgen *gen, const char *text)
{
	const char *digits = text + (*text == '-');
	bool hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	BIGNUM *number = NULL;
	size_t parsed = 0;
	int rv = ISS_OK;

	if (hex)
		digits += 2;
	if (strlen(digits) <= SERIAL_TEXT_MAX)
		parsed = (size_t)(hex ? BN_hex2bn(&number, digits)
				      : BN_dec2bn(&number, digits));
	if (parsed == 0 || digits[parsed] != '\0' || *digits == '-') {
		rv = iss_error_set(err, "invalid serial number '%.60s'", text);
	} else {
		BN_set_negative(number, *text == '-');
		if (BN_to_ASN1_INTEGER(
			number, X509_get_serialNumber(gen->cert)) == NULL)
			rv = iss_error_openssl(err, "serial %.60s", text);
	}
	BN_free(number);
	return rv;
}

int
iss_certgen_validity(struct iss_error *err, struct iss_certgen *gen,
    int64_t not_before, int64_t not_after)
{
	if (iss_asn1_time_set(
		err, X509_getm_notBefore(gen->cert), not_before) != ISS_OK ||
	    iss_asn1_time_set(err, X509_getm_notAfter(gen->cert), not_after) !=
		ISS_OK)
		return ISS_ERROR;
	return ISS_OK;
}

int
iss_certgen_subject(struct iss_error *err, struct iss_certgen *gen,
    const char *type, const void *utf8, size_t len)
{
	return iss_name_add(err, gen->subject, type, utf8, len);
}

int
iss_certgen_san(
    struct iss_error *err, struct iss_certgen *gen, GENERAL_NAME *name)
{
	if (sk_GENERAL_NAME_push(gen->sans, name) > 0)
		return ISS_OK;
	GENERAL_NAME_free(name);
	return iss_error_set(err, "out of memory");
}

/* ---- extensions ---- */

static void
drop_ext(struct iss_certgen *gen, const ASN1_OBJECT *object)
{
	int at = X509_get_ext_by_OBJ(gen->cert, object, -1);

	if (at >= 0)
		X509_EXTENSION_free(X509_delete_ext(gen->cert, at));
}

/* Add ext and free it.  Only one of a type is allowed (RFC 5280, 4.2). */
static int
put_ext(struct iss_error *err, struct iss_certgen *gen, X509_EXTENSION *ext)
{
	int rv = ISS_OK;

	drop_ext(gen, X509_EXTENSION_get_object(ext));
	if (!X509_add_ext(gen->cert, ext, -1))
		rv = iss_error_openssl(err, "cannot add an extension");
	X509_EXTENSION_free(ext);
	return rv;
}

static int
set_names(struct iss_error *err, struct iss_certgen *gen)
{
	if (!X509_set_subject_name(gen->cert, gen->subject) ||
	    !X509_set_issuer_name(gen->cert,
		gen->issuer != NULL ? X509_get_subject_name(gen->issuer)
				    : gen->subject))
		return iss_error_openssl(err, "cannot set the names");
	return ISS_OK;
}

/* name is OpenSSL's short name of an extension, or a dotted OID. */
static int
add_ext(struct iss_error *err, struct iss_certgen *gen, const char *name,
    const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	ERR_clear_error();
	if (set_names(err, gen) != ISS_OK) /* an extension may use them */
		return ISS_ERROR;
	X509V3_set_ctx(&ctx, gen->issuer != NULL ? gen->issuer : gen->cert,
	    gen->cert, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&ctx);
	ext = X509V3_EXT_nconf(NULL, &ctx, name, value);
	if (ext == NULL)
		return iss_error_openssl(
		    err, "extension %s: '%.60s'", name, value);
	return put_ext(err, gen, ext);
}

/*
 * The identifier of the issuer's key.  Some issuers have none (RFC 5280,
 * 4.2.1.1); a self-signed certificate points to itself, for which OpenSSL
 * wants "always".
 */
static int
set_issuer_key_id(struct iss_error *err, struct iss_certgen *gen)
{
	const X509 *issuer = gen->issuer != NULL ? gen->issuer : gen->cert;

	if (X509_get_ext_by_NID(issuer, NID_subject_key_identifier, -1) < 0)
		return ISS_OK;
	return add_ext(err, gen, "authorityKeyIdentifier", "keyid:always");
}

static int
set_key_ids(struct iss_error *err, struct iss_certgen *gen)
{
	if (add_ext(err, gen, "subjectKeyIdentifier", "hash") != ISS_OK)
		return ISS_ERROR;
	return set_issuer_key_id(err, gen);
}

/*
 * The certificate got an extension by the given name.  With another identifier
 * for its own key than for its issuer's, one that is self-signed would not be
 * its own issuer.
 */
static int
keep_key_ids_equal(
    struct iss_error *err, struct iss_certgen *gen, const char *name)
{
	if (gen->issuer != NULL ||
	    strcmp(name, SN_subject_key_identifier) != 0 ||
	    X509_get_ext_by_NID(gen->cert, NID_authority_key_identifier, -1) <
		0)
		return ISS_OK;
	return set_issuer_key_id(err, gen);
}

int
iss_certgen_usages(
    struct iss_error *err, struct iss_certgen *gen, uint32_t usages)
{
	static const struct {
		const char *name;
		const char *prefix;
	} exts[ISS_USAGE_KINDS] = {
		[ISS_USAGE_KEY] = { "keyUsage", "critical," },
		[ISS_USAGE_NETSCAPE] = { "nsCertType", "" },
		[ISS_USAGE_EXTENDED] = { "extendedKeyUsage", "" },
	};
	struct iss_buf text;
	size_t i;
	int rv = set_key_ids(err, gen);

	if (rv == ISS_OK)
		rv = add_ext(err, gen, "basicConstraints",
		    (usages & ISS_USAGE_CA) != 0 ? "critical,CA:TRUE"
						 : "critical,CA:FALSE");
	for (i = 0; rv == ISS_OK && i < ISS_USAGE_KINDS; i++) {
		iss_buf_init(&text, EXT_TEXT_MAX);
		iss_buf_puts(&text, exts[i].prefix);
		iss_usage_text(&text, usages, (enum iss_usage_kind)i);
		if (text.len > strlen(exts[i].prefix))
			rv = add_ext(
			    err, gen, exts[i].name, iss_buf_text(&text));
		iss_buf_release(&text);
	}
	return rv;
}

/* The number of an object in OpenSSL's tables; NID_undef if it is too large. */
static int
nid_of(const char *digits)
{
	long nid = strtol(digits, NULL, 10);

	return nid <= INT_MAX ? (int)nid : NID_undef;
}

/* The name by which X509V3_EXT_nconf(3) knows an extension. */
static const char *
ext_name(const char *type, char *dotted, size_t size)
{
	ASN1_OBJECT *object;
	const char *name = NULL;
	int nid;

	if (type[strspn(type, "0123456789")] == '\0') {
		nid = nid_of(type);
		return nid != NID_undef ? OBJ_nid2sn(nid) : NULL;
	}
	if ((object = OBJ_txt2obj(type, 0)) == NULL)
		return NULL;
	nid = OBJ_obj2nid(object);
	if (nid != NID_undef)
		name = OBJ_nid2sn(nid);
	else if (OBJ_obj2txt(dotted, (int)size, object, 1) < (int)size)
		name = dotted;
	ASN1_OBJECT_free(object);
	return name;
}

int
iss_certgen_ext(struct iss_error *err, struct iss_certgen *gen,
    const char *type, bool critical, const char *value)
{
	char dotted[256];
	const char *name = ext_name(type, dotted, sizeof(dotted));
	struct iss_buf text;
	int rv;

	if (name == NULL)
		return iss_error_set(err, "unknown extension '%.60s'", type);
	iss_buf_init(&text, EXT_TEXT_MAX);
	iss_buf_printf(&text, "%s%s", critical ? "critical," : "", value);
	if (text.overflowed)
		rv = iss_error_set(err, "extension %s is too long", name);
	else
		rv = add_ext(err, gen, name, iss_buf_text(&text));
	iss_buf_release(&text);
	return rv == ISS_OK ? keep_key_ids_equal(err, gen, name) : rv;
}

/* Is it about the key, the issuer, or this very certificate? */
static bool
is_bound(const X509_EXTENSION *ext)
{
	static const int bound[] = { NID_subject_key_identifier,
		NID_authority_key_identifier, NID_issuer_alt_name,
		NID_crl_distribution_points, NID_freshest_crl, NID_info_access,
		NID_ct_precert_scts, NID_ct_precert_poison, NID_tlsfeature };
	int nid = OBJ_obj2nid(X509_EXTENSION_get_object((X509_EXTENSION *)ext));
	size_t i;

	for (i = 0; i < sizeof(bound) / sizeof(bound[0]); i++)
		if (nid == bound[i])
			return true;
	return false;
}

static int
copy_exts(struct iss_error *err, struct iss_certgen *gen, const X509 *original)
{
	const X509_EXTENSION *ext;
	int i;

	for (i = 0; i < X509_get_ext_count(original); i++) {
		ext = X509_get_ext(original, i);
		if (!is_bound(ext) &&
		    !X509_add_ext(gen->cert, (X509_EXTENSION *)ext, -1))
			return iss_error_openssl(
			    err, "cannot copy an extension");
	}
	return ISS_OK;
}

int
iss_certgen_copy(
    struct iss_error *err, struct iss_certgen *gen, const X509 *original)
{
	X509_NAME *subject = X509_NAME_dup(X509_get_subject_name(original));

	if (subject == NULL ||
	    !X509_set1_notBefore(gen->cert, X509_get0_notBefore(original)) ||
	    !X509_set1_notAfter(gen->cert, X509_get0_notAfter(original))) {
		X509_NAME_free(subject);
		return iss_error_openssl(err, "cannot copy a certificate");
	}
	X509_NAME_free(gen->subject);
	gen->subject = subject;
	if (set_key_ids(err, gen) != ISS_OK)
		return ISS_ERROR;
	return copy_exts(err, gen, original);
}

/* ---- signing ---- */

/* Critical if the subject is empty (RFC 5280, 4.2.1.6). */
static int
set_sans(struct iss_error *err, struct iss_certgen *gen)
{
	bool critical = X509_NAME_entry_count(gen->subject) == 0;

	if (sk_GENERAL_NAME_num(gen->sans) > 0 &&
	    !X509_add1_ext_i2d(gen->cert, NID_subject_alt_name, gen->sans,
		critical, X509V3_ADD_REPLACE))
		return iss_error_openssl(err, "cannot set alternative names");
	return ISS_OK;
}

/* Is the digest part of the algorithm?  OpenSSL 3.0 never reports it. */
static bool
has_own_digest(EVP_PKEY *key)
{
	int id = EVP_PKEY_id(key);
	int nid;

	if (id == EVP_PKEY_ED25519 || id == EVP_PKEY_ED448)
		return true;
	return EVP_PKEY_get_default_digest_nid(key, &nid) > 0 &&
	       nid == NID_undef;
}

/* When memory runs out, X509_sign(3) with ECDSA may succeed without one. */
static bool
has_signature(const X509 *cert)
{
	const ASN1_BIT_STRING *signature;

	X509_get0_signature(&signature, NULL, cert);
	return ASN1_STRING_length(signature) > 0;
}

int
iss_certgen_sign(struct iss_error *err, struct iss_certgen *gen,
    const char *digest, X509 **out)
{
	EVP_PKEY *signer = gen->signer != NULL ? gen->signer : gen->key;
	const EVP_MD *md = EVP_get_digestbyname(digest);

	ERR_clear_error();
	if (md == NULL)
		return iss_error_set(
		    err, "digest algorithm %.60s is not available", digest);
	if (has_own_digest(signer))
		md = NULL;
	if (set_names(err, gen) != ISS_OK || set_sans(err, gen) != ISS_OK)
		return ISS_ERROR;
	if (!X509_sign(gen->cert, signer, md) || !has_signature(gen->cert))
		return iss_error_openssl(err, "cannot sign the certificate");
	*out = gen->cert;
	gen->cert = NULL;
	ERR_clear_error();
	return ISS_OK;
}
