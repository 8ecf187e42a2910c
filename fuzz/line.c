/*
 * Any bytes as lines: kind, length of the separator, length of the pieces, the
 * separator, and the input.  Taken in pieces the lines are the same as taken at
 * once, and together they are the input.
 */
#include "base/line.h"

#include <stdint.h>
#include <string.h>

#include "claim.h"

enum { HEAD = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The length of the first line of the input, which comes in pieces. */
static size_t
first_line(
    const struct iss_line *line, const char *input, size_t len, size_t piece)
{
	size_t had = 0, seen = 0, n;
	bool ends = false;

	while (!ends && seen < len) {
		n = len - seen < piece ? len - seen : piece;
		n = iss_line_take(line, input, had, input + seen, n, &ends);
		claim(n <= len - seen);
		claim(n > 0);
		had += n;
		seen += n;
	}
	return seen;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct iss_line line = { 0 };
	const char *input;
	size_t len, piece, skip, at_once, in_pieces;

	if (size < HEAD)
		return 0;
	line.kind = (enum iss_line_kind)(data[0] % 4);
	line.record = data[1] + 1u;
	line.sep_len = data[1] % 8 + 1u;
	piece = data[2] % 16 + 1u;
	if (size < HEAD + line.sep_len)
		return 0;
	line.sep = (const char *)data + HEAD;
	input = line.sep + line.sep_len;
	len = size - HEAD - line.sep_len;

	while (len > 0) {
		skip = iss_line_skip(&line, input, len);
		claim(skip <= len);
		input += skip;
		len -= skip;
		at_once = first_line(&line, input, len, len);
		in_pieces = first_line(&line, input, len, piece);
		claim(at_once == in_pieces);
		input += at_once;
		len -= at_once;
	}
	return 0;
}
