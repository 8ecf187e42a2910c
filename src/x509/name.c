/*
 * Names as OpenSSL writes and builds them.
 */
#include "x509/name.h"

#include <limits.h>

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>

int
iss_name_text(struct iss_error *err, const X509_NAME *name, struct iss_buf *out)
{
	char *line = X509_NAME_oneline(name, NULL, 0);
	bool ok;

	if (line == NULL)
		return iss_error_openssl(err, "cannot convert a name to text");
	ok = iss_buf_puts(out, line);
	OPENSSL_free(line);
	return ok ? ISS_OK : iss_error_set(err, "a name is too long");
}

/*
 * OpenSSL picks the string's type and refuses what X.520 does not allow, such
 * as a country of three letters or a common name of more than 64 characters.
 * Such names exist all the same, so they are added as plain UTF-8.
 */
int
iss_name_add(struct iss_error *err, X509_NAME *name, const char *type,
    const void *utf8, size_t len)
{
	ASN1_OBJECT *object = OBJ_txt2obj(type, 0);
	int rv = ISS_OK;

	ERR_clear_error();
	if (object == NULL)
		return iss_error_set(
		    err, "unknown field '%.60s' in a name", type);
	if (len > INT_MAX || (!X509_NAME_add_entry_by_OBJ(name, object,
				  MBSTRING_UTF8, utf8, (int)len, -1, 0) &&
				 !X509_NAME_add_entry_by_OBJ(name, object,
				     V_ASN1_UTF8STRING, utf8, (int)len, -1, 0)))
		rv = iss_error_openssl(err, "%.60s", type);
	ASN1_OBJECT_free(object);
	ERR_clear_error();
	return rv;
}
