/*
 * Reading facts out of an X509.  Knows how OpenSSL keeps them; has no
 * opinion on whether they are good.
 */
#include "x509/cert.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/ex_index.h"
#include "x509/name.h"

static int
out_of_memory(struct iss_error *err)
{
	return iss_error_set(err, "out of memory");
}

int
iss_cert_subject_text(
    struct iss_error *err, const X509 *cert, struct iss_buf *out)
{
	return iss_name_text(err, X509_get_subject_name(cert), out);
}

int
iss_cert_issuer_text(
    struct iss_error *err, const X509 *cert, struct iss_buf *out)
{
	return iss_name_text(err, X509_get_issuer_name(cert), out);
}

static void
san_set(struct iss_san *san, int type, const ASN1_STRING *value)
{
	san->type = type;
	san->bytes = ASN1_STRING_get0_data(value);
	san->len = (size_t)ASN1_STRING_length(value);
}

/* Its value is whatever the OID says; a string (of a UPN, an XMPP address)
 * can be shown, anything else cannot. */
static bool
other_name(struct iss_san *san, const OTHERNAME *other)
{
	static const int strings[] = { V_ASN1_UTF8STRING, V_ASN1_IA5STRING,
		V_ASN1_PRINTABLESTRING, V_ASN1_VISIBLESTRING };
	const ASN1_TYPE *value = other->value;
	size_t i;

	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		if (value != NULL && value->type == strings[i]) {
			san_set(san, GEN_OTHERNAME, value->value.asn1_string);
			return true;
		}
	return false;
}

/* Names which have no bytes of their own are written into names->text.
 * Their bytes are set when that is complete: it moves while it grows. */
static bool
is_text(int type)
{
	return type == GEN_DIRNAME || type == GEN_RID;
}

static int
text_name(struct iss_error *err, struct iss_cert_names *names,
    struct iss_san *san, const GENERAL_NAME *name)
{
	size_t before = names->text.len;
	char oid[256];
	int rv = ISS_OK;

	if (name->type == GEN_DIRNAME) {
		rv = iss_name_text(err, name->d.directoryName, &names->text);
	} else {
		OBJ_obj2txt(oid, sizeof(oid), name->d.registeredID, 1);
		if (!iss_buf_puts(&names->text, oid))
			rv = out_of_memory(err);
	}
	san->type = name->type;
	san->bytes = NULL;
	san->len = names->text.len - before;
	return rv;
}

/* Fill *san; *skip tells that the name is not one we know how to give. */
static int
one_name(struct iss_error *err, struct iss_cert_names *names,
    struct iss_san *san, const GENERAL_NAME *name, bool *skip)
{
	*skip = false;
	switch (name->type) {
	case GEN_DNS:
	case GEN_EMAIL:
	case GEN_URI:
		san_set(san, name->type, name->d.ia5);
		return ISS_OK;
	case GEN_IPADD:
		san_set(san, GEN_IPADD, name->d.iPAddress);
		*skip = san->len != 4 && san->len != 16;
		return ISS_OK;
	case GEN_DIRNAME:
	case GEN_RID:
		return text_name(err, names, san, name);
	case GEN_OTHERNAME:
		*skip = !other_name(san, name->d.otherName);
		return ISS_OK;
	default:
		*skip = true;
		return ISS_OK;
	}
}

static int
collect_sans(struct iss_error *err, struct iss_cert_names *names)
{
	int i, total = sk_GENERAL_NAME_num(names->parsed);
	size_t count = 0, at = 0, n;
	bool skip;

	names->sans = calloc((size_t)total + 1, sizeof(*names->sans));
	if (names->sans == NULL)
		return out_of_memory(err);
	for (i = 0; i < total; i++) {
		if (one_name(err, names, &names->sans[count],
			sk_GENERAL_NAME_value(names->parsed, i),
			&skip) != ISS_OK)
			return ISS_ERROR;
		if (!skip)
			count++;
	}
	for (n = 0; n < count; n++)
		if (is_text(names->sans[n].type)) {
			names->sans[n].bytes =
			    (const unsigned char *)iss_buf_text(&names->text) +
			    at;
			at += names->sans[n].len;
		}
	names->presented.sans = names->sans;
	names->presented.n_sans = count;
	return ISS_OK;
}

/* The last commonName is the most specific (RFC 6125, 1.8).  An earlier one
 * does not stand in for it when it cannot be read. */
static void
collect_cn(struct iss_cert_names *names, const X509 *cert)
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	const X509_NAME_ENTRY *entry;
	int i = X509_NAME_entry_count(subject);
	int len;

	while (--i >= 0) {
		entry = X509_NAME_get_entry(subject, i);
		if (OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) ==
		    NID_commonName)
			break;
	}
	if (i < 0)
		return;
	len =
	    ASN1_STRING_to_UTF8(&names->utf8, X509_NAME_ENTRY_get_data(entry));
	if (len < 0) {
		names->utf8 = NULL;
		return;
	}
	names->cn.bytes = names->utf8;
	names->cn.len = (size_t)len;
	names->presented.cns = &names->cn;
	names->presented.n_cns = 1;
}

int
iss_cert_names_init(
    struct iss_error *err, struct iss_cert_names *names, const X509 *cert)
{
	int found, rv = ISS_OK;

	memset(names, 0, sizeof(*names));
	iss_buf_init(&names->text, ISS_CERT_TEXT_MAX);

