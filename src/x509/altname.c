/*
 * Alternative names on OpenSSL's GENERAL_NAME.  A nonsensical name is not
 * refused, since tests need certificates with such names.
 */
#include "x509/altname.h"

#include <arpa/inet.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include "base/ascii.h"
#include "names/idn.h"
#include "names/reference_id.h"
#include "x509/name.h"

enum { OTHER_NAME_MAX = 4096 };

/* By type, which is the tag in RFC 5280. */
static const struct type {
	const char *name;
	bool is_text;
} types[] = {
	[GEN_OTHERNAME] = { "OTHERNAME", false },
	[GEN_EMAIL] = { "EMAIL", true },
	[GEN_DNS] = { "DNS", true },
	[GEN_X400] = { "X400", false },
	[GEN_DIRNAME] = { "DIRNAME", true },
	[GEN_EDIPARTY] = { "EDIPARTY", false },
	[GEN_URI] = { "URI", true },
	[GEN_IPADD] = { "IP", false },
	[GEN_RID] = { "RID", true },
};

enum { TYPES = sizeof(types) / sizeof(types[0]) };

const char *
iss_altname_type(int type)
{
	return type >= 0 && type < TYPES ? types[type].name : "";
}

int
iss_altname_number(const char *name)
{
	const size_t len = strlen(name);
	int type;

	for (type = 0; type < TYPES; type++)
		if (strlen(types[type].name) == len &&
		    iss_ascii_equal(name, types[type].name, len))
			return type;
	return -1;
}

bool
iss_altname_is_text(int type)
{
	return type >= 0 && type < TYPES && types[type].is_text;
}

static int
append_bytes(
    struct iss_error *err, struct iss_buf *out, const void *bytes, int len)
{
	if (len < 0)
		return iss_error_openssl(err, "cannot encode a name");
	if (!iss_buf_append(out, bytes, (size_t)len))
		return iss_error_set(err, "a name is too long");
	return ISS_OK;
}

static int
append_string(
    struct iss_error *err, struct iss_buf *out, const ASN1_STRING *string)
{
	return append_bytes(err, out, ASN1_STRING_get0_data(string),
	    ASN1_STRING_length(string));
}

static int
append_address(
    struct iss_error *err, struct iss_buf *out, const ASN1_STRING *bytes)
{
	char text[INET6_ADDRSTRLEN];
	int len = ASN1_STRING_length(bytes);

	if ((len != 4 && len != 16) ||
	    inet_ntop(len == 4 ? AF_INET : AF_INET6,
		ASN1_STRING_get0_data(bytes), text, sizeof(text)) == NULL)
		return append_string(err, out, bytes);
	return append_bytes(err, out, text, (int)strlen(text));
}

/* Takes the bytes, which i2d_*(3) allocated. */
static int
append_der(
    struct iss_error *err, struct iss_buf *out, unsigned char *der, int len)
{
	int rv = append_bytes(err, out, der, len);

	OPENSSL_free(der);
	return rv;
}

static int
append_oid(struct iss_error *err, struct iss_buf *out, const ASN1_OBJECT *oid)
{
	unsigned char *der = NULL;
	char text[256];
	int len = OBJ_obj2txt(text, sizeof(text), oid, 1);

	if (len > 0 && len < (int)sizeof(text))
		return append_bytes(err, out, text, len);
	len = i2d_ASN1_OBJECT(oid, &der);
	return append_der(err, out, der, len);
}

/* The OID determines the type of the value; a string can be shown. */
static int
append_other(struct iss_error *err, struct iss_buf *out, ASN1_TYPE *value)
{
	unsigned char *der = NULL;
	int len;

	switch (value->type) {
	case V_ASN1_UTF8STRING:
	case V_ASN1_IA5STRING:
	case V_ASN1_PRINTABLESTRING:
	case V_ASN1_VISIBLESTRING:
		return append_string(err, out, value->value.asn1_string);
	default:
		len = i2d_ASN1_TYPE(value, &der);
		return append_der(err, out, der, len);
	}
}

int
iss_altname_value(
    struct iss_error *err, GENERAL_NAME *name, struct iss_buf *out)
{
	unsigned char *der = NULL;
	int len;

	switch (name->type) {
	case GEN_EMAIL:
	case GEN_DNS:
	case GEN_URI:
		return append_string(err, out, name->d.ia5);
	case GEN_IPADD:
		return append_address(err, out, name->d.iPAddress);
	case GEN_DIRNAME:
		return iss_name_text(err, name->d.directoryName, out);
	case GEN_RID:
		return append_oid(err, out, name->d.registeredID);
	case GEN_OTHERNAME:
		return append_other(err, out, name->d.otherName->value);
	default:
		len = i2d_GENERAL_NAME(name, &der);
		return append_der(err, out, der, len);
	}
}

