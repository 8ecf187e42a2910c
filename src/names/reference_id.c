/*
 * Parsing what the user meant: one spelling for each host, and nothing that
 * resolvers or certificates could read in two ways.
 */
#include "names/reference_id.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "names/idn.h"

/*
 * Only the spellings that every system reads alike: inet_pton(3) takes no
 * leading zeros, no octal and no fewer than four parts.
 */
bool
iss_reference_id_init_address(
    struct iss_reference_id *host, const char *bytes, size_t len)
{
	struct iss_reference_id parsed = { .kind = ISS_REFERENCE_IPV4 };
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
	if (inet_pton(family, text, parsed.addr) != 1)
		return false;

	if (family == AF_INET6)
		parsed.kind = ISS_REFERENCE_IPV6;
	parsed.addr_len = family == AF_INET ? 4 : 16;
	inet_ntop(family, parsed.addr, parsed.name, sizeof(parsed.name));
	*host = parsed;
	return true;
}

/* RFC 1123 has no underscores, but the DNS does. */
static bool
is_host_char(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '_';
}

/*
 * Would some resolver read the last label as a number and so the name as an
 * address?  This is "ends in a number" of the WHATWG URL standard.
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

/* Copy a name in ASCII.  Returns the reason if it is invalid, else NULL. */
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
		c = i < len ? iss_ascii_lower((unsigned char)bytes[i]) : '.';
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
		return "it ends in a number but is not an IP address";
	return NULL;
}

static int
invalid_host(
    struct iss_error *err, const void *bytes, size_t len, const char *reason)
{
	struct iss_buf shown;

	iss_buf_init(&shown, ISS_ERROR_TEXT_MAX);
	iss_ascii_show(&shown, bytes, len);
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
	else if (iss_ascii_is(bytes, len)) {
		if (!iss_reference_id_init_address(&parsed, bytes, len))
			reason = parse_name(&parsed, bytes, len);
	} else if (iss_idn_to_ascii(&idn_err, &ascii, bytes, len) != ISS_OK)
		reason = idn_err.text;
	else
		reason = parse_name(&parsed, iss_buf_text(&ascii), ascii.len);

	iss_buf_release(&ascii);
	if (reason != NULL)
		return invalid_host(err, bytes, len, reason);
	*host = parsed;
	return ISS_OK;
}
