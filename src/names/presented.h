/*
 * The presented identifiers (RFC 6125, 1.8): the names in a certificate, as
 * bytes, and whether one of them is the host that was meant.  See RFC 2818 and
 * RFC 6125, 6.
 */
#ifndef ISS_PRESENTED_H
#define ISS_PRESENTED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "names/reference_id.h"
#include "names/scheme.h"
#include "names/suffix.h"

/* One name in a certificate. */
struct iss_san {
	int type; /* GEN_DNS, GEN_IPADD, ... of x509v3.h; unused for a CN */
	const unsigned char *bytes;
	size_t len;
};

enum iss_san_state {
	ISS_SAN_ABSENT, /* the certificate has no such extension */
	ISS_SAN_PRESENT,
	ISS_SAN_BROKEN /* it has one that cannot be parsed */
};

/* All names of a certificate; everything is borrowed. */
struct iss_presented {
	enum iss_san_state state;
	const struct iss_san *sans;
	size_t n_sans;
	const struct iss_san *cns; /* common names of the subject, UTF-8 */
	size_t n_cns;
};

/*
 * Is one of the names the host, by the rules of scheme?  With suffixes NULL,
 * wildcards may match below a public suffix.
 */
bool iss_presented_match(const struct iss_presented *presented,
    const struct iss_reference_id *host, const struct iss_scheme *scheme,
    const struct iss_suffix_rules *suffixes);

/*
 * Append the names as text for a message: "DNS:a.example, IP:127.0.0.1,
 * CN:foo".  Within the bound of the buffer: "..." stands for names that did
 * not fit.  Bytes are shown as iss_ascii_show does.
 */
void iss_presented_describe(
    struct iss_buf *out, const struct iss_presented *presented);

#endif
