/*
 * Names that were meant against names that a certificate presents.  Owns
 * the wildcard rules (RFC 6125, 6.4); refuses to know X509 and DNS.  A host is
 * validated once, when it is parsed; a presented name then needs no validation,
 * since all of it but the wildcard must be equal to the host's bytes: a NUL, a
 * blank or an empty label cannot be.
 */
#include "names/reference_id.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/x509v3.h>

/* Locales change tolower(3); host names are ASCII. */
static int
lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static bool
equal(const unsigned char *a, const char *b, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (lower(a[i]) != lower((unsigned char)b[i]))
			return false;
	return true;
}

/* Bytes of strangers in a message: '\\' and ',' could forge an entry. */
static void
append_shown(struct iss_buf *out, const unsigned char *bytes, size_t len)
{
	enum { LONGEST = 100 };
	size_t i;

	for (i = 0; i < len && i < LONGEST; i++)
		if (bytes[i] < ' ' || bytes[i] > '~' || bytes[i] == '\\' ||
		    bytes[i] == ',')
			iss_buf_printf(out, "\\x%02x", bytes[i]);
		else
			iss_buf_append(out, &bytes[i], 1);
	if (i < len)
		iss_buf_puts(out, "...");
}

/*
 * An address in text, in the only spelling each system agrees on: inet_pton
 * takes no leading zeros, no octal, no fewer than four parts.
 */
static bool
parse_address(struct iss_reference_id *host, const char *bytes, size_t len)
{
	char text[INET6_ADDRSTRLEN];
	int family = AF_INET;

	if (len > 2 && bytes[0] == '[' && bytes[len - 1] == ']') {
		bytes++, len -= 2;
		family = AF_INET6;
	} else if (memchr(bytes, ':', len) != NULL)
		family = AF_INET6;
	if (len >= sizeof(text) || memchr(bytes, '\0', len) != NULL)
		return false;
	memcpy(text, bytes, len);
	text[len] = '\0';
	if (inet_pton(family, text, host->addr) != 1)
		return false;

	host->kind =
	    family == AF_INET ? ISS_REFERENCE_IPV4 : ISS_REFERENCE_IPV6;
	host->addr_len = family == AF_INET ? 4 : 16;
	inet_ntop(family, host->addr, host->name, sizeof(host->name));
	return true;
}

/* Underscores are no host names by RFC 1123, but exist in the DNS. */
static bool
is_host_char(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '_';
}

/*
 * Would some resolver take the last label as a number, and so the name as
 * an address?  The rule of the WHATWG URL standard, "ends in a number".
 */
static bool
ends_in_number(const char *name)
{
	const char *last = strrchr(name, '.');

	last = last != NULL ? last + 1 : name;
	if (last[0] == '0' && last[1] == 'x')
		return last[2 + strspn(last + 2, "0123456789abcdef")] == '\0';
	return last[strspn(last, "0123456789")] == '\0';
}

/* Copy an ASCII name; the answer is what is wrong with it, NULL: nothing. */
static const char *
parse_name(struct iss_reference_id *host, const char *bytes, size_t len)
{
	size_t i, label = 0;
	int c;

	if (len > 0 && bytes[len - 1] == '.')
		len--;
	if (len == 0)
		return "it is empty";
	if (len > ISS_REFERENCE_MAX)
		return "it is longer than 253 bytes";
	for (i = 0; i <= len; i++) {
		c = i < len ? lower((unsigned char)bytes[i]) : '.';
		if (c == '.') {
			if (label == 0)
				return "it has an empty label";
			if (label > ISS_LABEL_MAX)
				return "it has a label longer than 63 bytes";
			label = 0;
		} else if (is_host_char(c))
			label++;
		else
			return "only letters, digits, '-', '_' and '.' are "
			       "allowed";
		host->name[i] = (char)c;
	}
	host->name[len] = '\0';
	if (ends_in_number(host->name))
		return "it ends in a number but is no IP address";
	return NULL;
}

static bool
is_ascii(const unsigned char *bytes, size_t len)
{
	while (len > 0 && bytes[len - 1] < 0x80)
		len--;
	return len == 0;
}

static int
invalid_host(
    struct iss_error *err, const void *bytes, size_t len, const char *reason)
{
	struct iss_buf shown;

	iss_buf_init(&shown, ISS_ERROR_TEXT_MAX);
	append_shown(&shown, bytes, len);
	iss_error_set(err, "\"%s\" is not a valid host name: %s",
	    iss_buf_text(&shown), reason);
	iss_buf_release(&shown);
	return ISS_ERROR;
}

int
iss_reference_id_init(struct iss_error *err, struct iss_reference_id *host,
    const void *bytes, size_t len)
{
	struct iss_reference_id parsed = { .kind = ISS_REFERENCE_NAME };
	struct iss_error idn_err;
	const char *reason = NULL;
	struct iss_buf ascii;

	iss_error_clear(&idn_err);
	iss_buf_init(&ascii, ISS_IDN_MAX);

	if (len == 0)
		reason = "it is empty";
	else if (is_ascii(bytes, len)) {
		if (!parse_address(&parsed, bytes, len))
			reason = parse_name(&parsed, bytes, len);
	} else if (iss_idn_to_ascii(&idn_err, &ascii, bytes, len) != 0)
		reason = idn_err.text;
	else
		reason = parse_name(&parsed, iss_buf_text(&ascii), ascii.len);

	iss_buf_release(&ascii);
	if (reason != NULL)
		return invalid_host(err, bytes, len, reason);
	*host = parsed;
	return 0;
}

