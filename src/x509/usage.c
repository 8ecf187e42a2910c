/*
 * Purposes, usages and their names, as two tables.
 */
#include "x509/usage.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Usages by their number, which is that of a bit; bit 0 is ISS_USAGE_CA. */
enum {
	DIGITAL_SIGNATURE = 1 << 1,
	NON_REPUDIATION = 1 << 2,
	KEY_ENCIPHERMENT = 1 << 3,
	DATA_ENCIPHERMENT = 1 << 4,
	KEY_AGREEMENT = 1 << 5,
	KEY_CERT_SIGN = 1 << 6,
	CRL_SIGN = 1 << 7,
	ENCIPHER_ONLY = 1 << 8,
	DECIPHER_ONLY = 1 << 9,
	NS_CLIENT = 1 << 10,
	NS_SERVER = 1 << 11,
	NS_EMAIL = 1 << 12,
	NS_OBJSIGN = 1 << 13,
	NS_SSL_CA = 1 << 14,
	NS_EMAIL_CA = 1 << 15,
	NS_OBJ_CA = 1 << 16,
	CLIENT_AUTH = 1 << 17,
	SERVER_AUTH = 1 << 18,
	EMAIL_PROTECTION = 1 << 19,
	CODE_SIGNING = 1 << 20,
	TIME_STAMPING = 1 << 21,

	/* What a key needs for TLS, or for signing mail and code. */
	SIGN_AND_ENCIPHER = DIGITAL_SIGNATURE | KEY_ENCIPHERMENT,
	/* What an issuer needs. */
	ISSUE = ISS_USAGE_CA | DIGITAL_SIGNATURE | KEY_CERT_SIGN
};

/* Those of keyUsage come first, in the order of RFC 5280, 4.2.1.3. */
static const struct usage {
	uint32_t bit;
	enum iss_usage_kind kind;
	const char *name; /* in openssl.cnf */
} usages[] = {
	{ DIGITAL_SIGNATURE, ISS_USAGE_KEY, "digitalSignature" },
	{ NON_REPUDIATION, ISS_USAGE_KEY, "nonRepudiation" },
	{ KEY_ENCIPHERMENT, ISS_USAGE_KEY, "keyEncipherment" },
	{ DATA_ENCIPHERMENT, ISS_USAGE_KEY, "dataEncipherment" },
	{ KEY_AGREEMENT, ISS_USAGE_KEY, "keyAgreement" },
	{ KEY_CERT_SIGN, ISS_USAGE_KEY, "keyCertSign" },
	{ CRL_SIGN, ISS_USAGE_KEY, "cRLSign" },
	{ ENCIPHER_ONLY, ISS_USAGE_KEY, "encipherOnly" },
	{ DECIPHER_ONLY, ISS_USAGE_KEY, "decipherOnly" },
	{ NS_CLIENT, ISS_USAGE_NETSCAPE, "client" },
	{ NS_SERVER, ISS_USAGE_NETSCAPE, "server" },
	{ NS_EMAIL, ISS_USAGE_NETSCAPE, "email" },
	{ NS_OBJSIGN, ISS_USAGE_NETSCAPE, "objsign" },
	{ NS_SSL_CA, ISS_USAGE_NETSCAPE, "sslCA" },
	{ NS_EMAIL_CA, ISS_USAGE_NETSCAPE, "emailCA" },
	{ NS_OBJ_CA, ISS_USAGE_NETSCAPE, "objCA" },
	{ CLIENT_AUTH, ISS_USAGE_EXTENDED, "clientAuth" },
	{ SERVER_AUTH, ISS_USAGE_EXTENDED, "serverAuth" },
	{ EMAIL_PROTECTION, ISS_USAGE_EXTENDED, "emailProtection" },
	{ CODE_SIGNING, ISS_USAGE_EXTENDED, "codeSigning" },
	{ TIME_STAMPING, ISS_USAGE_EXTENDED, "timeStamping" },
};

/* Every word of the user's: what it gives when it is switched on, and what
 * it takes away when it is switched off. */
