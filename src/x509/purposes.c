/*
 * The table of the words and what each means.
 */
#include "x509/purposes.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/ascii.h"
#include "x509/usage.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Usages that come together. */
enum {
	CLIENT = ISS_USAGE_NS_CLIENT | ISS_USAGE_CLIENT_AUTH,
	SERVER = ISS_USAGE_NS_SERVER | ISS_USAGE_SERVER_AUTH,
	EMAIL = ISS_USAGE_NS_EMAIL | ISS_USAGE_EMAIL_PROTECTION,
	OBJSIGN = ISS_USAGE_NS_OBJSIGN | ISS_USAGE_CODE_SIGNING,
	/* what a key needs for TLS, or to sign mail and code */
	KEY = ISS_USAGE_DIGITAL_SIGNATURE | ISS_USAGE_KEY_ENCIPHERMENT,
	/* what an issuer is, and what its key needs */
	ISSUER = ISS_USAGE_CA | ISS_USAGE_KEY_CERT_SIGN,
	ISSUER_KEY = ISSUER | ISS_USAGE_DIGITAL_SIGNATURE
};

#define SAME(usage) usage, usage

/*
 * Each word, the usages that it adds when it is on, and those that it takes
 * away when it is off.
 */
static const struct purpose {
	const char *name;
	uint32_t adds;
	uint32_t takes;
} words[] = {
	{ "client", KEY | CLIENT, CLIENT },
	{ "server", KEY | SERVER, SERVER },
	{ "email", KEY | EMAIL, EMAIL },
	{ "emailProtection", KEY | EMAIL, EMAIL },
	{ "objsign", KEY | OBJSIGN, OBJSIGN },
	{ "codeSigning", KEY | OBJSIGN, OBJSIGN },
	{ "timeStamping", SAME(ISS_USAGE_TIME_STAMPING) },
	{ "CA", ISSUER_KEY, ISSUER },
	{ "sslCA", ISSUER_KEY | ISS_USAGE_NS_SSL_CA, ISS_USAGE_NS_SSL_CA },
	{ "emailCA", ISSUER_KEY | ISS_USAGE_NS_EMAIL_CA,
	    ISS_USAGE_NS_EMAIL_CA },
	{ "objCA", ISSUER_KEY | ISS_USAGE_NS_OBJ_CA, ISS_USAGE_NS_OBJ_CA },
	{ "digitalSignature", SAME(ISS_USAGE_DIGITAL_SIGNATURE) },
	{ "nonRepudiation", SAME(ISS_USAGE_NON_REPUDIATION) },
	{ "keyEncipherment", SAME(ISS_USAGE_KEY_ENCIPHERMENT) },
	{ "dataEncipherment", SAME(ISS_USAGE_DATA_ENCIPHERMENT) },
	{ "keyAgreement", SAME(ISS_USAGE_KEY_AGREEMENT) },
	{ "keyCertSign", SAME(ISS_USAGE_KEY_CERT_SIGN) },
	{ "cRLSign", SAME(ISS_USAGE_CRL_SIGN) },
	{ "encipherOnly", SAME(ISS_USAGE_ENCIPHER_ONLY) },
	{ "decipherOnly", SAME(ISS_USAGE_DECIPHER_ONLY) },
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

	for (i = 0; i < COUNT(words); i++) {
		if (strlen(words[i].name) != len ||
		    !iss_ascii_equal(words[i].name, word, len))
			continue;
		bit = (uint32_t)1 << i;
		purposes->on = on ? purposes->on | bit : purposes->on & ~bit;
		purposes->off = on ? purposes->off & ~bit : purposes->off | bit;
		return ISS_OK;
	}
	return iss_error_set(
	    err, "unknown purpose %.*s", (int)(len < 60 ? len : 60), word);
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
		if (set_purpose(err, purposes, word, (size_t)(text - word),
			on) != ISS_OK)
			return ISS_ERROR;
		on = true;
	}
	return ISS_OK;
}

uint32_t
iss_purposes_usages(const struct iss_purposes *purposes)
{
	uint32_t added = 0, taken = 0, bit;
	size_t i;

	for (i = 0; i < COUNT(words); i++) {
		bit = (uint32_t)1 << i;
		if ((purposes->on & bit) != 0)
			added |= words[i].adds;
		if ((purposes->off & bit) != 0)
			taken |= words[i].takes;
	}
	return added & ~taken;
}
