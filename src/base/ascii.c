/*
 * ASCII without <ctype.h>, whose answers depend on the locale.
 */
#include "base/ascii.h"

#include <stdint.h>
#include <string.h>

enum { LONGEST_SHOWN = 100 };

bool
iss_ascii_is(const void *bytes, size_t len)
{
	const unsigned char *byte = bytes;
	uint64_t word;

	for (; len >= sizeof(word); byte += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, byte, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			return false;
	}
	while (len > 0 && byte[len - 1] < 0x80)
		len--;
	return len == 0;
}

int
iss_ascii_lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

bool
iss_ascii_equal(const void *a, const void *b, size_t len)
{
	const unsigned char *left = a, *right = b;
	size_t i;

	for (i = 0; i < len; i++)
		if (left[i] != right[i] &&
		    iss_ascii_lower(left[i]) != iss_ascii_lower(right[i]))
			return false;
	return true;
}

void
iss_ascii_show(struct iss_buf *out, const void *bytes, size_t len)
{
	const unsigned char *byte = bytes;
	size_t i;

	for (i = 0; i < len && i < LONGEST_SHOWN; i++)
		if (byte[i] < ' ' || byte[i] > '~' || byte[i] == '\\' ||
		    byte[i] == ',')
			iss_buf_printf(out, "\\x%02x", byte[i]);
		else
			iss_buf_append(out, &byte[i], 1);
	if (i < len)
		iss_buf_puts(out, "...");
}
