/*
 * The table of usages and their names in openssl.cnf.
 */
#include "x509/usage.h"

#include <stddef.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Those of keyUsage come first, in the order of RFC 5280, 4.2.1.3. */
static const struct usage {
	uint32_t bit;
	enum iss_usage_kind kind;
	const char *name; /* in openssl.cnf */
} usages[] = {
	{ ISS_USAGE_DIGITAL_SIGNATURE, ISS_USAGE_KEY, "digitalSignature" },
	{ ISS_USAGE_NON_REPUDIATION, ISS_USAGE_KEY, "nonRepudiation" },
	{ ISS_USAGE_KEY_ENCIPHERMENT, ISS_USAGE_KEY, "keyEncipherment" },
	{ ISS_USAGE_DATA_ENCIPHERMENT, ISS_USAGE_KEY, "dataEncipherment" },
	{ ISS_USAGE_KEY_AGREEMENT, ISS_USAGE_KEY, "keyAgreement" },
	{ ISS_USAGE_KEY_CERT_SIGN, ISS_USAGE_KEY, "keyCertSign" },
	{ ISS_USAGE_CRL_SIGN, ISS_USAGE_KEY, "cRLSign" },
	{ ISS_USAGE_ENCIPHER_ONLY, ISS_USAGE_KEY, "encipherOnly" },
	{ ISS_USAGE_DECIPHER_ONLY, ISS_USAGE_KEY, "decipherOnly" },
	{ ISS_USAGE_NS_CLIENT, ISS_USAGE_NETSCAPE, "client" },
	{ ISS_USAGE_NS_SERVER, ISS_USAGE_NETSCAPE, "server" },
	{ ISS_USAGE_NS_EMAIL, ISS_USAGE_NETSCAPE, "email" },
	{ ISS_USAGE_NS_OBJSIGN, ISS_USAGE_NETSCAPE, "objsign" },
	{ ISS_USAGE_NS_SSL_CA, ISS_USAGE_NETSCAPE, "sslCA" },
	{ ISS_USAGE_NS_EMAIL_CA, ISS_USAGE_NETSCAPE, "emailCA" },
	{ ISS_USAGE_NS_OBJ_CA, ISS_USAGE_NETSCAPE, "objCA" },
	{ ISS_USAGE_CLIENT_AUTH, ISS_USAGE_EXTENDED, "clientAuth" },
	{ ISS_USAGE_SERVER_AUTH, ISS_USAGE_EXTENDED, "serverAuth" },
	{ ISS_USAGE_EMAIL_PROTECTION, ISS_USAGE_EXTENDED, "emailProtection" },
	{ ISS_USAGE_CODE_SIGNING, ISS_USAGE_EXTENDED, "codeSigning" },
	{ ISS_USAGE_TIME_STAMPING, ISS_USAGE_EXTENDED, "timeStamping" },
};

void
iss_usage_text(struct iss_buf *out, uint32_t set, enum iss_usage_kind kind)
{
	const char *comma = "";
	size_t i;

	for (i = 0; i < COUNT(usages); i++) {
		if (usages[i].kind != kind || (set & usages[i].bit) == 0)
			continue;
		iss_buf_printf(out, "%s%s", comma, usages[i].name);
		comma = ",";
	}
}

const char *
iss_usage_key_name(unsigned bit)
{
	if (bit >= COUNT(usages) || usages[bit].kind != ISS_USAGE_KEY)
		return NULL;
	return usages[bit].name;
}
