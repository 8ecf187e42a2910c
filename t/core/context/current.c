/*
 * One context takes the place of another: who gets which, when files are
 * looked at, and which failures are told.
 */
#include "context/current.h"

#include <sys/wait.h>

#include "pair.h"
#include "scratch.h"
#include "tap.h"

/* A context that looks at this file before each connection. */
static struct iss_ctx *
make(const char *file, const char *seconds)
{
	const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_ca_file", file },
		{ "SSL_reload", seconds },
	};
	struct iss_error err;
	struct iss_link link = { 0 };
	struct iss_ctx *ctx = pair_try_ctx(&err, false, options, &link);

	ok(ctx != NULL, "a context '%s'", err.text);
	return ctx;
}

static struct iss_current *
place(struct iss_ctx *ctx)
{
	struct iss_current *current = NULL;
	struct iss_error err;

	iss_error_clear(&err);
	is_int(iss_current_new(&err, &current, ctx), ISS_OK, "a place");
	return current;
}

static void
test_replace(void)
{
	struct iss_ctx *first = make(CERTS "ca.pem", "0");
	struct iss_ctx *second = make(CERTS "ca.pem", "0");
	struct iss_current *current = place(first);
	struct iss_ctx *mine = iss_current_get1(current);

	ok(mine == first, "the first context");
	ok(iss_current_look(current) == ISS_LOOK_SAME,
	    "without SSL_reload nobody looks");
	iss_current_replace(current, second);
	ok(mine->ssl_ctx != NULL, "a connection keeps the old one");
	iss_ctx_free(mine);
	mine = iss_current_get1(current);
	ok(mine == second, "a new one gets the new one");
	iss_ctx_free(mine);
	iss_current_free(current);
}

static void
test_look(void)
{
	const char *file = CERTS "ca.pem";
	struct iss_current *current = place(make(file, "0.000000001"));

	ok(iss_current_look(current) == ISS_LOOK_SAME,
	    "files that are as they were");
	current->ctx->watch.settled = false;
	ok(iss_current_look(current) == ISS_LOOK_CONFIRM,
	    "files that had just changed are read once more");
	ok(iss_current_look(current) == ISS_LOOK_SAME,
	    "nobody looks while somebody does");
	ok(iss_current_keep(current, "one"), "a failure is told");
	ok(iss_current_look(current) == ISS_LOOK_CHANGED,
	    "after a failure comes another try");
	ok(!iss_current_keep(current, "one"), "... told once");
	ok(iss_current_look(current) == ISS_LOOK_CHANGED, "... and another");
	ok(iss_current_keep(current, "two"), "... for a new reason again");
	iss_current_replace(current, make(file, "0.000000001"));
	ok(iss_current_look(current) == ISS_LOOK_SAME, "success ends that");
	ok(iss_current_keep(current, "two"), "... and what was told");
	iss_current_free(current);
}

/* A look that ends by an exception, and one that is the parent's. */
static void
test_broken_off(void)
{
	const char *file = CERTS "ca.pem";
	struct iss_current *current = place(make(file, "0.000000001"));
	unsigned int number;
	int status = 0;
	pid_t child;

	current->ctx->watch.settled = false;
	(void)iss_current_look(current);
	number = current->look;
	fflush(stdout);
	child = fork();
	if (child == 0)
		_exit(iss_current_look(current) == ISS_LOOK_SAME);
	ok(waitpid(child, &status, 0) == child && WIFEXITED(status) &&
		WEXITSTATUS(status) == 0,
	    "a forked child looks for itself");
	ok(iss_current_look(current) == ISS_LOOK_SAME, "a look goes on");
	iss_current_end_look(current, number - 1);
	ok(iss_current_look(current) == ISS_LOOK_SAME,
	    "... when another one ends");
	iss_current_end_look(current, number);
	ok(iss_current_look(current) == ISS_LOOK_CHANGED,
	    "after one that was broken off comes another try");
	iss_current_replace(current, make(file, "0.000000001"));
	iss_current_end_look(current, current->look);
	ok(iss_current_look(current) == ISS_LOOK_SAME,
	    "one that has ended is not broken off");
	iss_current_free(current);
}

static void
test_seconds(void)
{
	struct iss_current *current = place(make(CERTS "ca.pem", "3600"));

	current->failed = true;
	ok(iss_current_look(current) == ISS_LOOK_SAME,
	    "looks are as far apart as SSL_reload says");
	iss_current_free(current);
}

int
main(void)
{
	test_replace();
	test_look();
	test_broken_off();
	test_seconds();
	return tap_done();
}
