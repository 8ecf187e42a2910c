/*
 * The cache of sessions: what is kept, in which order keys and sessions go,
 * who may use which; and that each session is freed once.
 */
#include "sessions/session_cache.h"

#include <stdlib.h>
#include <time.h>

#include "sessions/session.h"
#include "sessions/session_list.h"

#include "alive.h"
#include "newest.h"
#include "tap.h"

#define RULES "the rules of the first connection"
#define OTHER "the rules of another, as long..."

enum { RULES_LEN = 32, SOON = 100 };

static SSL_SESSION *
session(int version, const char *rules)
{
	static unsigned char id[4] = { 0 };
	SSL_SESSION *made = SSL_SESSION_new();

	id[0]++;
	if (made == NULL || !SSL_SESSION_set1_id(made, id, sizeof(id)) ||
	    !SSL_SESSION_set_protocol_version(made, version) ||
	    !SSL_SESSION_set1_id_context(
		made, (const unsigned char *)rules, RULES_LEN)) {
		printf("Bail out! cannot make a session\n");
		exit(2);
	}
	return made;
}

static struct iss_session_key
key(const char *text)
{
	struct iss_session_key bytes;

	bytes.bytes = text;
	bytes.len = strlen(text);
	return bytes;
}

static struct iss_session_cache *
cache_for(size_t max)
{
	struct iss_session_cache *cache = NULL;
	struct iss_error err;

	iss_error_clear(&err);
	if (iss_session_cache_new(&err, &cache, max) != ISS_OK) {
		printf("Bail out! %s\n", err.text);
		exit(2);
	}
	return cache;
}

static SSL_SESSION *
add(struct iss_session_cache *cache, const char *name, int version)
{
	SSL_SESSION *added = session(version, RULES);

	iss_session_cache_add0(cache, key(name), added);
	return added;
}

static bool
has(struct iss_session_cache *cache, const char *name)
{
	return newest(cache, key(name), NULL) != NULL;
}

/* Use and free; what it was is told by its address alone. */
static const void *
use(struct iss_session_cache *cache, const char *name, const char *rules)
{
	SSL_SESSION *used =
	    iss_session_cache_use(cache, key(name), rules, RULES_LEN);

	SSL_SESSION_free(used);
	return used;
}

static void
test_order_of_keys(void)
{
	struct iss_session_cache *cache = cache_for(3);

	add(cache, "a", TLS1_2_VERSION);
	add(cache, "b", TLS1_2_VERSION);
	add(cache, "c", TLS1_2_VERSION);
	ok(use(cache, "a", RULES) != NULL, "a is used");
	add(cache, "d", TLS1_2_VERSION);
	ok(!has(cache, "b"), "a fourth key: the oldest unused one goes");
	ok(has(cache, "c") && has(cache, "a") && has(cache, "d"),
	    "the others stay");
	add(cache, "c", TLS1_3_VERSION);
	add(cache, "e", TLS1_2_VERSION);
	ok(has(cache, "c"), "adding to a key is using it");
	ok(!has(cache, "a"), "looking at it too: a was first");
	is_int(alive, 4, "as many sessions as are kept are alive");
	iss_session_cache_free(cache);
	is_int(alive, 0, "freeing the cache frees them");
}

static void
test_one_key(void)
{
	struct iss_session_cache *cache = cache_for(1);

	add(cache, "a", TLS1_3_VERSION);
	add(cache, "b", TLS1_3_VERSION);
	ok(!has(cache, "a") && has(cache, "b"), "room for one key");
	ok(has(cache, "b") && !has(cache, ""), "the empty key is another");
	add(cache, "", TLS1_3_VERSION);
	ok(has(cache, "") && !has(cache, "b"), "... and a good one");
	iss_session_cache_free(cache);
}

static void
test_many_keys(void)
{
	enum { MAX = 5000, ALL = 12000 };
	struct iss_session_cache *cache = cache_for(MAX);
	char name[16];
	int i, kept = 0, newest = 0;

	for (i = 0; i < ALL; i++) {
		snprintf(name, sizeof(name), "host%d:443", i);
		add(cache, name, TLS1_2_VERSION);
	}
	is_int(alive, MAX, "no more than the limit are kept");
	for (i = 0; i < ALL; i++) {
		snprintf(name, sizeof(name), "host%d:443", i);
		if (has(cache, name)) {
			kept++;
			newest += i >= ALL - MAX;
		}
	}
	is_int(kept, MAX, "all of them are found");
	is_int(newest, MAX, "they are the newest");
	iss_session_cache_free(cache);
	is_int(alive, 0, "all are freed");
}

static void
test_single_use(void)
{
	struct iss_session_cache *cache = cache_for(1);
	const void *one = add(cache, "a", TLS1_3_VERSION);
	const void *two = add(cache, "a", TLS1_3_VERSION);

	ok(one != two, "TLS 1.3: two sessions of a key");
	ok(use(cache, "a", RULES) == two, "the newest is used first");
	ok(use(cache, "a", RULES) == one, "then the other");
	ok(use(cache, "a", RULES) == NULL, "then there is none");
	is_int(alive, 0, "who has used them frees them");
	iss_session_cache_free(cache);
}

