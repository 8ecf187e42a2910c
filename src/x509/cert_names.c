/*
 * Collecting names from OpenSSL's structures.
 */
#include "x509/cert_names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include "x509/name.h"

enum { TEXT_MAX = 1 << 20 }; /* of all names that are written as text */

static void
set_san(struct iss_san *san, int type, const ASN1_STRING *value)
{
	san->type = type;
	san->bytes = ASN1_STRING_get0_data(value);
	san->len = (size_t)ASN1_STRING_length(value);
}

/*
 * The OID determines the type of the value.  A string, such as a UPN or an XMPP
 * address, can be shown; anything else cannot.
 */
static bool
set_other_name(struct iss_san *san, const OTHERNAME *other)
{
	static const int strings[] = { V_ASN1_UTF8STRING, V_ASN1_IA5STRING,
		V_ASN1_PRINTABLESTRING, V_ASN1_VISIBLESTRING };
	const ASN1_TYPE *value = other->value;
	size_t i;

	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		if (value != NULL && value->type == strings[i]) {
			set_san(san, GEN_OTHERNAME, value->value.asn1_string);
			return true;
		}
	return false;
}

/*
 * Is the name written into names->text, for want of bytes of its own?  Its
 * bytes are set when that buffer is complete, since it moves while it grows.
 */
static bool
is_written_as_text(int type)
{
	return type == GEN_DIRNAME || type == GEN_RID;
}

static int
write_name(struct iss_error *err, struct iss_cert_names *names,
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
			rv = iss_error_set(err, "out of memory");
	}
	san->type = name->type;
	san->bytes = NULL;
	san->len = names->text.len - before;
	return rv;
}

/* Set *san; *skip tells that there is no way to represent the name. */
static int
set_name(struct iss_error *err, struct iss_cert_names *names,
    struct iss_san *san, const GENERAL_NAME *name, bool *skip)
{
	*skip = false;
	switch (name->type) {
	case GEN_DNS:
	case GEN_EMAIL:
	case GEN_URI:
		set_san(san, name->type, name->d.ia5);
		return ISS_OK;
	case GEN_IPADD:
		set_san(san, GEN_IPADD, name->d.iPAddress);
		*skip = san->len != 4 && san->len != 16;
		return ISS_OK;
	case GEN_DIRNAME:
	case GEN_RID:
		return write_name(err, names, san, name);
	case GEN_OTHERNAME:
		*skip = !set_other_name(san, name->d.otherName);
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
		return iss_error_set(err, "out of memory");
	for (i = 0; i < total; i++) {
		if (set_name(err, names, &names->sans[count],
			sk_GENERAL_NAME_value(names->parsed, i),
			&skip) != ISS_OK)
			return ISS_ERROR;
		if (!skip)
			count++;
	}
	for (n = 0; n < count; n++)
		if (is_written_as_text(names->sans[n].type)) {
			names->sans[n].bytes =
			    (const unsigned char *)iss_buf_text(&names->text) +
			    at;
			at += names->sans[n].len;
		}
	names->presented.sans = names->sans;
	names->presented.n_sans = count;
	return ISS_OK;
}

/*
 * What ASN1_STRING_to_UTF8(3) makes of the usual name, of ASCII characters in a
 * type of one byte each, at a third of its cost.  False for all others.
 */
static bool
copy_ascii(const ASN1_STRING *value, unsigned char **utf8, int *len)
{
	const unsigned char *bytes = ASN1_STRING_get0_data(value);
	int i, type = ASN1_STRING_type(value);

	*len = ASN1_STRING_length(value);
	if (*len <= 0 ||
	    (type != V_ASN1_UTF8STRING && type != V_ASN1_PRINTABLESTRING &&
		type != V_ASN1_IA5STRING))
		return false;
	for (i = 0; i < *len; i++)
		if (bytes[i] >= 0x80)
			return false;
	if ((*utf8 = OPENSSL_malloc((size_t)*len + 1)) == NULL)
		return false;
	memcpy(*utf8, bytes, (size_t)*len);
	(*utf8)[*len] = '\0';
	return true;
}

int
iss_cert_common_name(const X509 *cert, unsigned char **utf8)
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	const X509_NAME_ENTRY *entry = NULL;
	int i = X509_NAME_entry_count(subject);
	int len = -1;

	*utf8 = NULL;
	while (--i >= 0) {
		entry = X509_NAME_get_entry(subject, i);
		if (OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) ==
		    NID_commonName)
			break;
	}
	if (i >= 0 && !copy_ascii(X509_NAME_ENTRY_get_data(entry), utf8, &len))
		len =
		    ASN1_STRING_to_UTF8(utf8, X509_NAME_ENTRY_get_data(entry));
	if (len >= 0)
		return len;
	*utf8 = NULL;
	ERR_clear_error();
	return -1;
}

static void
collect_cn(struct iss_cert_names *names, const X509 *cert)
{
	int len = iss_cert_common_name(cert, &names->utf8);

	if (len < 0)
		return;
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
	iss_buf_init(&names->text, TEXT_MAX);

	names->parsed =
	    X509_get_ext_d2i(cert, NID_subject_alt_name, &found, NULL);
	if (names->parsed != NULL)
		names->presented.state = ISS_SAN_PRESENT;
	else if (found == -1)
		names->presented.state = ISS_SAN_ABSENT;
	else /* -2: it occurs twice; 0 or 1: it cannot be parsed */
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

struct iss_kept_names {
	X509 *cert; /* one reference, so that no other gets its address */
	struct iss_cert_names names;
	bool unconstrained;
};

struct iss_kept_names *
iss_kept_names_get(struct iss_kept_names **kept, X509 *cert)
{
	struct iss_kept_names *new;
	struct iss_error ignored;

	if (*kept != NULL && (*kept)->cert == cert)
		return *kept;
	if ((new = calloc(1, sizeof(*new))) == NULL)
		return NULL;
	iss_error_clear(&ignored);
	if (iss_cert_names_init(&ignored, &new->names, cert) != ISS_OK) {
		iss_kept_names_free(new);
		return NULL;
	}
	X509_up_ref(cert);
	new->cert = cert;
	iss_kept_names_free(*kept);
	*kept = new;
	return new;
}

const struct iss_presented *
iss_kept_names_presented(const struct iss_kept_names *kept)
{
	return &kept->names.presented;
}

bool
iss_kept_names_are_unconstrained(const struct iss_kept_names *kept)
{
	return kept != NULL && kept->unconstrained;
}

void
iss_kept_names_note_unconstrained(struct iss_kept_names *kept)
{
	if (kept != NULL)
		kept->unconstrained = true;
}

void
iss_kept_names_free(struct iss_kept_names *kept)
{
	if (kept == NULL)
		return;
	iss_cert_names_release(&kept->names);
	X509_free(kept->cert);
	free(kept);
}