	names->parsed =
	    X509_get_ext_d2i(cert, NID_subject_alt_name, &found, NULL);
	if (names->parsed != NULL)
		names->presented.state = ISS_SAN_PRESENT;
	else if (found == -1)
		names->presented.state = ISS_SAN_ABSENT;
	else /* -2: there twice; 0 or 1: not to be parsed */
		names->presented.state = ISS_SAN_BROKEN;

	if (names->parsed != NULL)
		rv = collect_sans(err, names);
	if (rv == ISS_OK)
		collect_cn(names, cert);
	ERR_clear_error();
	return rv;
}

void
iss_cert_names_release(struct iss_cert_names *names)
{
	free(names->sans);
	GENERAL_NAMES_free(names->parsed);
	OPENSSL_free(names->utf8);
	iss_buf_release(&names->text);
	memset(names, 0, sizeof(*names));
}

int
iss_cert_fingerprint(struct iss_error *err, const X509 *cert, const char *algo,
    bool pubkey, unsigned char out[EVP_MAX_MD_SIZE], size_t *len)
{
	const EVP_MD *md = EVP_get_digestbyname(algo);
	unsigned int size = 0;
	int ok;

	if (md == NULL)
		return iss_error_set(err, "unknown digest '%.64s'", algo);
	ok = pubkey ? X509_pubkey_digest(cert, md, out, &size)
		    : X509_digest(cert, md, out, &size);
	if (!ok)
		return iss_error_openssl(
		    err, "cannot compute the digest '%.64s'", algo);
	*len = size;
	return ISS_OK;
}

int
iss_cert_fingerprint_text(struct iss_error *err, const X509 *cert,
    const char *algo, bool pubkey, struct iss_buf *out)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	size_t i, len;

	if (iss_cert_fingerprint(err, cert, algo, pubkey, md, &len) != ISS_OK)
		return ISS_ERROR;
	iss_buf_printf(out, "%s$%s", algo, pubkey ? "pub$" : "");
	for (i = 0; i < len; i++)
		iss_buf_printf(out, "%02x", md[i]);
	return out->overflowed ? out_of_memory(err) : 0;
}

int
iss_cert_pem(struct iss_error *err, X509 *cert, struct iss_buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int rv = ISS_OK;

	if (bio == NULL || !PEM_write_bio_X509(bio, cert))
		rv = iss_error_openssl(err, "cannot write a certificate");
	else if (!iss_buf_append_bio(out, bio))
		rv = out_of_memory(err);
	BIO_free(bio);
	return rv;
}

static int
dump_time(struct iss_error *err, const char *label, const ASN1_TIME *time,
    struct iss_buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	bool ok = bio != NULL;

	if (ok) {
		iss_buf_puts(out, label);
		/* it writes "Bad time value" for one that cannot be read */
		(void)ASN1_TIME_print(bio, time);
		ok = iss_buf_append_bio(out, bio);
		iss_buf_puts(out, "\n");
	}
	BIO_free(bio);
	ERR_clear_error();
	return ok ? ISS_OK : out_of_memory(err);
}

static void
dump_serial(const X509 *cert, struct iss_buf *out)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	const unsigned char *bytes = ASN1_STRING_get0_data(serial);
	int i, len = ASN1_STRING_length(serial);

	iss_buf_puts(out, "Serial Number: ");
	if ((ASN1_STRING_type(serial) & V_ASN1_NEG) != 0)
		iss_buf_puts(out, "-");
	for (i = 0; i < len; i++)
		iss_buf_printf(out, "%02x", bytes[i]);
	iss_buf_puts(out, "\n");
}

static int
dump_names(struct iss_error *err, const X509 *cert, struct iss_buf *out)
{
	struct iss_cert_names names;
	struct iss_presented sans;
	int rv = iss_cert_names_init(err, &names, cert);

	if (rv == ISS_OK && names.presented.state != ISS_SAN_ABSENT) {
		sans = names.presented;
		sans.n_cns = 0; /* it stands in the subject */
		iss_buf_puts(out, "Alternative Names: ");
		if (sans.state == ISS_SAN_BROKEN)
			iss_buf_puts(out, "cannot be parsed");
		else
			iss_presented_describe(out, &sans);
		iss_buf_puts(out, "\n");
	}
	iss_cert_names_release(&names);
	return rv;
}

int
iss_cert_dump(struct iss_error *err, const X509 *cert, struct iss_buf *out)
{
	iss_buf_puts(out, "Subject Name: ");
	if (iss_cert_subject_text(err, cert, out) != ISS_OK)
		return ISS_ERROR;
	iss_buf_puts(out, "\nIssuer  Name: ");
	if (iss_cert_issuer_text(err, cert, out) != ISS_OK)
		return ISS_ERROR;
	iss_buf_puts(out, "\n");
	if (dump_time(err, "Not Before: ", X509_get0_notBefore(cert), out) !=
		ISS_OK ||
	    dump_time(err, "Not After: ", X509_get0_notAfter(cert), out) !=
		ISS_OK)
		return ISS_ERROR;
	dump_serial(cert, out);
	if (dump_names(err, cert, out) != ISS_OK)
		return ISS_ERROR;
	iss_buf_puts(out, "Fingerprint: ");
	if (iss_cert_fingerprint_text(err, cert, "sha256", false, out) !=
	    ISS_OK)
		return ISS_ERROR;
	iss_buf_puts(out, "\n");
	return out->overflowed ? out_of_memory(err) : 0;
}

ISS_EX_INDEX(taken_index, X509, NULL);

bool
iss_cert_take(X509 *cert)
{
	return X509_get_ex_data(cert, taken_index()) == NULL &&
	       X509_set_ex_data(cert, taken_index(), cert) != 0;
}
