/*
 * One label after the other.
 */
#include "names/syntax.h"

#include <string.h>

#include "names/reference_id.h"

static bool
is_letter_or_digit(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

static bool
is_label(const unsigned char *bytes, size_t len)
{
	size_t i;

	if (len == 0 || len > ISS_LABEL_MAX || bytes[0] == '-' ||
	    bytes[len - 1] == '-')
		return false;
	for (i = 0; i < len; i++)
		if (!is_letter_or_digit(bytes[i]) && bytes[i] != '-')
			return false;
	return true;
}

bool
iss_syntax_is_dns_name(const unsigned char *bytes, size_t len)
{
	const unsigned char *end = bytes + len, *dot;
	bool first = true;

	if (len > ISS_REFERENCE_MAX)
		return false;
	for (; (dot = memchr(bytes, '.', (size_t)(end - bytes))) != NULL;
	     bytes = dot + 1) {
		if (!(first && dot == bytes + 1 && *bytes == '*') &&
		    !is_label(bytes, (size_t)(dot - bytes)))
			return false;
		first = false;
	}
	return is_label(bytes, (size_t)(end - bytes));
}

bool
iss_syntax_is_mailbox(const unsigned char *bytes, size_t len)
{
	const unsigned char *at = memchr(bytes, '@', len);

	return at != NULL && at > bytes && at + 1 < bytes + len &&
	       at[1] != '*' &&
	       iss_syntax_is_dns_name(at + 1, len - (size_t)(at + 1 - bytes));
}
