/*
 * Any bytes as what reaches a server from outside while it decides how to go
 * on: the name and the protocols of a client, a file of ticket keys, what the
 * backend of a store or of ticket keys returns, and what the program answers
 * to a ClientHello, perhaps later.  A client comes twice.
 *
 * A session is resumed only if it comes back as it was.
 */
#include "connection/handshake.h"
#include "connection/io.h"

#include <stdint.h>

#include "claim.h"
#include "context/acme.h"
#include "names/reference_id.h"
#include "pair.h"
#include "sessions/client_store.h"
#include "sessions/shared_keys.h"
#include "sessions/store.h"
#include "told.h"

enum { VALUES_MAX = 32, TURNS = 24, TEXT_MAX = 255 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte: what the server has. */
enum kind { PLAIN, STORE, KEYS, FILES, CLIENT_STORE, KINDS };

/* The second byte. */
enum flags {
	TLS12 = 1,
	CHALLENGES = 2, /* the client offers nothing but acme-tls/1 */
	TAMPERS = 4,    /* with each value that is got */
	SHORTENS = 8,   /* each such value */
	FAILS = 16,     /* no value is put, added or taken */
	LATER = 32,     /* the first question of each kind is answered later */
	CHOOSES = 64,   /* another context */
	REFUSES = 128   /* the client */
};

static struct input {
	enum kind kind;
	uint8_t flags;
	uint8_t at, how; /* of a value */
	const uint8_t *bytes;
	size_t len;
	char text[TEXT_MAX + 1];
} input;

/* ---- the program ---- */

static struct value {
	char key[ISS_SEAL_KEY_LEN + 1];
	unsigned char bytes[ISS_SEAL_MAX];
	size_t len;
} values[VALUES_MAX];
static size_t n_values;
static bool asked_before;
static struct iss_conn *server;
static struct iss_ctx *other;

static struct value *
find(const char *key)
{
	size_t i;

	for (i = 0; i < n_values; i++)
		if (strcmp(values[i].key, key) == 0)
			return &values[i];
	return NULL;
}

static bool
put(void *handle, const char *key, const void *bytes, size_t len, long seconds)
{
	struct value *value = find(key);

	(void)handle;
	claim(seconds > 0 && len <= ISS_SEAL_MAX);
	claim(strlen(key) == ISS_SEAL_KEY_LEN);
	if ((input.flags & FAILS) || n_values == VALUES_MAX)
		return false;
	if (value == NULL)
		value = &values[n_values++];
	memcpy(value->key, key, sizeof(value->key));
	memcpy(value->bytes, bytes, len);
	value->len = len;
	return true;
}

static bool
add(void *handle, const char *key, const void *bytes, size_t len, long seconds)
{
	return find(key) == NULL && put(handle, key, bytes, len, seconds);
}

static bool
is_later(void)
{
	bool later = (input.flags & LATER) && !asked_before;

	asked_before = true;
	return later;
}

/* What is there, or nothing but the input. */
static enum iss_reply
get(void *handle, const char *key, struct iss_buf *out)
{
	const struct value *value = find(key);
	size_t before = out->len;

	if (is_later())
		return ISS_REPLY_LATER;
	if (value == NULL)
		return iss_buf_append(out, input.bytes, input.len)
			   ? ISS_REPLY_GIVEN
			   : ISS_REPLY_NONE;
	(void)handle;
	claim(iss_buf_append(out, value->bytes, value->len));
	if ((input.flags & TAMPERS) && value->len > 0)
		out->data[before + input.at % value->len] ^= input.how;
	if (input.flags & SHORTENS)
		out->len = before + input.at % (value->len + 1);
	return ISS_REPLY_GIVEN;
}

static bool
take(void *handle, const char *key)
{
	struct value *value = find(key);

	(void)handle;
	if (value == NULL || (input.flags & FAILS))
		return false;
	value->key[0] = '\0';
	return true;
}

static enum iss_reply
hello(void *handle, const struct iss_hello *about, int *alert)
{
	(void)handle;
	claim(about != NULL);
	if (is_later())
		return ISS_REPLY_LATER;
	if (input.flags & REFUSES) {
		*alert = input.how;
		return ISS_REPLY_REFUSED;
	}
	if (!(input.flags & CHOOSES) || other == NULL)
		return ISS_REPLY_NONE;
	claim(iss_conn_choose(server, other));
	return ISS_REPLY_GIVEN;
}

static int
acme(void *handle, const char *name, char *buf, size_t size)
{
	struct iss_reference_id host;

	(void)handle;
	claim(iss_acme_host(&host, (const unsigned char *)name, strlen(name)));
	if (is_later())
		return ISS_ACME_LATER;
	if (input.at == 0)
		return -1;
	memset(buf, 'a', size);
	return (int)(input.at * 4u < size ? input.at * 4u : size);
}

static const struct iss_callbacks of_server = {
	.store_put = put,
	.store_get = get,
	.store_take = take,
	.store_add = add,
	.hello = hello,
	.acme = acme,
};
/* A client asks nobody but its store. */
static const struct iss_callbacks of_client = {
	.store_put = put, .store_get = get, .store_take = take
};

/* ---- contexts ---- */

static const char secret[] = "0123456789abcdef0123456789abcdef";

static struct iss_store *
new_store(void)
{
	struct iss_store *store = NULL;
	struct iss_error err;

	iss_error_clear(&err);
	claim(iss_store_new(&err, &store, 100) == ISS_OK);
	claim(iss_store_add_secret(&err, store, secret, 32) == ISS_OK);
	return store;
}

static char path[] = "/tmp/iss-fuzz-keys-XXXXXX";

static void
remove_file(void)
{
	unlink(path);
}

/* For its owner alone. */
static void
write_file(void)
{
	static int fd = -1;

	if (fd < 0) {
		fd = mkstemp(path);
		atexit(remove_file);
	}
	claim(fd >= 0 && ftruncate(fd, 0) == 0);
	claim(pwrite(fd, input.bytes, input.len, 0) == (ssize_t)input.len);
}

static void
add_vhost(struct iss_config *config)
{
	struct iss_config *vhost;
	struct iss_identity *identity;
	struct iss_error err;
	size_t count;
	const struct iss_option *table = iss_config_identity_options(&count);

	iss_error_clear(&err);
	vhost = iss_config_add_vhost(&err, config, "b.test");
	claim(vhost != NULL);
	identity = iss_config_add_identity(&err, vhost);
	pair_set(&err, identity, table, count,
	    &(struct pair_options){
		"SSL_cert_file", CERTS "server-ecdsa.pem" });
	pair_set(&err, identity, table, count,
	    &(struct pair_options){ "SSL_key_file", CERTS "server-ecdsa.key" });
}

/* NULL where the file of keys is none. */
static struct iss_ctx *
server_ctx(enum kind kind)
{
	struct iss_link link = { .callbacks = &of_server, .handle = &input };
	struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_cert_file", CERTS "server-ecdsa.pem" },
		{ "SSL_key_file", CERTS "server-ecdsa.key" },
		{ kind == FILES ? "SSL_ticket_keys" : NULL, path },
	};
	struct iss_shared_keys *keys = NULL;
	struct iss_store *store = kind == STORE ? new_store() : NULL;
	struct iss_config config;
	struct iss_ctx *ctx = NULL;
	struct iss_error err;
	bool good;

