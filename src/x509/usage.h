/*
 * What a certificate may be used for, as bits: those of its extensions
 * keyUsage and extendedKeyUsage (RFC 5280, 4.2.1.3 and 4.2.1.12) and of
 * Netscape's certificate type.  Pure: no certificate here.
 */
#ifndef ISS_USAGE_H
#define ISS_USAGE_H

#include <stdint.h>

#include "base/buf.h"

/* The three extensions, in the order in which a certificate has them. */
enum iss_usage_kind {
	ISS_USAGE_KEY,
	ISS_USAGE_NETSCAPE,
	ISS_USAGE_EXTENDED,
	ISS_USAGE_KINDS
};

enum iss_usage {
	/* may issue certificates: basicConstraints (RFC 5280, 4.2.1.9) */
	ISS_USAGE_CA = 1,
	/* ISS_USAGE_KEY */
	ISS_USAGE_DIGITAL_SIGNATURE = 1 << 1,
	ISS_USAGE_NON_REPUDIATION = 1 << 2,
	ISS_USAGE_KEY_ENCIPHERMENT = 1 << 3,
	ISS_USAGE_DATA_ENCIPHERMENT = 1 << 4,
	ISS_USAGE_KEY_AGREEMENT = 1 << 5,
	ISS_USAGE_KEY_CERT_SIGN = 1 << 6,
	ISS_USAGE_CRL_SIGN = 1 << 7,
	ISS_USAGE_ENCIPHER_ONLY = 1 << 8,
	ISS_USAGE_DECIPHER_ONLY = 1 << 9,
	/* ISS_USAGE_NETSCAPE */
	ISS_USAGE_NS_CLIENT = 1 << 10,
	ISS_USAGE_NS_SERVER = 1 << 11,
	ISS_USAGE_NS_EMAIL = 1 << 12,
	ISS_USAGE_NS_OBJSIGN = 1 << 13,
	ISS_USAGE_NS_SSL_CA = 1 << 14,
	ISS_USAGE_NS_EMAIL_CA = 1 << 15,
	ISS_USAGE_NS_OBJ_CA = 1 << 16,
	/* ISS_USAGE_EXTENDED */
	ISS_USAGE_CLIENT_AUTH = 1 << 17,
	ISS_USAGE_SERVER_AUTH = 1 << 18,
	ISS_USAGE_EMAIL_PROTECTION = 1 << 19,
	ISS_USAGE_CODE_SIGNING = 1 << 20,
	ISS_USAGE_TIME_STAMPING = 1 << 21
};

/*
 * Append the usages of one kind in the syntax of openssl.cnf,
 * "digitalSignature,keyCertSign", or nothing if there are none.  See
 * x509v3_config(5).
 */
void iss_usage_text(
    struct iss_buf *out, uint32_t usages, enum iss_usage_kind kind);

/*
 * The name of bit number `bit` of keyUsage, as RFC 5280 numbers them; NULL
 * after the last one.
 */
const char *iss_usage_key_name(unsigned bit);

#endif
