/*
 * Looks at more and more bytes for the end of the line, and then reads exactly
 * those of the line.
 */
#include "connection/lines.h"

#include "connection/io.h"

enum { FIRST_LOOK = 256, LARGEST_LOOK = ISS_RECORD_MAX };

void
iss_lines_begin(struct iss_lines *lines, const struct iss_line *line)
{
	bool is_long =
	    line->kind == ISS_LINE_ALL || line->kind == ISS_LINE_RECORD;

	lines->line = *line;
	lines->ended = false;
	lines->look = is_long ? LARGEST_LOOK : FIRST_LOOK;
	lines->take = 0;
	lines->skip = false;
	lines->ends = false;
}

size_t
iss_lines_room(const struct iss_lines *lines)
{
	return lines->take > 0 ? lines->take : lines->look;
}

static int
look_ahead(
    struct iss_lines *lines, struct iss_conn *conn, char *text, size_t had)
{
	const char *next = text + had;
	size_t seen, newlines = 0;
	int rv = iss_io_may_look(conn)
		     ? iss_io_look(conn, &next, &seen)
		     : iss_io_peek(conn, text + had, lines->look, &seen);

	if (rv != ISS_OK)
		return rv;
	if (had == 0)
		newlines = iss_line_skip(&lines->line, next, seen);
	lines->skip = newlines > 0;
	lines->ends = false;
	lines->take = newlines;
	if (!lines->skip)
		lines->take = iss_line_take(
		    &lines->line, text, had, next, seen, &lines->ends);
	if (lines->look < LARGEST_LOOK)
		lines->look *= 2;
	return ISS_OK;
}

void
iss_lines_look_again(struct iss_lines *lines)
{
	lines->take = 0;
}

/* After a failure the bytes must be looked at again: somebody else may have
 * read them. */
static int
take_seen(
    struct iss_lines *lines, struct iss_conn *conn, char *next, size_t *got)
{
	size_t take = lines->take;
	int rv;

	lines->take = 0;
	if ((rv = iss_io_read(conn, next, take, got)) != ISS_OK)
		return rv;
	if (lines->skip)
		*got = 0;
	else
		lines->ended = lines->ends;
	return ISS_OK;
}

int
iss_lines_step(struct iss_lines *lines, struct iss_conn *conn, char *text,
    size_t had, size_t *got)
{
	*got = 0;
	if (lines->line.kind == ISS_LINE_ALL)
		return iss_io_read(conn, text + had, lines->look, got);
	if (lines->take == 0)
		return look_ahead(lines, conn, text, had);
	return take_seen(lines, conn, text + had, got);
}
