/*
 * Walking through a certificate, with a function for each list.
 */
#include "x509/certinfo.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "x509/altname.h"
#include "x509/cert.h"
#include "x509/usage.h"

/* The function to call for an item. */
struct teller {
	iss_certinfo_item_fn *fn;
	void *arg;
};

static void
set_oid(struct iss_certinfo_oid *oid, const ASN1_OBJECT *object)
{
	memset(oid, 0, sizeof(*oid));
	OBJ_obj2txt(oid->dotted, sizeof(oid->dotted), object, 1);
	oid->nid = OBJ_obj2nid(object);
	if (oid->nid != NID_undef) {
		oid->sn = OBJ_nid2sn(oid->nid);
		oid->ln = OBJ_nid2ln(oid->nid);
	}
}

static int
each_of_name(
    struct iss_error *err, const X509_NAME *name, const struct teller *to)
{
	const X509_NAME_ENTRY *entry;
	const ASN1_STRING *value;
	unsigned char *utf8;
	struct iss_certinfo_oid oid;
	int i, len;

	for (i = 0; i < X509_NAME_entry_count(name); i++) {
		entry = X509_NAME_get_entry(name, i);
		value = X509_NAME_ENTRY_get_data(entry);
		set_oid(&oid, X509_NAME_ENTRY_get_object(entry));
		utf8 = NULL;
		len = ASN1_STRING_to_UTF8(&utf8, value);
		if (len >= 0)
			to->fn(to->arg, oid.ln != NULL ? oid.ln : oid.dotted,
			    utf8, (size_t)len);
		else /* malformed for its type: the bytes as they are */
			to->fn(to->arg, oid.ln != NULL ? oid.ln : oid.dotted,
			    ASN1_STRING_get0_data(value),
			    (size_t)ASN1_STRING_length(value));
		OPENSSL_free(utf8);
	}
	(void)err;
	return ISS_OK;
}

static int
each_subject(struct iss_error *err, const X509 *cert, const struct teller *to)
{
	return each_of_name(err, X509_get_subject_name(cert), to);
}

static int
each_issuer(struct iss_error *err, const X509 *cert, const struct teller *to)
{
	return each_of_name(err, X509_get_issuer_name(cert), to);
}

enum { LIBRARY_REASON_MIN = 100, LIBRARY_REASON_MAX = 4095 };

static bool
memory_ran_out(struct iss_error *err)
{
	return iss_error_memory_ran_out(err) || err->no_memory;
}

/*
 * Does OpenSSL name a flaw of what it parsed?  If it had no memory it may say
 * that, or only that some library failed, or nothing.  Those reasons, which all
 * libraries share, are below or far above those of a single one.
 */
static bool
names_flaw(unsigned long error)
{
	int reason = ERR_GET_REASON(error);

	return reason >= LIBRARY_REASON_MIN && reason <= LIBRARY_REASON_MAX;
}

/* The parsed extension; NULL if there is none, it is malformed, or, with that
 * error recorded, memory ran out. */
static void *
parse_extension(struct iss_error *err, const X509 *cert, int nid)
{
	int critical;
	void *parsed = X509_get_ext_d2i(cert, nid, &critical, NULL);

	if (parsed == NULL && critical >= 0 && !names_flaw(ERR_peek_error()))
		iss_error_memory(err);
	return parsed;
}

static int
each_san(struct iss_error *err, const X509 *cert, const struct teller *to)
{
	GENERAL_NAMES *names = parse_extension(err, cert, NID_subject_alt_name);
	GENERAL_NAME *name;
	struct iss_buf value;
	int i, rv = ISS_OK;

	if (names == NULL)
		return ISS_EOF;
	for (i = 0; rv == ISS_OK && i < sk_GENERAL_NAME_num(names); i++) {
		name = sk_GENERAL_NAME_value(names, i);
		iss_buf_init(&value, ISS_CERT_TEXT_MAX);
		if ((rv = iss_altname_value(err, name, &value)) == ISS_OK)
			to->fn(to->arg, iss_altname_type(name->type),
			    iss_buf_text(&value), value.len);
		iss_buf_release(&value);
	}
	GENERAL_NAMES_free(names);
	return rv;
}

