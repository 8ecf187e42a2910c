/*
 * A server's sessions in a store of the program: kept, found, taken, lost.
 */
#include "sessions/server_store.h"

#include <string.h>

#include "link/link.h"
#include "sessions/offered.h"
#include "alive.h"
#include "pair.h"
#include "tap.h"

/* The program: a store of one value. */
static struct {
	char key[ISS_SEAL_KEY_LEN + 1];
	struct iss_buf value;
	long seconds;
	bool refuses, later;
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

static enum iss_reply
store_get(void *handle, const char *key, struct iss_buf *value)
{
	(void)handle;
	program.gets++;
	if (program.later)
		return ISS_REPLY_LATER;
	return strcmp(key, program.key) == 0 &&
		       iss_buf_append(value, iss_buf_text(&program.value),
			   program.value.len)
		   ? ISS_REPLY_GIVEN
		   : ISS_REPLY_NONE;
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

/* As the context does while the ClientHello is read. */
static int
on_hello(SSL *ssl, int *alert, void *arg)
{
	(void)arg;
	return iss_server_store_ask(ssl, alert);
}

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
	int before;

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
	before = alive;
	iss_server_store_done(pair.server);
	is_int(before - alive,
	    reused && SSL_version(pair.server) == TLS1_3_VERSION,
	    "... what was found is freed, if the new one is another");
	raw_pair_close(&pair);
	return reused;
}

/* A visit with a session, where the program answers later. */
static void
test_later(SSL_CTX *server, SSL_CTX *client, SSL_SESSION *offer)
{
	struct iss_link link = { .callbacks = &callbacks, .handle = &program };
	struct iss_error err;
	struct raw_pair pair;

	iss_error_clear(&err);
	raw_pair_open(&pair, client, server);
	iss_link_attach(&err, &link, pair.server);
	SSL_set_session(pair.client, offer);
	program.later = true;
	SSL_do_handshake(pair.client);
	ok(SSL_do_handshake(pair.server) <= 0, "no answer yet");
	ok(!link.wants_answer, "... which a call that waits cannot wait for");
	iss_kept_error_clear(&link.failure);
	raw_pair_close(&pair);

	raw_pair_open(&pair, client, server);
	iss_link_attach(&err, &link, pair.server);
	SSL_set_session(pair.client, offer);
	program.gets = link.store_lookups = 0;
	link.may_wait = true;
	SSL_do_handshake(pair.client);
	SSL_do_handshake(pair.server);
	SSL_do_handshake(pair.server);
	ok(link.wants_answer, "no answer yet, and another call may wait");
	is_int(program.gets, 1, "... which is not asked again");
	link.wants_answer = program.later = false;
	ok(raw_pair_handshake(&pair), "... until it comes");
	ok(SSL_session_reused(pair.server), "... and is the session");
	is_int(program.gets, 2, "... asked for once more");
	ERR_clear_error();
	raw_pair_close(&pair);
}

/* ---- a client with two identities, of which the store knows the first ---- */

static const unsigned char other_id[ISS_OFFERED_LEN] = { 1, 2, 3 };
static SSL_SESSION *other_psk;

static int
use_other(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *len,
    SSL_SESSION **session)
{
	(void)ssl;
	(void)md;
	SSL_SESSION_up_ref(other_psk);
	*session = other_psk;
	*id = other_id;
	*len = sizeof(other_id);
	return 1;
}

/* As for two ClientHellos; then OpenSSL looks for the identities. */
static int
on_hellos(SSL *ssl, int *alert, void *arg)
{
	SSL_SESSION *(*get)(SSL *, const unsigned char *, int, int *) =
	    SSL_CTX_sess_get_get_cb(SSL_get_SSL_CTX(ssl));
	int copy, rv = iss_server_store_ask(ssl, alert);
	const unsigned char *id;

	is_int(program.gets, 1, "the first identity is found");
	is_int(iss_server_store_ask(ssl, alert), rv, "a second ClientHello");
	is_int(program.gets, 1, "... asks no second time");
	ok(get(ssl, other_id, sizeof(other_id), &copy) == NULL,
	    "what was found is not the other identity's");
	ok(iss_offered_id(ssl, 0, &id) && get(ssl, id, 31, &copy) == NULL,
	    "... nor that of a part of its own");
	(void)arg;
	return rv;
}

static void
test_two_identities(SSL_CTX *server, SSL_CTX *client)
{
	struct iss_link link = { .callbacks = &callbacks, .handle = &program };
	struct iss_error err;
	struct raw_pair pair;

	iss_error_clear(&err);
	visit(client, server, &callbacks, NULL, &other_psk);
	program.gets = 0;
	raw_pair_open(&pair, client, server);
	iss_link_attach(&err, &link, pair.server);
	SSL_set_session(pair.client, other_psk);
	SSL_set_psk_use_session_callback(pair.client, use_other);
	SSL_CTX_set_client_hello_cb(server, on_hellos, NULL);
	ok(raw_pair_handshake(&pair), "... a handshake");
	ok(SSL_session_reused(pair.server), "... resumes the first one");
	SSL_CTX_set_client_hello_cb(server, on_hello, NULL);
	raw_pair_close(&pair);
	SSL_SESSION_free(other_psk);
}

/* The client has an id of 32 bytes and nothing else. */
static size_t
size_of_id(const SSL_SESSION *session)
{
	const unsigned char *ticket;
	size_t len = 0;
	unsigned int id_len;

	if (SSL_SESSION_get_protocol_version(session) == TLS1_3_VERSION)
		SSL_SESSION_get0_ticket(session, &ticket, &len);
	else if (!SSL_SESSION_has_ticket(session) &&
		 SSL_SESSION_get_id(session, &id_len) != NULL)
		len = id_len;
	return len;
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
	SSL_CTX_set_client_hello_cb(server, on_hello, NULL);
	ok(!visit(client, server, &callbacks, NULL, &first), "a first visit");
	is_int(program.seconds, 100, "... is stored for the store's time");
	is_int((long)size_of_id(first), 32, "... an id of 32 bytes is sent");
	ok(visit(client, server, &callbacks, first, &second), "a second one");
	is_int(program.takes, single, "... takes what is for single use");
	program.refuses = true;
	ok(visit(client, server, &callbacks, second, &third) == !single,
	    "one that another server has taken");
	SSL_SESSION_free(second);
	second = third;
	program.refuses = false;
	ok(!visit(client, server, &none, second, &third), "nobody to ask");
	program.gets = 0;
	SSL_SESSION_free(third);
	ok(!visit(client, server, &callbacks, NULL, &third), "no session");
	is_int(program.gets, 0, "... the program is not asked");
	test_later(server, client, third);
	if (single)
		test_two_identities(server, client);
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
	alive_begin();
	test_version(TLS1_2_VERSION);
	test_version(TLS1_3_VERSION);
	return tap_done();
}