	iss_error_clear(&err);
	if (kind == KEYS) {
		claim(iss_shared_keys_new(&err, &keys, 3600, 2) == ISS_OK);
		claim(iss_shared_keys_add_secret(&err, keys, secret, 32) ==
		      ISS_OK);
	}
	if (kind == FILES)
		write_file();
	pair_config(&config, true, options);
	add_vhost(&config);
	iss_config_set0_store(&config, store);
	iss_config_set0_shared_keys(&config, keys);
	good = iss_ctx_new(&err, &ctx, &config, &link) == ISS_OK;
	claim(good || (kind == FILES && iss_error_is_set(&err)));
	claim(kind != FILES || good == (input.len == 48 || input.len == 80));
	iss_config_release(&config);
	iss_store_free(store);
	iss_shared_keys_free(keys);
	return good ? ctx : NULL;
}

static struct iss_ctx *
client_ctx(void)
{
	static struct iss_ctx *made;

	if (made == NULL)
		made = pair_client_ctx(NULL);
	return made;
}

/* ---- a visit ---- */

static void
client_says(SSL *ssl)
{
	static const unsigned char challenge[] = "\012acme-tls/1";

	if (input.text[0] != '\0')
		SSL_set_tlsext_host_name(ssl, input.text);
	if (input.flags & CHALLENGES)
		SSL_set_alpn_protos(ssl, challenge, sizeof(challenge) - 1);
	else
		SSL_set_alpn_protos(ssl, input.bytes, (unsigned)input.len);
	if (input.flags & TLS12)
		SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
}