static const struct purpose {
	const char *name;
	uint32_t gives;
	uint32_t is;
} purposes_known[] = {
	{ "client", SIGN_AND_ENCIPHER | NS_CLIENT | CLIENT_AUTH,
	    NS_CLIENT | CLIENT_AUTH },
	{ "server", SIGN_AND_ENCIPHER | NS_SERVER | SERVER_AUTH,
	    NS_SERVER | SERVER_AUTH },
	{ "email", SIGN_AND_ENCIPHER | NS_EMAIL | EMAIL_PROTECTION,
	    NS_EMAIL | EMAIL_PROTECTION },
	{ "emailProtection", SIGN_AND_ENCIPHER | NS_EMAIL | EMAIL_PROTECTION,
	    NS_EMAIL | EMAIL_PROTECTION },
	{ "objsign", SIGN_AND_ENCIPHER | NS_OBJSIGN | CODE_SIGNING,
	    NS_OBJSIGN | CODE_SIGNING },
	{ "codeSigning", SIGN_AND_ENCIPHER | NS_OBJSIGN | CODE_SIGNING,
	    NS_OBJSIGN | CODE_SIGNING },
	{ "timeStamping", TIME_STAMPING, TIME_STAMPING },
	{ "CA", ISSUE, ISS_USAGE_CA | KEY_CERT_SIGN },
	{ "sslCA", ISSUE | NS_SSL_CA, NS_SSL_CA },
	{ "emailCA", ISSUE | NS_EMAIL_CA, NS_EMAIL_CA },
	{ "objCA", ISSUE | NS_OBJ_CA, NS_OBJ_CA },
	{ "digitalSignature", DIGITAL_SIGNATURE, DIGITAL_SIGNATURE },
	{ "nonRepudiation", NON_REPUDIATION, NON_REPUDIATION },
	{ "keyEncipherment", KEY_ENCIPHERMENT, KEY_ENCIPHERMENT },
	{ "dataEncipherment", DATA_ENCIPHERMENT, DATA_ENCIPHERMENT },
	{ "keyAgreement", KEY_AGREEMENT, KEY_AGREEMENT },
	{ "keyCertSign", KEY_CERT_SIGN, KEY_CERT_SIGN },
	{ "cRLSign", CRL_SIGN, CRL_SIGN },
	{ "encipherOnly", ENCIPHER_ONLY, ENCIPHER_ONLY },
	{ "decipherOnly", DECIPHER_ONLY, DECIPHER_ONLY },
};

void
iss_purposes_init(struct iss_purposes *purposes)
{
	purposes->on = purposes->off = 0;
}

/* ASCII alone, whatever the locale thinks. */
static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

static int
set_purpose(struct iss_error *err, struct iss_purposes *purposes,
    const char *word, size_t len, bool on)
{
	uint32_t bit;
	size_t i;

	for (i = 0; i < COUNT(purposes_known); i++) {
		if (strlen(purposes_known[i].name) != len ||
		    strncasecmp(purposes_known[i].name, word, len) != 0)
			continue;
		bit = (uint32_t)1 << i;
		purposes->on = on ? purposes->on | bit : purposes->on & ~bit;
		purposes->off = on ? purposes->off & ~bit : purposes->off | bit;
		return 0;
	}
	return iss_error_set(
	    err, "unknown purpose %.*s", (int)(len < 64 ? len : 64), word);
}

int
iss_purposes_parse(
    struct iss_error *err, struct iss_purposes *purposes, const char *text)
{
	const char *word;
	bool on = true;

	while (*text != '\0') {
		if (!is_word(*text)) {
			on = *text++ != '-';
			continue;
		}
		for (word = text; is_word(*text); text++)
			;
		if (set_purpose(
			err, purposes, word, (size_t)(text - word), on) != 0)
			return ISS_ERROR;
		on = true;
	}
	return 0;
}

uint32_t
iss_purposes_usages(const struct iss_purposes *purposes)
{
	uint32_t given = 0, taken = 0, bit;
	size_t i;

	for (i = 0; i < COUNT(purposes_known); i++) {
		bit = (uint32_t)1 << i;
		if ((purposes->on & bit) != 0)
			given |= purposes_known[i].gives;
		if ((purposes->off & bit) != 0)
			taken |= purposes_known[i].is;
	}
	return given & ~taken;
}

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
iss_key_usage_name(unsigned bit)
{
	if (bit >= COUNT(usages) || usages[bit].kind != ISS_USAGE_KEY)
		return NULL;
	return usages[bit].name;
}
