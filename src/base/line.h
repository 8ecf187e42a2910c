/*
 * Where a line ends: all forms of Perl's $/ (perlvar(1)), on bytes that come in
 * pieces.
 */
#ifndef ISS_LINE_H
#define ISS_LINE_H

#include <stdbool.h>
#include <stddef.h>

enum iss_line_kind {
	ISS_LINE_TEXT,      /* ends after the separator */
	ISS_LINE_PARAGRAPH, /* ends after "\n\n"; leading "\n" do not count */
	ISS_LINE_RECORD,    /* ends after that many bytes */
	ISS_LINE_ALL        /* ends with the input */
};

struct iss_line {
	enum iss_line_kind kind;
	const char *sep; /* borrowed */
	size_t sep_len;  /* of TEXT, at least 1 */
	size_t record;   /* of RECORD, at least 1 */
};

/*
 * How many of the len bytes at next belong to the line that starts with the
 * `had` bytes at have.  *ends tells whether the line ends with them.  For
 * PARAGRAPH, leading newlines must have been skipped.
 */
size_t iss_line_take(const struct iss_line *line, const char *have, size_t had,
    const char *next, size_t len, bool *ends);

/* How many bytes to skip before a line begins.  Call it only while had is 0. */
size_t iss_line_skip(const struct iss_line *line, const char *next, size_t len);

#endif
