/*
 * What a certificate may be used for, in the words of the user ("server",
 * "sslCA", "-digitalSignature") and in the bits of the three extensions that
 * say so: keyUsage and extendedKeyUsage (RFC 5280, 4.2.1.3 and 4.2.1.12) and
 * Netscape's certificate type.  Pure: no certificate here.
 */
#ifndef ISS_USAGE_H
#define ISS_USAGE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* The extensions, each with a range of bits; the order is that of a
 * certificate. */
enum iss_usage_kind {
	ISS_USAGE_KEY,
	ISS_USAGE_NETSCAPE,
	ISS_USAGE_EXTENDED,
	ISS_USAGE_KINDS
};

/* Besides those: the certificate may issue others (basicConstraints). */
enum { ISS_USAGE_CA = 1 };

/*
 * A set of purposes under construction.  usages is what those that were
 * switched on amount to, less what those that were switched off are made of;
 * later words overrule earlier ones.
 */
struct iss_purposes {
	uint32_t on;  /* rows of our table */
	uint32_t off; /* likewise */
};

/* Nothing yet. */
void iss_purposes_init(struct iss_purposes *purposes);

/*
 * Switch purposes on ("server", "+server") or off ("-server").  Words may be
 * separated by anything else; case does not matter.  Returns 0, or ISS_ERROR
 * for a word that is no purpose.
 */
int iss_purposes_parse(
    struct iss_error *err, struct iss_purposes *purposes, const char *text);

/* The usages: ISS_USAGE_CA and bits for iss_usage_text. */
uint32_t iss_purposes_usages(const struct iss_purposes *purposes);

/*
 * Append the usages of one kind in the syntax of openssl.cnf,
 * "digitalSignature,keyCertSign"; nothing where there are none.  See
 * x509v3_config(5).
 */
void iss_usage_text(
    struct iss_buf *out, uint32_t usages, enum iss_usage_kind kind);

/* The name of a bit of keyUsage; NULL behind the last one. */
const char *iss_key_usage_name(unsigned bit);

#endif