static void
shake_hands(struct pair *pair)
{
	int i;

	pair->client.rv = pair->server.rv = ISS_WANT_READ;
	for (i = 0; i < TURNS && pair_wants(pair->server.rv); i++) {
		pair->client.rv = iss_conn_handshake(
		    pair->client.conn, false, ISS_NO_DEADLINE);
		pair->server.rv = iss_conn_handshake(
		    pair->server.conn, true, ISS_NO_DEADLINE);
		pair->server.conn->link.wants_answer = false;
	}
	claim(pair->server.rv != ISS_ERROR ||
	      iss_kept_error_is_set(&pair->server.conn->err));
}

/* The session that the client has now. */
static SSL_SESSION *
keep_session(struct iss_conn *conn, const struct iss_store *store)
{
	const struct iss_session_key key = { "a.test:443", 10 };
	SSL_SESSION *session;
	char byte;
	size_t n;

	(void)iss_io_read(conn, &byte, 1, &n); /* tickets of TLS 1.3 */
	while ((session = iss_new_sessions_take(&conn->resume.new_sessions)) !=
	       NULL) {
		if (store != NULL)
			iss_client_store_put(store, &conn->link, key, session);
		SSL_SESSION_free(session);
	}
	return SSL_get1_session(conn->ssl);
}

static void
claim_honest(const struct pair *pair)
{
	bool changes = (input.flags & TAMPERS) && input.how != 0;

	claim(!pair->server.conn->link.answers_acme ||
	      pair->server.conn->state == ISS_CONN_FAILED ||
	      pair_wants(pair->server.rv));
	if (pair->server.conn->state != ISS_CONN_OPEN)
		return;
	claim(!(input.flags & REFUSES));
	if (input.kind == STORE || input.kind == CLIENT_STORE)
		claim(!changes || !SSL_session_reused(pair->client.conn->ssl));
}

static SSL_SESSION *
visit(struct iss_ctx *ctx, SSL_SESSION *offer)
{
	const struct iss_session_key key = { "a.test:443", 10 };
	struct iss_store *store =
	    input.kind == CLIENT_STORE ? new_store() : NULL;
	SSL_SESSION *session;
	struct pair pair;

	pair_init(&pair);
	pair.server.callbacks = &of_server;
	pair.client.callbacks = &of_client;
	pair.server.handle = pair.client.handle = &input;
	pair_open(&pair, client_ctx(), ctx);
	server = pair.server.conn;
	server->link.may_wait = true;
	asked_before = false;
	client_says(pair.client.conn->ssl);
	claim(iss_conn_keep_sessions(pair.client.conn, false) == ISS_OK);
	if (store != NULL)
		iss_conn_offer_stored(pair.client.conn, store, key);
	else if (offer != NULL)
		SSL_set_session(pair.client.conn->ssl, offer);
	shake_hands(&pair);
	claim_honest(&pair);
	claim_told(server);
	session = keep_session(pair.client.conn, store);
	iss_store_free(store);
	pair_close(&pair);
	ERR_clear_error();
	return session;
}

static bool
take_apart(const uint8_t *data, size_t size)
{
	if (size < 4)
		return false;
	input.kind = data[0] % KINDS;
	input.flags = data[1];
	input.at = data[2];
	input.how = data[3];
	input.bytes = data + 4;
	input.len = size - 4 < TEXT_MAX ? size - 4 : TEXT_MAX;
	memcpy(input.text, input.bytes, input.len);
	input.text[input.len] = '\0';
	n_values = 0;
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct iss_ctx *ctx;
	SSL_SESSION *first;

	if (!take_apart(data, size) || (ctx = server_ctx(input.kind)) == NULL)
		return 0;
	if (other == NULL)
		other = server_ctx(PLAIN);
	first = visit(ctx, NULL);
	SSL_SESSION_free(visit(ctx, first));
	SSL_SESSION_free(first);
	iss_ctx_free(ctx);
	return 0;
}
