/*
 * A few sessions in order: which one makes room, and that each reference is
 * given up once (one too few or too many is for valgrind to tell).
 */
#include "sessions/session_list.h"

#include "tap.h"

enum { MANY = ISS_SESSION_LIST_MAX + 3 };

/* Sessions of ours, of which the list gets references of its own. */
static SSL_SESSION *sessions[MANY];

static void
add(struct iss_session_list *list, size_t i)
{
	SSL_SESSION_up_ref(sessions[i]);
	iss_session_list_add0(list, sessions[i]);
}

static void
expect(const struct iss_session_list *list, size_t first, size_t count)
{
	size_t i, wrong = 0;

	is_int((long long)list->count, (long long)count, "... so many");
	for (i = 0; i < list->count; i++)
		wrong += list->at[i] != sessions[first + i];
	is_int((long long)wrong, 0, "... in the order in which they came");
}

static void
test_add(void)
{
	struct iss_session_list list = { .count = 0 };
	size_t i;

	for (i = 0; i < MANY; i++) {
		add(&list, i);
		diag("session %zu", i);
		expect(&list,
		    i < ISS_SESSION_LIST_MAX ? 0 : i + 1 - ISS_SESSION_LIST_MAX,
		    i < ISS_SESSION_LIST_MAX ? i + 1 : ISS_SESSION_LIST_MAX);
	}
	iss_session_list_release(&list);
	is_int((long long)list.count, 0, "released");
	iss_session_list_release(&list);
	add(&list, 0);
	expect(&list, 0, 1);
	iss_session_list_release(&list);
}

static void
test_take(void)
{
	static const struct {
		const char *name;
		size_t count, at;
	} cases[] = {
		{ "the only one", 1, 0 },
		{ "the first", 4, 0 },
		{ "one in between", 4, 2 },
		{ "the last", 4, 3 },
		{ "the first of a full list", ISS_SESSION_LIST_MAX, 0 },
		{ "the last of a full list", ISS_SESSION_LIST_MAX,
		    ISS_SESSION_LIST_MAX - 1 },
	};
	struct iss_session_list list = { .count = 0 };
	SSL_SESSION *taken;
	size_t i, n, wrong;

	for (i = 0; i < ROWS(cases); i++) {
		for (n = 0; n < cases[i].count; n++)
			add(&list, n);
		taken = iss_session_list_take(&list, cases[i].at);
		ok(taken == sessions[cases[i].at], "%s is taken",
		    cases[i].name);
		SSL_SESSION_free(taken);
		is_int((long long)list.count, (long long)cases[i].count - 1,
		    "... the others are left");
		for (n = wrong = 0; n < list.count; n++)
			wrong += list.at[n] != sessions[n + (n >= cases[i].at)];
		is_int((long long)wrong, 0, "... in their order");
		iss_session_list_release(&list);
	}
}

int
main(void)
{
	size_t i;

	for (i = 0; i < MANY; i++)
		sessions[i] = SSL_SESSION_new();
	test_add();
	test_take();
	for (i = 0; i < MANY; i++)
		SSL_SESSION_free(sessions[i]);
	return tap_done();
}
