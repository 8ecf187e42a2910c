/* Steps of a connection, repeated until they are done or a deadline passes. */
#include "connection/wait.h"

#include "pair.h"
#include "tap.h"

#define OVER iss_deadline_after(0)

/* What a step returns, one after the other. */
static struct {
	int results[4];
	int count;
	bool dont_wait; /* as the last one found it */
} script;

static int
scripted_step(struct iss_conn *conn, void *arg)
{
	int rv = script.results[script.count++];

	ok(arg == &script, "... a step with its argument");
	script.dont_wait = conn->sock->dont_wait;
	return rv;
}

static void
test_run_until(void)
{
	static const struct {
		const char *what;
		int results[4];
		int deadline; /* 0: none, 1: over, 2: far away */
		int rv, count;
	} cases[] = {
		{ "done", { ISS_OK }, 0, ISS_OK, 1 },
		{ "an end", { ISS_EOF }, 0, ISS_EOF, 1 },
		{ "to be called again", { ISS_WANT_READ }, 0, ISS_WANT_READ,
		    1 },
		{ "done, though the deadline is over", { ISS_OK }, 1, ISS_OK,
		    1 },
		{ "too late to read", { ISS_WANT_READ }, 1, ISS_TIMEOUT, 1 },
		{ "too late to write", { ISS_WANT_WRITE }, 1, ISS_TIMEOUT, 1 },
		{ "interrupted", { ISS_INTR }, 2, ISS_INTR, 1 },
		{ "writable, then done", { ISS_WANT_WRITE, ISS_OK }, 2, ISS_OK,
		    2 },
		{ "readable, then an end", { ISS_WANT_READ, ISS_EOF }, 2,
		    ISS_EOF, 2 },
		{ "several times",
		    { ISS_WANT_READ, ISS_WANT_WRITE, ISS_WANT_READ, ISS_OK }, 2,
		    ISS_OK, 4 },
		{ "an error", { ISS_ERROR }, 2, ISS_ERROR, 1 },
	};
	iss_deadline deadline;
	struct iss_conn *conn;
	struct pair pair;
	size_t i;

	pair_init(&pair);
	pair_connect(&pair, NULL);
	conn = pair.client.conn;
	(void)!write(pair.server.fd, "x", 1); /* something to be read */
	for (i = 0; i < ROWS(cases); i++) {
		memset(&script, 0, sizeof(script));
		memcpy(
		    script.results, cases[i].results, sizeof(script.results));
		deadline = cases[i].deadline == 0   ? ISS_NO_DEADLINE
			   : cases[i].deadline == 1 ? OVER
						    : iss_deadline_after(86400);
		iss_kept_error_clear(&conn->err);
		errno = EIO;
		is_int(iss_conn_run_until(conn, scripted_step, &script,
			   ISS_READS, deadline, "the step"),
		    cases[i].rv, "a step that is %s", cases[i].what);
		is_int(script.count, cases[i].count, "... so many calls");
		ok(script.dont_wait == (cases[i].deadline != 0),
		    "... it waits by itself without a deadline alone");
		ok(!conn->sock->dont_wait, "... and is as it was");
		ok((iss_conn_error(conn)->text[0] != '\0') ==
			(cases[i].rv == ISS_TIMEOUT ||
			    cases[i].rv == ISS_ERROR),
		    "... an error? '%s'", iss_conn_error(conn)->text);
	}
	pair_close(&pair);
}

/* Without a descriptor there is nothing to wait for. */
static void
test_run_without_fd(void)
{
	struct iss_ctx *ctx = pair_client_ctx(NULL);
	struct iss_peer_config config;
	struct iss_conn *conn = NULL;
	struct iss_error err;

	iss_peer_config_init(&config);
	iss_conn_new(&err, &conn, ctx, -1, &config, NULL);
	memset(&script, 0, sizeof(script));
	script.results[0] = ISS_WANT_READ;
	is_int(iss_conn_run_until(conn, scripted_step, &script, ISS_READS,
		   iss_deadline_after(86400), "the step"),
	    ISS_WANT_READ, "no descriptor, no wait");
	iss_conn_free(conn);
	iss_ctx_free(ctx);
}

/* After a signal an operation has no more than the rest of its time. */
static void
test_limit(void)
{
	struct iss_conn conn = { 0 };
	iss_deadline first = iss_conn_limit(&conn, 86400);

	ok(first == conn.until && !iss_deadline_is_over(first),
	    "an operation that begins has its time");
	iss_conn_set_rest(&conn, first);
	ok(iss_conn_limit(&conn, 1) == first, "one that goes on has the rest");
	ok(iss_conn_limit(&conn, 1) < first, "... and the next its own");
	ok(iss_conn_limit(&conn, -1) == ISS_NO_DEADLINE, "or no limit");
	iss_conn_set_rest(&conn, OVER);
	ok(iss_deadline_is_over(iss_conn_limit(&conn, 86400)),
	    "one that goes on too late has no time left");
}

int
main(void)
{
	test_limit();
	test_run_until();
	test_run_without_fd();
	return tap_done();
}
