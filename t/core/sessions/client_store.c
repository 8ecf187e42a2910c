/*
 * A client's sessions in a store of the program: under a key and the rules they
 * were made under.
 */
#include "sessions/client_store.h"

#include <string.h>

#include "pair.h"
#include "sessions/session_policy.h"
#include "tap.h"

enum { VALUES = 4 };

/* The program: a store of a few values. */
static struct {
	struct {
		char name[ISS_SEAL_KEY_LEN + 1];
		struct iss_buf bytes;
	} at[VALUES];
	int count;
	bool loses;
} program;

static bool
put(void *handle, const char *name, const void *value, size_t len, long seconds)
{
	int i = program.count++;

	(void)handle;
	(void)seconds;
	memcpy(program.at[i].name, name, sizeof(program.at[i].name));
	iss_buf_init(&program.at[i].bytes, ISS_SEAL_MAX);
	return iss_buf_append(&program.at[i].bytes, value, len);
}

static enum iss_reply
get(void *handle, const char *name, struct iss_buf *value)
{
	int i;

	(void)handle;
	for (i = 0; i < program.count; i++)
		if (strcmp(name, program.at[i].name) == 0)
			return iss_buf_append(value,
				   iss_buf_text(&program.at[i].bytes),
				   program.at[i].bytes.len)
				   ? ISS_REPLY_GIVEN
				   : ISS_REPLY_NONE;
	return ISS_REPLY_NONE;
}

static bool
take(void *handle, const char *name)
{
	(void)handle;
	(void)name;
	return !program.loses;
}

static const struct iss_callbacks callbacks = {
	.store_put = put, .store_get = get, .store_take = take
};

static const unsigned char rules[ISS_SESSION_POLICY_LEN] = { 1 };
static const unsigned char other_rules[ISS_SESSION_POLICY_LEN] = { 2 };
static const struct iss_session_key key = { "key", 3 }, other = { "other", 5 };

static bool
has(const struct iss_store *store, const struct iss_link *link,
    struct iss_session_key which, const unsigned char *policy, size_t len)
{
	SSL_SESSION *session =
	    iss_client_store_use(store, link, which, policy, len);

	SSL_SESSION_free(session);
	return session != NULL;
}

static void
test_version(int version)
{
	struct iss_link link = { .callbacks = &callbacks, .handle = &program };
	SSL_CTX *client = raw_ctx(false, version);
	SSL_CTX *server = raw_ctx(true, version);
	struct iss_store *store = NULL;
	SSL_SESSION *session;
	struct iss_error err;
	struct raw_pair pair;
	size_t got;
	char byte;

	iss_error_clear(&err);
	iss_store_new(&err, &store, 100);
	iss_store_add_secret(
	    &err, store, "0123456789abcdef0123456789abcdef", 32);
	raw_pair_open(&pair, client, server);
	SSL_set_session_id_context(pair.client, rules, sizeof(rules));
	ok(raw_pair_handshake(&pair), "a handshake");
	SSL_read_ex(pair.client, &byte, 1, &got);
	ERR_clear_error();
	session = SSL_get1_session(pair.client);
	link.ssl = pair.client;
	ok(!has(store, &link, key, rules, sizeof(rules)), "nothing is there");
	iss_client_store_put(store, &link, key, session);
	is_int(program.count, 1, "a session is put there");
	ok(has(store, &link, key, rules, sizeof(rules)), "... and found");
	ok(!has(store, &link, other, rules, sizeof(rules)),
	    "... not for another key");
	ok(!has(store, &link, key, other_rules, sizeof(rules)),
	    "... nor by other rules");
	ok(!has(store, &link, key, rules, 3), "... nor by none");
	program.loses = true;
	ok(has(store, &link, key, rules, sizeof(rules)) ==
		(version < TLS1_3_VERSION),
	    "one that somebody else has taken");
	program.loses = false;
	SSL_SESSION_set_timeout(session, 0);
	iss_client_store_put(store, &link, other, session);
	is_int(program.count, 1, "one that has ended is not put there");
	SSL_SESSION_free(session);
	iss_buf_release(&program.at[0].bytes);
	program.count = 0;
	raw_pair_close(&pair);
	iss_store_free(store);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
}

int
main(void)
{
	test_version(TLS1_2_VERSION);
	test_version(TLS1_3_VERSION);
	return tap_done();
}
