/*
 * Tables of hints: the first row that holds, and what its conditions ask.
 */
#include "connection/hint_row.h"

#include <openssl/err.h>

#include "pair.h"
#include "tap.h"

static bool
is_server(const struct iss_hint_facts *facts)
{
	return !iss_hint_is_client(facts);
}

static bool
lacks_cipher(const struct iss_hint_facts *facts)
{
	return iss_hint_has_reason(facts, SSL_R_NO_SHARED_CIPHER);
}

static void
say_kind(struct iss_buf *out, const struct iss_hint_facts *facts)
{
	iss_buf_printf(out, "of kind %d", (int)facts->kind);
}

static const struct iss_hint_row rows[] = {
	{ lacks_cipher, "no cipher", NULL },
	{ is_server, "a server", NULL },
	{ iss_hint_is_client, NULL, say_kind },
};

/* The hint of the first so many rows. */
static void
expect(const struct iss_hint_facts *facts, size_t count, const char *hint,
    const char *name)
{
	struct iss_buf out;

	iss_buf_init(&out, 100);
	ok(iss_hint_row_write(&out, rows, count, facts) == (*hint != '\0'),
	    "%s: is there a hint", name);
	is_text(iss_buf_text(&out), hint, "... and which");
	iss_buf_release(&out);
}

int
main(void)
{
	static const struct iss_blame nobody = { NULL, NULL };
	struct iss_error err, of_x509;
	struct iss_hint_facts facts = { &err, ISS_KIND_EOF, &nobody, NULL };
	char kind[32];
	struct pair pair;

	snprintf(kind, sizeof(kind), "of kind %d", ISS_KIND_EOF);
	iss_error_clear(&err);
	expect(&facts, 0, "", "no row");
	expect(&facts, 1, "", "no row that holds");
	expect(&facts, 3, "a server", "no connection");
	pair_init(&pair);
	pair_connect(&pair, NULL);
	facts.conn = pair.server.conn;
	expect(&facts, 3, "a server", "a server");
	facts.conn = pair.client.conn;
	expect(&facts, 3, kind, "a client, by a function");
	ERR_put_error(ERR_LIB_SSL, 0, SSL_R_NO_SHARED_CIPHER, "x.c", 1);
	iss_error_set(&err, "SSL connect attempt failed");
	expect(&facts, 3, "no cipher", "the first of two that hold");
	iss_error_clear(&of_x509);
	ERR_put_error(ERR_LIB_X509, 0, SSL_R_NO_SHARED_CIPHER, "x.c", 1);
	iss_error_set(&of_x509, "SSL connect attempt failed");
	facts.err = &of_x509;
	expect(&facts, 3, kind, "the same number of another library");
	pair_close(&pair);
	return tap_done();
}