/* RFC 6125, 6.4.3, and 7.2: a partial wildcard within punycode means
 * something else than it seems to. */
static bool
match_label(const unsigned char *pattern, size_t pattern_len, size_t star,
    const char *label, size_t len, enum iss_wildcards allowed)
{
	size_t tail = pattern_len - star - 1;

	if (pattern_len == 1)
		return allowed != ISS_WILDCARDS_NONE;
	if (allowed != ISS_WILDCARDS_ANYWHERE || strncmp(label, "xn--", 4) == 0)
		return false;
	return len > star + tail && equal(pattern, label, star) &&
	       equal(pattern + star + 1, label + len - tail, tail);
}

/*
 * The wildcard stands in the leftmost label, the rest is equal.  A second
 * wildcard meets no equal character in a host, so it never matches.
 */
static bool
match_wildcard(const char *host, const unsigned char *pattern, size_t len,
    enum iss_wildcards allowed, const struct iss_suffixes *suffixes)
{
	const unsigned char *star = memchr(pattern, '*', len);
	const unsigned char *dot = memchr(pattern, '.', len);
	const char *host_dot = strchr(host, '.');
	size_t rest;

	if (star == NULL || dot == NULL || star > dot || host_dot == NULL)
		return false;
	rest = len - (size_t)(dot - pattern);
	if (rest != strlen(host_dot) || !equal(dot, host_dot, rest))
		return false;
	if (suffixes != NULL &&
	    suffixes->is_public(suffixes->list, host_dot + 1))
		return false;
	return match_label(pattern, (size_t)(dot - pattern),
	    (size_t)(star - pattern), host, (size_t)(host_dot - host), allowed);
}

static bool
match_name(const char *host, const struct iss_san *name,
    enum iss_wildcards allowed, const struct iss_suffixes *suffixes)
{
	size_t len = name->len;

	if (len > 0 && name->bytes[len - 1] == '.')
		len--;
	if (len == strlen(host) && equal(name->bytes, host, len))
		return true;
	return allowed != ISS_WILDCARDS_NONE &&
	       match_wildcard(host, name->bytes, len, allowed, suffixes);
}

static bool
match_address(
    const struct iss_reference_id *host, const unsigned char *addr, size_t len)
{
	return len == host->addr_len && memcmp(addr, host->addr, len) == 0;
}

/* A common name is text: it is an address if it reads as one. */
static bool
match_address_text(
    const struct iss_reference_id *host, const struct iss_san *cn)
{
	struct iss_reference_id other;

	return cn->len > 0 && cn->bytes[0] != '[' &&
	       parse_address(&other, (const char *)cn->bytes, cn->len) &&
	       match_address(host, other.addr, other.addr_len);
}

static bool
host_match_address(const struct iss_reference_id *host,
    const struct iss_scheme *scheme, const struct iss_presented *presented)
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
host_match_name(const struct iss_reference_id *host,
    const struct iss_scheme *scheme, const struct iss_presented *presented,
    const struct iss_suffixes *suffixes)
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
iss_reference_id_match(const struct iss_reference_id *host,
    const struct iss_scheme *scheme, const struct iss_presented *presented,
    const struct iss_suffixes *suffixes)
{
	if (scheme->off)
		return true;
	if (presented->state == ISS_SAN_BROKEN)
		return false;
	if (host->kind != ISS_REFERENCE_NAME)
		return host_match_address(host, scheme, presented);
	return host_match_name(host, scheme, presented, suffixes);
}

static void
append_address(struct iss_buf *out, const unsigned char *addr, size_t len)
{
	char text[INET6_ADDRSTRLEN];

	if ((len != 4 && len != 16) || inet_ntop(len == 4 ? AF_INET : AF_INET6,
					   addr, text, sizeof(text)) == NULL)
		append_shown(out, addr, len);
	else
		iss_buf_puts(out, text);
}

/*
 * One name, with a comma before it unless it is the first since start; false,
 * and "..." instead of the name, when the bound is reached.
 */
static bool
describe(struct iss_buf *out, size_t start, const char *kind,
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
		append_shown(&piece, name->bytes, name->len);
	fits = out->len + piece.len + strlen(", ...") <= out->max;
	if (fits)
		iss_buf_append(out, piece.data, piece.len);
	else
		iss_buf_printf(out, "%s...", between);
	iss_buf_release(&piece);
	return fits;
}

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

		if (kind != NULL && !describe(out, start, kind, san))
			return;
	}
	for (i = 0; i < presented->n_cns; i++)
		if (!describe(out, start, "CN", &presented->cns[i]))
			return;
	if (out->len == start)
		iss_buf_puts(out, "no names");
}
