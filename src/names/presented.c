/*
 * Matching presented identifiers, with the wildcard rules of RFC 6125, 6.4.
 * The reference identifier was validated when it was parsed.  A presented name
 * needs no validation of its own: all of it but the wildcard must equal the
 * host's bytes, so a NUL, a blank or an empty label never matches.
 */
#include "names/presented.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/x509v3.h>

#include "base/ascii.h"
#include "base/error.h"

/*
 * RFC 6125, 6.4.3 and 7.2: within Punycode a partial wildcard matches other
 * characters than it seems to.
 */
static bool
match_label(const unsigned char *pattern, size_t pattern_len, size_t star,
    const char *label, size_t len, enum iss_wildcards allowed)
{
	size_t tail = pattern_len - star - 1;

	if (pattern_len == 1)
		return allowed != ISS_WILDCARDS_NONE;
	if (allowed != ISS_WILDCARDS_ANYWHERE || strncmp(label, "xn--", 4) == 0)
		return false;
	return len > star + tail && iss_ascii_equal(pattern, label, star) &&
	       iss_ascii_equal(pattern + star + 1, label + len - tail, tail);
}

/*
 * The wildcard must be in the leftmost label; the other labels must be equal.
 * A second wildcard never matches, since no host has a '*'.
 */
static bool
match_wildcard(const char *host, const unsigned char *pattern, size_t len,
    enum iss_wildcards allowed, const struct iss_suffix_rules *suffixes)
{
	const unsigned char *star = memchr(pattern, '*', len), *dot;
	const char *host_dot;
	size_t rest;

	if (star == NULL) /* most names */
		return false;
	dot = memchr(pattern, '.', len);
	host_dot = strchr(host, '.');
	if (dot == NULL || star > dot || host_dot == NULL)
		return false;
	rest = len - (size_t)(dot - pattern);
	if (rest != strlen(host_dot) || !iss_ascii_equal(dot, host_dot, rest))
		return false;
	if (suffixes != NULL &&
	    suffixes->is_public(suffixes->list, host_dot + 1))
		return false;
	return match_label(pattern, (size_t)(dot - pattern),
	    (size_t)(star - pattern), host, (size_t)(host_dot - host), allowed);
}

static bool
match_name(const char *host, const struct iss_san *name,
    enum iss_wildcards allowed, const struct iss_suffix_rules *suffixes)
{
	size_t len = name->len;

	if (len > 0 && name->bytes[len - 1] == '.')
		len--;
	if (len == strlen(host) && iss_ascii_equal(name->bytes, host, len))
		return true;
	return match_wildcard(host, name->bytes, len, allowed, suffixes);
}

static bool
match_address(
    const struct iss_reference_id *host, const unsigned char *addr, size_t len)
{
	return len == host->addr_len && memcmp(addr, host->addr, len) == 0;
}

/* A common name is text, so an address in it must be parsed. */
static bool
match_address_text(
    const struct iss_reference_id *host, const struct iss_san *cn)
{
	struct iss_reference_id other;

	return cn->len > 0 && cn->bytes[0] != '[' &&
	       iss_reference_id_init_address(
		   &other, (const char *)cn->bytes, cn->len) &&
	       match_address(host, other.addr, other.addr_len);
}

static bool
match_any_address(const struct iss_presented *presented,
    const struct iss_reference_id *host, const struct iss_scheme *scheme)
{
	int version = host->kind == ISS_REFERENCE_IPV4 ? 4 : 6;
	size_t i;

	for (i = 0; i < presented->n_sans; i++) {
		const struct iss_san *san = &presented->sans[i];

		if (san->type == GEN_IPADD &&
		    match_address(host, san->bytes, san->len))
			return true;
	}
	if (presented->state != ISS_SAN_ABSENT ||
	    scheme->check_cn == ISS_CN_NEVER ||
	    (scheme->ip_in_cn != 1 && scheme->ip_in_cn != version))
		return false;
	for (i = 0; i < presented->n_cns; i++)
		if (match_address_text(host, &presented->cns[i]))
			return true;
	return false;
}

