/*
 * A row in a table of hints, and what conditions of all tables ask.
 */
#ifndef ISS_HINT_ROW_H
#define ISS_HINT_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "connection/conn.h"

/* A failure.  Everything is borrowed. */
struct iss_hint_facts {
	const struct iss_error *err;
	enum iss_error_kind kind;
	const struct iss_blame *blame;
	const struct iss_conn *conn; /* NULL: of no connection */
};

/* A condition, with its text, or with a function that writes it. */
struct iss_hint_row {
	bool (*holds)(const struct iss_hint_facts *facts);
	const char *text;
	void (*say)(struct iss_buf *out, const struct iss_hint_facts *facts);
};

/* Write the hint of the first row that holds; false if there is none. */
bool iss_hint_row_write(struct iss_buf *out, const struct iss_hint_row *rows,
    size_t count, const struct iss_hint_facts *facts);

/* Has the failure happened to a client? */
bool iss_hint_is_client(const struct iss_hint_facts *facts);

/* Does OpenSSL's queue name this reason of libssl? */
bool iss_hint_has_reason(const struct iss_hint_facts *facts, int reason);

#endif
