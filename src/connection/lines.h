/*
 * Reading a line from a connection.  Only the bytes of the line are read; those
 * behind it stay with the connection, where pending, select and the end of TLS
 * expect them.
 */
#ifndef ISS_LINES_H
#define ISS_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/line.h"
#include "connection/conn.h"

/* How far the current line has come. */
struct iss_lines {
	struct iss_line line; /* where it ends */
	bool ended;           /* it is complete */
	size_t look;          /* how many bytes to look at for its end */
	size_t take;          /* bytes seen and not yet read: all are either */
	bool skip;            /* newlines before a paragraph, or the line's */
	bool ends;            /* last ones, or some of the line's */
};

/* Begin a line that ends as `line` says, whose separator is borrowed. */
void iss_lines_begin(struct iss_lines *lines, const struct iss_line *line);

/* How many bytes the next step may write. */
size_t iss_lines_room(const struct iss_lines *lines);

/* Others may have read meanwhile, as a signal handler may. */
void iss_lines_look_again(struct iss_lines *lines);

/*
 * Go on until lines->ended.  The first `had` bytes at text are the line so far;
 * behind them there is room.  ISS_OK with *got: so many were appended, which
 * may be 0 (call again).  On any other status of iss_io_read nothing was; the
 * caller may go on later with what it has.
 *
 * Each step calls OpenSSL once, and the step that looks at bytes reads none: a
 * caller that gives up after any step has lost nothing.
 */
int iss_lines_step(struct iss_lines *lines, struct iss_conn *conn, char *text,
    size_t had, size_t *got);

#endif