static void
tell_uri(const GENERAL_NAME *name, const struct teller *to)
{
	const ASN1_STRING *uri = name->d.uniformResourceIdentifier;

	if (name->type == GEN_URI)
		to->fn(to->arg, NULL, ASN1_STRING_get0_data(uri),
		    (size_t)ASN1_STRING_length(uri));
}

/* RFC 5280, 4.2.1.13; a point may have several names for its list. */
static int
each_crl_uri(struct iss_error *err, const X509 *cert, const struct teller *to)
{
	CRL_DIST_POINTS *points =
	    parse_extension(err, cert, NID_crl_distribution_points);
	const DIST_POINT *point;
	const GENERAL_NAMES *names;
	int i, n;

	if (points == NULL)
		return ISS_EOF;
	for (i = 0; i < sk_DIST_POINT_num(points); i++) {
		point = sk_DIST_POINT_value(points, i);
		if (point->distpoint == NULL || point->distpoint->type != 0)
			continue;
		names = point->distpoint->name.fullname;
		for (n = 0; n < sk_GENERAL_NAME_num(names); n++)
			tell_uri(sk_GENERAL_NAME_value(names, n), to);
	}
	CRL_DIST_POINTS_free(points);
	return ISS_OK;
}

/* RFC 5280, 4.2.2.1. */
static int
each_ocsp_uri(struct iss_error *err, const X509 *cert, const struct teller *to)
{
	AUTHORITY_INFO_ACCESS *infos =
	    parse_extension(err, cert, NID_info_access);
	const ACCESS_DESCRIPTION *info;
	int i;

	if (infos == NULL)
		return ISS_EOF;
	for (i = 0; i < sk_ACCESS_DESCRIPTION_num(infos); i++) {
		info = sk_ACCESS_DESCRIPTION_value(infos, i);
		if (OBJ_obj2nid(info->method) == NID_ad_OCSP)
			tell_uri(info->location, to);
	}
	AUTHORITY_INFO_ACCESS_free(infos);
	return ISS_OK;
}

static int
each_key_usage(struct iss_error *err, const X509 *cert, const struct teller *to)
{
	ASN1_BIT_STRING *bits = parse_extension(err, cert, NID_key_usage);
	const char *name;
	int i;

	if (bits == NULL)
		return ISS_EOF;
	for (i = 0; (name = iss_usage_key_name((unsigned)i)) != NULL; i++)
		if (ASN1_BIT_STRING_get_bit(bits, i))
			to->fn(to->arg, NULL, name, strlen(name));
	ASN1_BIT_STRING_free(bits);
	return ISS_OK;
}

typedef int each_fn(
    struct iss_error *err, const X509 *cert, const struct teller *to);

static each_fn *const lists[] = {
	[ISS_CERTINFO_SUBJECT] = each_subject,
	[ISS_CERTINFO_ISSUER] = each_issuer,
	[ISS_CERTINFO_SANS] = each_san,
	[ISS_CERTINFO_CRL_URIS] = each_crl_uri,
	[ISS_CERTINFO_OCSP_URIS] = each_ocsp_uri,
	[ISS_CERTINFO_KEY_USAGE] = each_key_usage,
};

int
iss_certinfo_each(struct iss_error *err, const X509 *cert,
    enum iss_certinfo_list list, iss_certinfo_item_fn *fn, void *arg)
{
	struct teller to = { fn, arg };
	int rv;

	ERR_clear_error();
	rv = lists[list](err, cert, &to);
	/* a list that cannot be parsed is not an error */
	return memory_ran_out(err) ? ISS_ERROR : rv;
}

int
iss_certinfo_each_usage(
    struct iss_error *err, const X509 *cert, iss_certinfo_oid_fn *fn, void *arg)
{
	EXTENDED_KEY_USAGE *usages;
	struct iss_certinfo_oid oid;
	int i;

