#include "connection/hint_row.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

bool
iss_hint_row_write(struct iss_buf *out, const struct iss_hint_row *rows,
    size_t count, const struct iss_hint_facts *facts)
{
	size_t i;

	for (i = 0; i < count && !rows[i].holds(facts); i++)
		;
	if (i == count)
		return false;
	if (rows[i].text != NULL)
		iss_buf_puts(out, rows[i].text);
	else
		rows[i].say(out, facts);
	return true;
}

bool
iss_hint_is_client(const struct iss_hint_facts *facts)
{
	return facts->conn != NULL && !facts->conn->server;
}

bool
iss_hint_has_reason(const struct iss_hint_facts *facts, int reason)
{
	const struct iss_error_entry *entry = facts->err->queue;
	int i;

	for (i = 0; i < facts->err->queued; i++, entry++)
		if (ERR_GET_LIB(entry->code) == ERR_LIB_SSL &&
		    ERR_GET_REASON(entry->code) == reason)
			return true;
	return false;
}