/* Make a name of a string type. */
static GENERAL_NAME *
new_string(struct iss_error *err, int type, int asn1_type, const void *bytes,
    size_t len)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_STRING *string = ASN1_STRING_type_new(asn1_type);

	if (len > INT_MAX || name == NULL || string == NULL ||
	    !ASN1_STRING_set(string, bytes, (int)len)) {
		ASN1_STRING_free(string);
		GENERAL_NAME_free(name);
		iss_error_openssl(err, "cannot create a name");
		return NULL;
	}
	GENERAL_NAME_set0_value(name, type, string);
	return name;
}

static GENERAL_NAME *
new_text(struct iss_error *err, int type, const char *bytes, size_t len)
{
	struct iss_buf labels;
	GENERAL_NAME *name = NULL;

	if (iss_ascii_is(bytes, len))
		return new_string(err, type, V_ASN1_IA5STRING, bytes, len);
	if (type != GEN_DNS) {
		iss_error_set(err, "'%.*s' is not ASCII",
		    (int)(len < 60 ? len : 60), bytes);
		return NULL;
	}
	iss_buf_init(&labels, ISS_IDN_MAX);
	if (iss_idn_to_ascii(err, &labels, bytes, len) == ISS_OK)
		name = new_string(
		    err, type, V_ASN1_IA5STRING, labels.data, labels.len);
	iss_buf_release(&labels);
	return name;
}

/* Text is tried first: "::1a" has four bytes as well. */
static GENERAL_NAME *
new_address(struct iss_error *err, const char *bytes, size_t len)
{
	struct iss_error no_text;
	struct iss_reference_id host;

	iss_error_clear(&no_text);
	if (iss_reference_id_init(&no_text, &host, bytes, len) == ISS_OK &&
	    host.kind != ISS_REFERENCE_NAME)
		return new_string(err, GEN_IPADD, V_ASN1_OCTET_STRING,
		    host.addr, host.addr_len);
	if (len == 4 || len == 16)
		return new_string(
		    err, GEN_IPADD, V_ASN1_OCTET_STRING, bytes, len);
	iss_error_set(err, "'%.*s' is not an IP address",
	    (int)(len < 60 ? len : 60), bytes);
	return NULL;
}

/* OpenSSL also has names of algorithms that have no object identifier. */
static bool
has_oid(const GENERAL_NAME *name)
{
	const ASN1_OBJECT *oid = name->type == GEN_RID
				     ? name->d.registeredID
				     : name->d.otherName->type_id;

	return OBJ_length(oid) > 0;
}

/* OpenSSL parses the value, as a C string. */
static GENERAL_NAME *
new_by_openssl(struct iss_error *err, int type, const char *bytes, size_t len)
{
	char text[OTHER_NAME_MAX];
	GENERAL_NAME *name;
	X509V3_CTX ctx;

	if (len >= sizeof(text) || memchr(bytes, '\0', len) != NULL) {
		iss_error_set(err, "it is too long, or contains a NUL");
		return NULL;
	}
	memcpy(text, bytes, len);
	text[len] = '\0';
	X509V3_set_ctx(&ctx, NULL, NULL, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&ctx);
	name = a2i_GENERAL_NAME(NULL, NULL, &ctx, type, text, 0);
	if (name == NULL)
		iss_error_openssl(err, "'%.60s'", text);
	if (name != NULL && !has_oid(name)) {
		GENERAL_NAME_free(name);
		iss_error_set(err, "'%.60s' has no object identifier", text);
		return NULL;
	}
	return name;
}

static GENERAL_NAME *
new_from_der(
    struct iss_error *err, int type, const unsigned char *bytes, size_t len)
{
	const unsigned char *at = bytes;
	GENERAL_NAME *name = NULL;

	if (len <= LONG_MAX)
		name = d2i_GENERAL_NAME(NULL, &at, (long)len);
	if (name != NULL && name->type == type && at == bytes + len)
		return name;
	GENERAL_NAME_free(name);
	iss_error_set(err, "it is not a name of this type in DER");
	return NULL;
}

GENERAL_NAME *
iss_altname_new(struct iss_error *err, int type, const void *bytes, size_t len)
{
	GENERAL_NAME *name = NULL;

	ERR_clear_error();
	switch (type) {
	case GEN_EMAIL:
	case GEN_DNS:
	case GEN_URI:
		name = new_text(err, type, bytes, len);
		break;
	case GEN_IPADD:
		name = new_address(err, bytes, len);
		break;
	case GEN_RID:
	case GEN_OTHERNAME:
		name = new_by_openssl(err, type, bytes, len);
		break;
	case GEN_X400:
	case GEN_EDIPARTY:
		name = new_from_der(err, type, bytes, len);
		break;
	default:
		iss_error_set(err, "this type of name cannot be given as text");
		break;
	}
	ERR_clear_error();
	return name;
}

GENERAL_NAME *
iss_altname_new_dir(struct iss_error *err, X509_NAME *dir)
{
	GENERAL_NAME *name = GENERAL_NAME_new();

	if (name == NULL) {
		X509_NAME_free(dir);
		iss_error_set(err, "out of memory");
		return NULL;
	}
	GENERAL_NAME_set0_value(name, GEN_DIRNAME, dir);
	return name;
}