	ERR_clear_error();
	usages = parse_extension(err, cert, NID_ext_key_usage);
	if (usages == NULL)
		return memory_ran_out(err) ? ISS_ERROR : ISS_EOF;
	for (i = 0; i < sk_ASN1_OBJECT_num(usages); i++) {
		set_oid(&oid, sk_ASN1_OBJECT_value(usages, i));
		fn(arg, &oid);
	}
	EXTENDED_KEY_USAGE_free(usages);
	return iss_error_memory_ran_out(err) ? ISS_ERROR : ISS_OK;
}

static int
print_ext(
    struct iss_error *err, struct iss_certinfo_ext *ext, X509_EXTENSION *found)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int rv = ISS_OK;

	ext->shown = false;
	if (bio == NULL)
		return iss_error_set(err, "out of memory");
	/* fails for an unknown or malformed extension */
	ext->shown = X509V3_EXT_print(bio, found, 0, 0) == 1 &&
		     BIO_pending(bio) <= ISS_CERT_TEXT_MAX;
	if (ext->shown && !iss_buf_append_bio(&ext->text, bio))
		rv = iss_error_set(err, "out of memory");
	BIO_free(bio);
	if (ext->shown && iss_error_memory_ran_out(err))
		rv = ISS_ERROR;
	ERR_clear_error();
	return rv;
}

int
iss_certinfo_ext_init(struct iss_error *err, struct iss_certinfo_ext *ext,
    const X509 *cert, int number)
{
	X509_EXTENSION *found;
	int tries, rv;

	memset(ext, 0, sizeof(*ext));
	iss_buf_init(&ext->text, ISS_CERT_TEXT_MAX);
	if (number < 0 || number >= X509_get_ext_count(cert))
		return ISS_EOF;
	ERR_clear_error();
	found = X509_get_ext(cert, number);
	set_oid(&ext->oid, X509_EXTENSION_get_object(found));
	ext->critical = X509_EXTENSION_get_critical(found) != 0;
	/* OpenSSL also calls it a lack of memory when a name contains a NUL.
	 * Then it does so again. */
	for (tries = 0; tries < 2; tries++) {
		rv = print_ext(err, ext, found);
		if (rv == ISS_OK || !ext->shown)
			return rv;
		iss_error_clear(err);
		iss_buf_clear(&ext->text);
	}
	ext->shown = false;
	return ISS_OK;
}

void
iss_certinfo_ext_release(struct iss_certinfo_ext *ext)
{
	iss_buf_release(&ext->text);
}

enum { DECIMAL_MAX = 128 }; /* bytes */

/* A peer may send 100 kB, for which decimal digits would take seconds: the time
 * is quadratic. */
int
iss_certinfo_serial(
    struct iss_error *err, const X509 *cert, struct iss_buf *out)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
	const bool is_long =
	    number != NULL && BN_num_bytes(number) > DECIMAL_MAX;
	const char *sign = is_long && BN_is_negative(number) ? "-0x" : "0x";
	char *text;
	int rv = ISS_OK;

	if (is_long)
		BN_set_negative(number, 0);
	text = number == NULL ? NULL
	       : is_long      ? BN_bn2hex(number)
			      : BN_bn2dec(number);
	if (text == NULL)
		rv = iss_error_openssl(err, "cannot read the serial number");
	else if (!iss_buf_printf(out, "%s%s", is_long ? sign : "", text))
		rv = iss_error_set(err, "out of memory");
	OPENSSL_free(text);
	BN_free(number);
	return rv;
}

int
iss_certinfo_signature_name(
    struct iss_error *err, const X509 *cert, struct iss_buf *out)
{
	const ASN1_OBJECT *object;
	const X509_ALGOR *algorithm;
	struct iss_certinfo_oid oid;

	X509_get0_signature(NULL, &algorithm, cert);
	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	set_oid(&oid, object);
	if (!iss_buf_puts(out, oid.ln != NULL ? oid.ln : oid.dotted))
		return iss_error_set(err, "out of memory");
	return ISS_OK;
}