static void
test_many_uses(void)
{
	struct iss_session_cache *cache = cache_for(1);
	const void *one = add(cache, "a", TLS1_2_VERSION);

	ok(use(cache, "a", RULES) == one && use(cache, "a", RULES) == one,
	    "TLS 1.2: a session is used again and again");
	one = add(cache, "a", TLS1_2_VERSION);
	is_int(alive, 1, "a new one takes its place");
	ok(use(cache, "a", RULES) == one, "... and is used");
	iss_session_cache_free(cache);
}

static void
test_sessions_of_a_key(void)
{
	struct iss_session_cache *cache = cache_for(1);
	const void *all[ISS_SESSION_LIST_MAX + 2];
	size_t n = sizeof(all) / sizeof(all[0]);
	size_t i, right = 0;

	for (i = 0; i < n; i++)
		all[i] = add(cache, "a", TLS1_3_VERSION);
	is_int(
	    alive, ISS_SESSION_LIST_MAX, "a key has so many sessions at most");
	for (i = n; i > 2; i--)
		right += use(cache, "a", RULES) == all[i - 1];
	is_int(
	    (int)right, ISS_SESSION_LIST_MAX, "the newest ones, in that order");
	ok(use(cache, "a", RULES) == NULL, "the oldest two are gone");
	iss_session_cache_free(cache);
}

static void
test_rules(void)
{
	struct iss_session_cache *cache = cache_for(1);
	const void *ours = add(cache, "a", TLS1_2_VERSION);
	SSL_SESSION *theirs = session(TLS1_2_VERSION, OTHER);

	iss_session_cache_add0(cache, key("a"), theirs);
	ok(use(cache, "a", RULES) == ours, "a session of our rules is found");
	ok(use(cache, "a", OTHER) == theirs, "one of others by others");
	ok(iss_session_cache_use(cache, key("a"), RULES, RULES_LEN - 1) == NULL,
	    "shorter rules are others");
	ok(use(cache, "b", RULES) == NULL, "another key has none");
	iss_session_cache_free(cache);
}

static void
test_unusable(void)
{
	struct iss_session_cache *cache = cache_for(1);
	SSL_SESSION *old = add(cache, "a", TLS1_2_VERSION);
	SSL_SESSION *empty = SSL_SESSION_new();

	ok(iss_session_is_usable(old), "a session may be used");
	SSL_SESSION_set_timeout(old, SOON);
	SSL_SESSION_set_time(old, (long)time(NULL) - SOON - 1);
	ok(!iss_session_is_usable(old), "not when its time is over");
	ok(has(cache, "a"), "an old one is kept as long as nobody asks");
	ok(use(cache, "a", RULES) == NULL, "it is not used");
	is_int(alive, 1, "... but dropped");
	ok(!has(cache, "a"), "... and its key with it");
	ok(!iss_session_is_usable(empty), "nor one without id and ticket");
	SSL_SESSION_free(empty);
	iss_session_cache_free(cache);
}

static void
test_del(void)
{
	struct iss_session_cache *cache = cache_for(3);
	struct iss_session_key a = key("a"), none = key("none");
	SSL_SESSION *one = add(cache, "a", TLS1_3_VERSION);
	SSL_SESSION *two = add(cache, "a", TLS1_3_VERSION);
	SSL_SESSION *three = add(cache, "b", TLS1_3_VERSION);

	iss_session_cache_del(cache, &a, three);
	iss_session_cache_del(cache, &none, one);
	is_int(alive, 3, "del of what is not there does nothing");
	iss_session_cache_del(cache, &a, two);
	ok(newest(cache, a, NULL) == one, "del of one");
	iss_session_cache_del(cache, NULL, one);
	ok(!has(cache, "a") && has(cache, "b"), "del wherever it is");
	iss_session_cache_del(cache, NULL, NULL);
	ok(has(cache, "b"), "del of nothing");
	add(cache, "b", TLS1_2_VERSION);
	a = key("b");
	iss_session_cache_del(cache, &a, NULL);
	ok(!has(cache, "b"), "del of a key");
	is_int(alive, 0, "all are freed");
	add(cache, "b", TLS1_2_VERSION);
	ok(has(cache, "b"), "a key can come back");
	iss_session_cache_free(cache);
}

static void
test_get_and_replace(void)
{
	struct iss_session_cache *cache = cache_for(3);
	SSL_SESSION *one = add(cache, "a", TLS1_3_VERSION);
	SSL_SESSION *two = add(cache, "a", TLS1_3_VERSION);
	SSL_SESSION *three = session(TLS1_3_VERSION, OTHER);

	ok(newest(cache, key("a"), NULL) == two, "the newest");
	ok(newest(cache, key("a"), one) == one, "a given one");
	ok(newest(cache, key("b"), one) == NULL, "which another key has not");
	iss_session_cache_replace0(cache, key("a"), three);
	is_int(alive, 1, "replace drops all others of the key");
	ok(newest(cache, key("a"), NULL) == three, "... for it");
	SSL_SESSION_up_ref(three);
	iss_session_cache_add0(cache, key("a"), three);
	is_int(alive, 1, "the same one again is one");
	iss_session_cache_free(iss_session_cache_up_ref(cache));
	is_int(alive, 1, "a holder less is not the last");
	iss_session_cache_free(cache);
	iss_session_cache_free(NULL);
	is_int(alive, 0, "the last one is");
}

int
main(void)
{
	alive_begin();
	test_order_of_keys();
	test_one_key();
	test_many_keys();
	test_single_use();
	test_many_uses();
	test_sessions_of_a_key();
	test_rules();
	test_unusable();
	test_del();
	test_get_and_replace();
	return tap_done();
}
