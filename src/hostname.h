/*
 * Does a certificate name the host that was meant?  RFC 6125 and RFC 2818
 * with the schemes of many protocols.  Pure: names come as bytes with a
 * length, never as an X509.
 */
#ifndef ISS_HOSTNAME_H
#define ISS_HOSTNAME_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "error.h"
#include "idn.h"

enum iss_check_cn {
	ISS_CN_NEVER,
	ISS_CN_WHEN_ONLY, /* when no subjectAltName of type DNS is there */
	ISS_CN_ALWAYS
};

enum iss_wildcards {
	ISS_WILDCARDS_NONE,
	ISS_WILDCARDS_FULL_LABEL, /* *.example.com */
	ISS_WILDCARDS_ANYWHERE    /* www*.example.com too */
};

/* How a kind of application matches names; zeroed is the strictest. */
struct iss_scheme {
	bool off; /* nothing is checked, everything matches */
	enum iss_check_cn check_cn;
	enum iss_wildcards wildcards_in_alt;
	enum iss_wildcards wildcards_in_cn;
	int ip_in_cn; /* 0: none, 4, 6: that family, 1: both */
};

/*
 * A scheme by its name ("http", "rfc4513"), case matters; NULL when unknown.
 * With _1_77 the names that the manual of 1.77 tells have the meaning they
 * have there, the rest is as always.
 */
const struct iss_scheme *iss_scheme_find(const char *name);
const struct iss_scheme *iss_scheme_find_1_77(const char *name);

/* Append all names that the two know, separated by ", ", for a message. */
void iss_scheme_names(struct iss_buf *out);

/*
 * Set one member of a scheme of the user's own: key is check_cn,
 * wildcards_in_alt, wildcards_in_cn or ip_in_cn, value its text; NULL, ""
 * and "0" are the strictest.  Of check_cn, any unknown value means never, as
 * the manual has it.  Fails on another key, and on a value that the others
 * do not know; err tells the valid ones.
 */
int iss_scheme_set(struct iss_error *err, struct iss_scheme *scheme,
    const char *key, const char *value);

enum iss_host_kind { ISS_HOST_NAME, ISS_HOST_IPV4, ISS_HOST_IPV6 };

enum { ISS_HOST_MAX = 253, ISS_LABEL_MAX = 63 }; /* RFC 1035, 2.3.4 */

/* The reference identity: whom we meant to reach.  Plain data. */
struct iss_host {
	enum iss_host_kind kind;
	char name[ISS_HOST_MAX + 1]; /* lower case, A-labels, no final dot;
				      * of an address: its usual text */
	unsigned char addr[16];      /* 4 or 16 bytes */
	size_t addr_len;             /* 0: not an address */
};

/*
 * Parse a host: a name in ASCII or UTF-8, an IPv4 address, an IPv6 address
 * with or without brackets.  On failure *host is untouched and err shows
 * what was given: an empty label or one over 63 bytes, a name over 253,
 * anything but letters, digits, '-' and '_' after conversion to A-labels
 * (so blanks, control characters, NUL, '*'), and names which end in a number
 * and are no address ("010.0.0.1", "127.1"), since resolvers disagree.
 */
int iss_host_init(struct iss_error *err, struct iss_host *host,
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
bool iss_host_match(const struct iss_host *host,
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
