/*
 * Sessions that wait for whoever keeps them: how many, in which order, and that
 * each is freed once.
 */
#include "sessions/new_sessions.h"

#include "alive.h"
#include "tap.h"

static void
test_order(void)
{
	struct iss_new_sessions sessions = { 0 };
	SSL_SESSION *all[ISS_SESSION_LIST_MAX + 1], *taken;
	size_t i;

	ok(iss_new_sessions_is_empty(&sessions) && !sessions.any,
	    "nothing has arrived");
	ok(iss_new_sessions_take(&sessions) == NULL, "... nothing is taken");
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		iss_new_sessions_add0(&sessions, all[i] = SSL_SESSION_new());
	ok(!iss_new_sessions_is_empty(&sessions), "some have arrived");
	is_int(alive, ISS_SESSION_LIST_MAX, "at most so many wait");
	taken = iss_new_sessions_take(&sessions);
	ok(taken == all[1], "the oldest of them is taken first");
	SSL_SESSION_free(taken);
	iss_new_sessions_release(&sessions);
	is_int(alive, 0, "release frees the rest");
	ok(iss_new_sessions_take(&sessions) == NULL, "nothing is left");
	ok(sessions.any, "... but something had arrived");
}

int
main(void)
{
	alive_begin();
	test_order();
	return tap_done();
}
