/*
 * What to do about a failure, in a sentence, where experience tells.
 */
#ifndef ISS_HINT_H
#define ISS_HINT_H

#include "base/error.h"
#include "connection/conn.h"

/* A failure.  Everything is borrowed. */
struct iss_hint_facts {
	const struct iss_error *err;
	enum iss_error_kind kind;
	const struct iss_blame *blame;
	const struct iss_conn *conn; /* NULL: of no connection */
};

/* Write the hint, or "" if there is none, to out, of size bytes. */
void iss_hint_write(char *out, size_t size, const struct iss_hint_facts *facts);

#endif
