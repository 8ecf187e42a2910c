/*
 * What the tests of names share: names as bytes, and a match with one.
 */
#ifndef ISS_TEST_NAMES_H
#define ISS_TEST_NAMES_H

#include <openssl/x509v3.h>

#include "names/presented.h"
#include "tap.h"

/* clang-format off */

/* Names as bytes with a length, which may contain NUL. */
#define DNS(s)                                                                 \
	{                                                                      \
		GEN_DNS, (const unsigned char *)(s), sizeof(s) - 1             \
	}
#define IP(s)                                                                  \
	{                                                                      \
		GEN_IPADD, (const unsigned char *)(s), sizeof(s) - 1           \
	}
#define URI(s)                                                                 \
	{                                                                      \
		GEN_URI, (const unsigned char *)(s), sizeof(s) - 1             \
	}
#define EMAIL(s)                                                               \
	{                                                                      \
		GEN_EMAIL, (const unsigned char *)(s), sizeof(s) - 1           \
	}
#define OTHER(s)                                                               \
	{                                                                      \
		GEN_OTHERNAME, (const unsigned char *)(s), sizeof(s) - 1       \
	}
#define CN(s)                                                                  \
	{                                                                      \
		-1, (const unsigned char *)(s), sizeof(s) - 1                  \
	}

/* clang-format on */

static inline struct iss_reference_id
host_of(const char *text)
{
	struct iss_reference_id host;
	struct iss_error err;

	iss_error_clear(&err);
	memset(&host, 0, sizeof(host));
	if (iss_reference_id_init(&err, &host, text, strlen(text)) != 0) {
		ok(false, "host_of(%s)", text);
		diag("%s", err.text);
	}
	return host;
}

/* Match with one name as the only SAN, or as the only CN. */
static inline bool
match_one(const char *host, const struct iss_scheme *scheme, bool as_cn,
    struct iss_san name, const struct iss_suffix_rules *suffixes)
{
	struct iss_reference_id parsed = host_of(host);
	struct iss_presented presented = {
		.state = as_cn ? ISS_SAN_ABSENT : ISS_SAN_PRESENT,
		.sans = as_cn ? NULL : &name,
		.n_sans = as_cn ? 0 : 1,
		.cns = as_cn ? &name : NULL,
		.n_cns = as_cn ? 1 : 0,
	};

	return iss_presented_match(&presented, &parsed, scheme, suffixes);
}

#endif
