/*
 * Points in time, and waiting for a descriptor until one: no test waits for
 * time to pass.
 */
#define _XOPEN_SOURCE 700 /* setitimer */
#include "base/deadline.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "signals.h"
#include "tap.h"

#define OVER INT64_C(0) /* when the machine was started */

static void
test_after(void)
{
	static const struct {
		const char *name;
		double seconds;
		bool never;
	} cases[] = {
		{ "nothing", 0, false },
		{ "minus zero", -0.0, false },
		{ "a day", 86400, false },
		{ "almost a century", 3.19e9, false },
		{ "a century", 3.2e9, true },
		{ "more than the clock can count", 1e300, true },
		{ "infinity", INFINITY, true },
		{ "a negative number", -1, true },
		{ "a very small negative number", -1e-300, true },
		{ "negative infinity", -INFINITY, true },
		{ "not a number", NAN, true },
	};
	iss_deadline before, half, after;
	size_t i;

	for (i = 0; i < ROWS(cases); i++)
		ok((iss_deadline_after(cases[i].seconds) == ISS_NO_DEADLINE) ==
			cases[i].never,
		    "%s from now: %s", cases[i].name,
		    cases[i].never ? "never" : "some time");
	before = iss_deadline_after(0);
	half = iss_deadline_after(0.5);
	after = iss_deadline_after(0);
	ok(half - before >= 500000000 && half - after <= 500000000,
	    "fractions of a second count");
}

static void
test_is_over(void)
{
	ok(iss_deadline_is_over(iss_deadline_after(0)), "now is over");
	ok(iss_deadline_is_over(OVER), "the past is over");
	ok(iss_deadline_is_over(INT64_MIN), "the remote past is over");
	ok(!iss_deadline_is_over(iss_deadline_after(86400)),
	    "tomorrow is not over");
	ok(!iss_deadline_is_over(ISS_NO_DEADLINE), "never is never over");
	ok(!iss_deadline_is_over(ISS_NO_DEADLINE - 1),
	    "nor is the last point in time");
}

/* Two sockets, the first of which has, or lacks, what the row says. */
struct state {
	const char *name;
	bool has_data;
	bool is_full; /* nothing can be written */
	bool is_alone;
	int readable, writable; /* with a deadline that is over */
};

static void
make_state(const struct state *state, int fds[2])
{
	char bytes[4096] = "";

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) {
		printf("Bail out! socketpair: %s\n", strerror(errno));
		_exit(2);
	}
	if (state->has_data)
		(void)!write(fds[1], "x", 1);
	if (state->is_full) {
		fcntl(fds[0], F_SETFL, O_NONBLOCK);
		while (write(fds[0], bytes, sizeof(bytes)) > 0)
			;
	}
	if (state->is_alone)
		close(fds[1]);
}

static void
test_wait(void)
{
	static const struct state states[] = {
		{ "a quiet socket", .readable = ISS_TIMEOUT },
		{ "one with data", .has_data = true },
		{ "one that takes no more", .is_full = true,
		    .readable = ISS_TIMEOUT, .writable = ISS_TIMEOUT },
		{ "one whose peer is gone", .is_alone = true },
		{ "a full one whose peer is gone", .is_full = true,
		    .is_alone = true },
	};
	int fds[2];
	size_t i;

	for (i = 0; i < ROWS(states); i++) {
		make_state(&states[i], fds);
		is_int(iss_deadline_wait(fds[0], ISS_WANT_READ, OVER),
		    states[i].readable, "%s: reading", states[i].name);
		is_int(iss_deadline_wait(fds[0], ISS_WANT_WRITE, OVER),
		    states[i].writable, "... writing");
		if (states[i].readable == ISS_OK)
			is_int(iss_deadline_wait(
				   fds[0], ISS_WANT_READ, ISS_NO_DEADLINE),
			    ISS_OK, "... reading, without a limit");
		if (states[i].writable == ISS_OK)
			is_int(iss_deadline_wait(
				   fds[0], ISS_WANT_WRITE, ISS_NO_DEADLINE),
			    ISS_OK, "... writing, without a limit");
		close(fds[0]);
		if (!states[i].is_alone)
			close(fds[1]);
	}
}

static void
test_no_descriptor(void)
{
	int fds[2];

	make_state(&(struct state){ .has_data = true }, fds);
	close(fds[0]);
	close(fds[1]);
	errno = 0;
	is_int(iss_deadline_wait(fds[0], ISS_WANT_READ, ISS_NO_DEADLINE),
	    ISS_ERROR, "a closed descriptor");
	is_int(errno, EBADF, "... is EBADF");
	errno = 0;
	is_int(iss_deadline_wait(fds[0], ISS_WANT_WRITE, OVER), ISS_ERROR,
	    "... also when the time is over");
	is_int(errno, EBADF, "... EBADF again");
}

static void
test_remote_past(void)
{
	int fds[2];

	make_state(&(struct state){ .name = "quiet" }, fds);
	is_int(iss_deadline_wait(fds[0], ISS_WANT_READ, INT64_MIN), ISS_TIMEOUT,
	    "a wait until the remote past is over at once");
	close(fds[0]);
	close(fds[1]);
}

static void
test_signal(void)
{
	int fds[2];

	make_state(&(struct state){ .name = "quiet" }, fds);
	signals_start();
	is_int(iss_deadline_wait(fds[0], ISS_WANT_READ, ISS_NO_DEADLINE),
	    ISS_INTR, "a signal ends a wait without a limit");
	is_int(
	    iss_deadline_wait(fds[0], ISS_WANT_READ, iss_deadline_after(86400)),
	    ISS_INTR, "... and one with a limit");
	signals_stop();
	ok(signals_seen > 0, "its handler has run");
	close(fds[0]);
	close(fds[1]);
}

int
main(void)
{
	test_after();
	test_is_over();
	test_wait();
	test_no_descriptor();
	test_remote_past();
	test_signal();
	return tap_done();
}
