/*
 * What is told of a session: expired, ended, for single use, under which
 * policy it was made.
 */
#include "sessions/session.h"

#include <time.h>

#include "tap.h"

enum { HOUR = 3600 };

static SSL_SESSION *
session_of(int version, const void *policy, size_t len)
{
	static const unsigned char id[] = "id";
	SSL_SESSION *session = SSL_SESSION_new();

	SSL_SESSION_set_protocol_version(session, version);
	SSL_SESSION_set1_id(session, id, sizeof(id));
	SSL_SESSION_set1_id_context(session, policy, (unsigned)len);
	return session;
}

static void
test_usable(void)
{
	static const struct {
		const char *name;
		long age, timeout;
		bool usable;
	} cases[] = {
		{ "a new session", 0, HOUR, true },
		{ "one that has half of its time", HOUR, 2 * HOUR, true },
		{ "one whose time is over", 2 * HOUR, HOUR, false },
		{ "one without time", 0, 0, false },
		{ "one of long ago", 40L * 365 * 24 * HOUR, HOUR, false },
	};
	SSL_SESSION *session;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		session = session_of(TLS1_2_VERSION, "", 0);
		SSL_SESSION_set_time(
		    session, (long)(time(NULL) - cases[i].age));
		SSL_SESSION_set_timeout(session, cases[i].timeout);
		ok(iss_session_is_usable(session) == cases[i].usable, "%s: %s",
		    cases[i].name, cases[i].usable ? "usable" : "not usable");
		SSL_SESSION_free(session);
	}
	/* Without an id or a ticket there is nothing to offer. */
	session = SSL_SESSION_new();
	SSL_SESSION_set_timeout(session, HOUR);
	ok(!iss_session_is_usable(session), "one that cannot be resumed");
	SSL_SESSION_free(session);
}

static void
test_single_use(void)
{
	static const struct {
		int version;
		bool single;
	} cases[] = {
		{ TLS1_VERSION, false },
		{ TLS1_2_VERSION, false },
		{ TLS1_3_VERSION, true },
	};
	SSL_SESSION *session;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		session = session_of(cases[i].version, "", 0);
		ok(iss_session_is_single_use(session) == cases[i].single,
		    "version %x: %s", (unsigned)cases[i].version,
		    cases[i].single ? "for single use" : "may be reused");
		SSL_SESSION_free(session);
	}
}

static void
test_policy(void)
{
	static const struct {
		const char *name, *its;
		size_t its_len;
		const char *ours;
		size_t len;
		bool same;
	} cases[] = {
		{ "the same", "a\0b", 3, "a\0b", 3, true },
		{ "another behind a NUL", "a\0b", 3, "a\0c", 3, false },
		{ "the beginning", "ab", 2, "abc", 3, false },
		{ "more", "abc", 3, "ab", 2, false },
		{ "none", "", 0, "a", 1, false },
		{ "neither has one", "", 0, "", 0, true },
	};
	SSL_SESSION *session;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		session =
		    session_of(TLS1_2_VERSION, cases[i].its, cases[i].its_len);
		ok(iss_session_has_policy(
		       session, cases[i].ours, cases[i].len) == cases[i].same,
		    "%s: %s", cases[i].name,
		    cases[i].same ? "its policy" : "not its policy");
		SSL_SESSION_free(session);
	}
}

int
main(void)
{
	test_usable();
	test_single_use();
	test_policy();
	return tap_done();
}