static bool
match_any_name(const struct iss_presented *presented,
    const struct iss_reference_id *host, const struct iss_scheme *scheme,
    const struct iss_suffix_rules *suffixes)
{
	bool any_dns = false;
	size_t i;

	for (i = 0; i < presented->n_sans; i++) {
		const struct iss_san *san = &presented->sans[i];

		if (san->type != GEN_DNS)
			continue;
		any_dns = true;
		if (match_name(
			host->name, san, scheme->wildcards_in_alt, suffixes))
			return true;
	}
	if (scheme->check_cn == ISS_CN_NEVER ||
	    (scheme->check_cn == ISS_CN_WHEN_ONLY && any_dns))
		return false;
	for (i = 0; i < presented->n_cns; i++)
		if (match_name(host->name, &presented->cns[i],
			scheme->wildcards_in_cn, suffixes))
			return true;
	return false;
}

bool
iss_presented_match(const struct iss_presented *presented,
    const struct iss_reference_id *host, const struct iss_scheme *scheme,
    const struct iss_suffix_rules *suffixes)
{
	if (scheme->off)
		return true;
	if (presented->state == ISS_SAN_BROKEN)
		return false;
	if (host->kind != ISS_REFERENCE_NAME)
		return match_any_address(presented, host, scheme);
	return match_any_name(presented, host, scheme, suffixes);
}

static void
append_address(struct iss_buf *out, const unsigned char *addr, size_t len)
{
	char text[INET6_ADDRSTRLEN];

	if ((len != 4 && len != 16) || inet_ntop(len == 4 ? AF_INET : AF_INET6,
					   addr, text, sizeof(text)) == NULL)
		iss_ascii_show(out, addr, len);
	else
		iss_buf_puts(out, text);
}

/*
 * Append one name, after a comma unless it is the first since start.  False,
 * with "..." instead of the name, when it does not fit.
 */
static bool
describe_one(struct iss_buf *out, size_t start, const char *kind,
    const struct iss_san *name)
{
	const char *between = out->len > start ? ", " : "";
	struct iss_buf piece;
	bool fits;

	iss_buf_init(&piece, ISS_ERROR_TEXT_MAX);
	iss_buf_printf(&piece, "%s%s:", between, kind);
	if (strcmp(kind, "IP") == 0)
		append_address(&piece, name->bytes, name->len);
	else
		iss_ascii_show(&piece, name->bytes, name->len);
	fits = out->len + piece.len + strlen(", ...") <= out->max;
	if (fits)
		iss_buf_append(out, piece.data, piece.len);
	else
		iss_buf_printf(out, "%s...", between);
	iss_buf_release(&piece);
	return fits;
}

/* NULL for a kind that is not worth showing. */
static const char *
kind_of(int type)
{
	static const char *const kinds[] = {
		[GEN_EMAIL] = "email",
		[GEN_DNS] = "DNS",
		[GEN_URI] = "URI",
		[GEN_IPADD] = "IP",
	};

	if (type < 0 || (size_t)type >= sizeof(kinds) / sizeof(kinds[0]))
		return NULL;
	return kinds[type];
}

void
iss_presented_describe(
    struct iss_buf *out, const struct iss_presented *presented)
{
	size_t start = out->len;
	size_t i;

	if (presented->state == ISS_SAN_BROKEN) {
		iss_buf_puts(out, "a subjectAltName that cannot be parsed");
		return;
	}
	for (i = 0; i < presented->n_sans; i++) {
		const struct iss_san *san = &presented->sans[i];
		const char *kind = kind_of(san->type);

		if (kind != NULL && !describe_one(out, start, kind, san))
			return;
	}
	for (i = 0; i < presented->n_cns; i++)
		if (!describe_one(out, start, "CN", &presented->cns[i]))
			return;
	if (out->len == start)
		iss_buf_puts(out, "no names");
}
