/*
 * Looking for a separator that may begin in one piece and end in the next.
 */
#include "base/line.h"

#include <string.h>

static const char paragraph_end[] = "\n\n";

/* Do the bytes at have and at next, up to and including *last, end with sep? */
static bool
ends_at(const char *sep, size_t sep_len, const char *have, size_t had,
    const char *next, const char *last)
{
	size_t in_next = (size_t)(last - next) + 1;
	size_t before;

	if (sep_len <= in_next)
		return memcmp(last + 1 - sep_len, sep, sep_len) == 0;
	before = sep_len - in_next;
	return before <= had && memcmp(have + had - before, sep, before) == 0 &&
	       memcmp(next, sep + before, in_next) == 0;
}

/* Find the last byte of sep, then look whether the others precede it. */
static size_t
take_until(const char *sep, size_t sep_len, const char *have, size_t had,
    const char *next, size_t len, bool *ends)
{
	const char *from = next;
	const char *end = next + len;
	const char *last;

	while (from < end) {
		last = memchr(from, sep[sep_len - 1], (size_t)(end - from));
		if (last == NULL)
			break;
		if (ends_at(sep, sep_len, have, had, next, last)) {
			*ends = true;
			return (size_t)(last - next) + 1;
		}
		from = last + 1;
	}
	return len;
}

size_t
iss_line_take(const struct iss_line *line, const char *have, size_t had,
    const char *next, size_t len, bool *ends)
{
	*ends = false;
	switch (line->kind) {
	case ISS_LINE_TEXT:
		return take_until(
		    line->sep, line->sep_len, have, had, next, len, ends);
	case ISS_LINE_PARAGRAPH:
		return take_until(paragraph_end, sizeof(paragraph_end) - 1,
		    have, had, next, len, ends);
	case ISS_LINE_RECORD:
		if (len < line->record - had)
			return len;
		*ends = true;
		return line->record - had;
	case ISS_LINE_ALL:
		break;
	}
	return len;
}

size_t
iss_line_skip(const struct iss_line *line, const char *next, size_t len)
{
	size_t n = 0;

	if (line->kind == ISS_LINE_PARAGRAPH)
		while (n < len && next[n] == '\n')
			n++;
	return n;
}
