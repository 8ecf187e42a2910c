/*
 * The reference identifier (RFC 6125, 1.8): the host that the user meant to
 * reach, as a name or an address.
 */
#ifndef ISS_REFERENCE_ID_H
#define ISS_REFERENCE_ID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum iss_reference_kind {
	ISS_REFERENCE_NAME,
	ISS_REFERENCE_IPV4,
	ISS_REFERENCE_IPV6
};

enum { ISS_REFERENCE_MAX = 253, ISS_LABEL_MAX = 63 }; /* RFC 1035, 2.3.4 */

/* Plain data, nothing to release. */
struct iss_reference_id {
	enum iss_reference_kind kind;
	/* lower case, A-labels, no final dot; the usual text of an address */
	char name[ISS_REFERENCE_MAX + 1];
	unsigned char addr[16]; /* 4 or 16 bytes */
	size_t addr_len;        /* 0: not an address */
};

/*
 * Parse a host: a name in ASCII or UTF-8, an IPv4 address, an IPv6 address
 * with or without brackets.  Returns ISS_OK, or ISS_ERROR with *host untouched
 * and err showing the given bytes.  Refused are
 *
 *   - an empty label, a label over 63 bytes, a name over 253 bytes;
 *   - anything but letters, digits, '-' and '_' after conversion to A-labels,
 *     and so blanks, control characters, NUL and '*';
 *   - a name that ends in a number without being an address ("010.0.0.1",
 *     "127.1"): resolvers disagree on those.
 */
int iss_reference_id_init(struct iss_error *err, struct iss_reference_id *host,
    const void *bytes, size_t len);

/* Parse an address; false, with *host untouched, for anything else. */
bool iss_reference_id_init_address(
    struct iss_reference_id *host, const char *bytes, size_t len);

#endif
