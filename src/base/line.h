/*
 * Where a line ends: Perl's $/ in all its forms, on bytes that come in
 * pieces.  Pure; see perlvar(1), $INPUT_RECORD_SEPARATOR.
 */
#ifndef ISS_LINE_H
#define ISS_LINE_H

#include <stdbool.h>
#include <stddef.h>

enum iss_line_kind {
	ISS_LINE_TEXT,      /* ends after the separator */
	ISS_LINE_PARAGRAPH, /* ends after "\n\n"; leading newlines do not count
			     */
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
 * How many of the len bytes at next belong to the line of which the `had`
 * bytes at have are here already; *ends tells whether it ends with them.  For
 * PARAGRAPH the caller has skipped leading newlines (iss_line_skip).
 */
size_t iss_line_take(const struct iss_line *line, const char *have, size_t had,
    const char *next, size_t len, bool *ends);

/* How many bytes at next come before the line begins; only when had is 0. */
size_t iss_line_skip(const struct iss_line *line, const char *next, size_t len);

#endif
