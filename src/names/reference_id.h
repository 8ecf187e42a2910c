/*
 * Does a certificate name the host that was meant?  RFC 6125 and RFC 2818
 * under the scheme of an application.  Pure: names come as bytes with a
 * length, never as an X509.
 */
#ifndef ISS_REFERENCE_ID_H
#define ISS_REFERENCE_ID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "names/idn.h"
#include "names/scheme.h"

enum iss_reference_kind {
	ISS_REFERENCE_NAME,
	ISS_REFERENCE_IPV4,
	ISS_REFERENCE_IPV6
};

enum { ISS_REFERENCE_MAX = 253, ISS_LABEL_MAX = 63 }; /* RFC 1035, 2.3.4 */

/* The reference identity: whom we meant to reach.  Plain data. */
struct iss_reference_id {
	enum iss_reference_kind kind;
	char name[ISS_REFERENCE_MAX + 1]; /* lower case, A-labels, no final dot;
					   * of an address: its usual text */
	unsigned char addr[16];           /* 4 or 16 bytes */
	size_t addr_len;                  /* 0: not an address */
};

/*
 * Parse a host: a name in ASCII or UTF-8, an IPv4 address, an IPv6 address
 * with or without brackets.  On failure *host is untouched and err shows
 * what was given: an empty label or one over 63 bytes, a name over 253,
 * anything but letters, digits, '-' and '_' after conversion to A-labels
 * (so blanks, control characters, NUL, '*'), and names which end in a number
 * and are no address ("010.0.0.1", "127.1"), since resolvers disagree.
 */
int iss_reference_id_init(struct iss_error *err, struct iss_reference_id *host,
    const void *bytes, size_t len);

/* A name in a certificate. */
struct iss_san {
	int type; /* GEN_DNS, GEN_IPADD, ... of x509v3.h; unused for a CN */
	const unsigned char *bytes;
	size_t len;
};

enum iss_san_state {
	ISS_SAN_ABSENT, /* the certificate has no such extension */
	ISS_SAN_PRESENT,
	ISS_SAN_BROKEN /* it has, but that cannot be parsed */
};

/* What a certificate presents; everything is borrowed. */
struct iss_presented {
	enum iss_san_state state;
	const struct iss_san *sans;
	size_t n_sans;
	const struct iss_san *cns; /* common names of the subject, UTF-8 */
	size_t n_cns;
};

/*
 * Does one of the presented names stand for the host, under the scheme?
 * With suffixes NULL, wildcards may match below a public suffix.
 */
bool iss_reference_id_match(const struct iss_reference_id *host,
    const struct iss_scheme *scheme, const struct iss_presented *presented,
    const struct iss_suffixes *suffixes);

/*
 * Append the presented names as text for a message, within the bound of the
 * buffer ("..." tells that it was reached): "DNS:a.example, IP:127.0.0.1,
 * CN:foo".  What is not printable ASCII, and what could forge an entry,
 * is written as \xNN.
 */
void iss_presented_describe(
    struct iss_buf *out, const struct iss_presented *presented);

#endif
