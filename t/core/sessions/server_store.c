/*
 * A server's sessions in a store of the program: kept, found, taken, lost.
 */
#include "sessions/server_store.h"

#include <string.h>

#include "link/link.h"
#include "pair.h"
#include "tap.h"

/* The program: a store of one value. */
static struct {
	char key[ISS_SEAL_KEY_LEN + 1];
	struct iss_buf value;
	long seconds;
	bool refuses;
	int gets, takes;
} program;

static bool
store_put(
    void *handle, const char *key, const void *value, size_t len, long seconds)
{
	ok(handle == &program, "the program is asked with its handle");
	memcpy(program.key, key, sizeof(program.key));
	iss_buf_clear(&program.value);
	program.seconds = seconds;
	return iss_buf_append(&program.value, value, len);
}

static bool
store_get(void *handle, const char *key, struct iss_buf *value)
{
	(void)handle;
	program.gets++;
	return strcmp(key, program.key) == 0 &&
	       iss_buf_append(
		   value, iss_buf_text(&program.value), program.value.len);
}

static bool
store_take(void *handle, const char *key)
{
	(void)handle;
	(void)key;
	program.takes++;
	return !program.refuses;
}

static const struct iss_callbacks callbacks = {
	.store_put = store_put, .store_get = store_get, .store_take = store_take
};
static const struct iss_callbacks none = { 0 };

/* A visit with a session or NULL: is it resumed?  *out is the new one. */
static bool
visit(SSL_CTX *client, SSL_CTX *server, const struct iss_callbacks *ask,
    SSL_SESSION *offer, SSL_SESSION **out)
{
	struct iss_link link = { 0 };
	struct iss_error err;
	struct raw_pair pair;
	size_t got;
	bool reused;
	char byte;

	raw_pair_open(&pair, client, server);
	link.callbacks = ask;
	link.handle = &program;
	iss_link_attach(&err, &link, pair.server);
	if (offer != NULL)
		SSL_set_session(pair.client, offer);
	ok(raw_pair_handshake(&pair), "... a handshake");
	SSL_read_ex(pair.client, &byte, 1, &got); /* tickets of TLS 1.3 */
	ERR_clear_error();
	reused = SSL_session_reused(pair.client) == 1;
	*out = SSL_get1_session(pair.client);
	raw_pair_close(&pair);
	return reused;
}

static void
test_version(int version)
{
	struct iss_store *store = NULL;
	SSL_CTX *client = raw_ctx(false, version);
	SSL_CTX *server = raw_ctx(true, version);
	bool single = version == TLS1_3_VERSION;
	SSL_SESSION *first, *second, *third;
	struct iss_error err;

	iss_error_clear(&err);
	memset(&program, 0, sizeof(program));
	iss_buf_init(&program.value, ISS_SEAL_MAX);
	iss_store_new(&err, &store, 100);
	is_int(iss_store_add_secret(
		   &err, store, "0123456789abcdef0123456789abcdef", 32),
	    ISS_OK, "a store with a secret");
	is_int(iss_server_store_install(&err, server, store), ISS_OK,
	    "... in use");
	iss_store_free(store); /* the context has it */
	ok(!visit(client, server, &callbacks, NULL, &first), "a first visit");
	is_int(program.seconds, 100, "... is stored for the store's time");
	ok(visit(client, server, &callbacks, first, &second), "a second one");
	is_int(program.takes, single, "... takes what is for single use");
	program.refuses = true;
	ok(visit(client, server, &callbacks, second, &third) == !single,
	    "one that another server has taken");
	SSL_SESSION_free(second);
	second = third;
	program.refuses = false;
	ok(!visit(client, server, &none, second, &third), "nobody to ask");
	SSL_SESSION_free(first);
	SSL_SESSION_free(second);
	SSL_SESSION_free(third);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
	iss_buf_release(&program.value);
}

int
main(void)
{
	test_version(TLS1_2_VERSION);
	test_version(TLS1_3_VERSION);
	return tap_done();
}
