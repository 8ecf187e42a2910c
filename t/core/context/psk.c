/*
 * Pre-shared keys in handshakes: which key an identity gets, wrong and missing
 * keys, identities that nobody chose, and contexts that outlive their keys.
 */
#include "context/psk.h"

#include <openssl/err.h>

#include "link/link.h"
#include "pair.h"
#include "tap.h"

static struct iss_error err;

/* A key of a list; the last one of a row has no key. */
struct entry {
	const char *identity, *key;
};

static struct iss_psk_list
list_of(const struct entry *entries, size_t most)
{
	struct iss_psk_list psks = { NULL, 0 };
	size_t i;

	for (i = 0; i < most && entries[i].key != NULL; i++)
		iss_psk_list_add(&err, &psks, "SSL_psk", entries[i].identity,
		    strlen(entries[i].identity), entries[i].key,
		    strlen(entries[i].key));
	return psks;
}

/* A context that has no certificate: without a key there is no handshake. */
static SSL_CTX *
psk_ctx(bool server, int version, const struct iss_psk_list *psks)
{
	SSL_CTX *ctx = raw_ctx(false, version);

	SSL_CTX_set_cipher_list(ctx, "PSK");
	SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256");
	iss_error_clear(&err);
	if (iss_psk_use(&err, ctx, psks, server) != ISS_OK) {
		printf("Bail out! %s\n", err.text);
		exit(2);
	}
	return ctx;
}

static const struct row {
	const char *name;
	struct entry client[2], server[3];
	bool good;
	const char *why; /* what the server says of it, in TLS 1.2 */
} rows[] = {
	{ "the same identity and key", { { "me", "key" } }, { { "me", "key" } },
	    true, "" },
	{ "the same identity, another key", { { "me", "key" } },
	    { { "me", "kez" } }, false, "" },
	{ "a key that is longer", { { "me", "key" } }, { { "me", "keyy" } },
	    false, "" },
	{ "an unknown identity", { { "me", "key" } }, { { "you", "key" } },
	    false, "SSL_psk has no key for the client's identity \"me\"" },
	{ "an identity of another case", { { "me", "key" } },
	    { { "Me", "key" } }, false, "identity \"me\"" },
	{ "the beginning of an identity", { { "me", "key" } },
	    { { "mee", "key" } }, false, "identity \"me\"" },
	{ "the second of two", { { "me", "key" } },
	    { { "you", "other" }, { "me", "key" } }, true, "" },
	{ "the key of all others", { { "me", "key" } },
	    { { "you", "other" }, { "", "key" } }, true, "" },
	{ "a name goes before all others", { { "me", "key" } },
	    { { "", "other" }, { "me", "key" } }, true, "" },
	{ "... also where its key is wrong", { { "me", "key" } },
	    { { "", "key" }, { "me", "other" } }, false, "" },
	{ "a client without a name", { { "", "key" } },
	    { { ISS_PSK_IDENTITY, "key" } }, true, "" },
	{ "two of them", { { "", "key" } }, { { "", "key" } }, true, "" },
	{ "high bytes", { { "\xc3\xbc", "key" } }, { { "", "key" } }, true,
	    "" },
	/* such as a ticket is: not for the key of all others */
	{ "control characters", { { "\1\2", "key" } }, { { "", "key" } }, false,
	    "has no key for the client's identity \"\\x01\\x02\"" },
	{ "DEL", { { "\x7f", "key" } }, { { "", "key" } }, false,
	    "identity \"\\x7f\"" },
	{ "what a terminal may obey",
	    { { "al\x9b"
		"2J",
		"key" } },
	    { { "you", "key" } }, false, "identity \"al\\x9b2J\"" },
	{ "... unless they are named", { { "\1\2", "key" } },
	    { { "\1\2", "key" } }, true, "" },
};

static void
test_row(const struct row *row, int version)
{
	struct iss_psk_list ours = list_of(row->client, ROWS(row->client));
	struct iss_psk_list theirs = list_of(row->server, ROWS(row->server));
	SSL_CTX *client = psk_ctx(false, version, &ours);
	SSL_CTX *server = psk_ctx(true, version, &theirs);
	struct iss_link link = { 0 };
	struct raw_pair pair;

	raw_pair_open(&pair, client, server);
	iss_link_attach(&err, &link, pair.server);
	ok(raw_pair_handshake(&pair) == row->good, "%s: %s", row->name,
	    row->good ? "a handshake" : "none");
	if (version == TLS1_2_VERSION)
		has_text(iss_kept_error_get0(&link.failure)->text, row->why,
		    "... why");
	else
		ok(SSL_session_reused(pair.client) == row->good,
		    "... by the key");
	raw_pair_close(&pair);
	iss_kept_error_clear(&link.failure);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
	iss_psk_list_release(&ours);
	iss_psk_list_release(&theirs);
}

/* Keys of any bytes, up to the longest that OpenSSL takes. */
static void
test_lengths(int version)
{
	static const size_t lengths[] = { 1, 16, 64, PSK_MAX_PSK_LEN };
	struct iss_psk_list psks;
	char key[PSK_MAX_PSK_LEN] = "a\0b";
	SSL_CTX *client, *server;
	struct raw_pair pair;
	size_t i;

	for (i = 0; i < ROWS(lengths); i++) {
		memset(&psks, 0, sizeof(psks));
		iss_psk_list_add(
		    &err, &psks, "SSL_psk", "me", 2, key, lengths[i]);
		client = psk_ctx(false, version, &psks);
		server = psk_ctx(true, version, &psks);
		raw_pair_open(&pair, client, server);
		ok(raw_pair_handshake(&pair), "a key of %zu bytes", lengths[i]);
		raw_pair_close(&pair);
		SSL_CTX_free(client);
		SSL_CTX_free(server);
		iss_psk_list_release(&psks);
	}
}

static void
test_client_count(void)
{
	static const struct entry two[] = { { "a", "key" }, { "b", "key" } };
	SSL_CTX *ctx = raw_ctx(false, TLS1_3_VERSION);
	struct iss_psk_list psks;
	size_t i;

	for (i = 0; i <= 2; i += 2) {
		psks = list_of(two, i);
		iss_error_clear(&err);
		is_int(iss_psk_use(&err, ctx, &psks, false), ISS_ERROR,
		    "a client with %zu keys", i);
		has_text(
		    err.text, "SSL_psk: a client needs one key", "... is told");
		iss_psk_list_release(&psks);
	}
	SSL_CTX_free(ctx);
}

/* A program may hold the SSL_CTX longer than the keys live. */
static void
test_forget(int version)
{
	static const struct entry one[] = { { "me", "key" } };
	struct iss_psk_list psks = list_of(one, 1);
	SSL_CTX *client = psk_ctx(false, version, &psks);
	SSL_CTX *server = psk_ctx(true, version, &psks);
	struct raw_pair pair;

	iss_psk_forget(client);
	iss_psk_forget(server);
	iss_psk_forget(NULL);
	iss_psk_list_release(&psks);
	raw_pair_open(&pair, client, server);
	ok(!raw_pair_handshake(&pair), "keys that are forgotten");
	raw_pair_close(&pair);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
}

/* A server's connection that went over to another context has its keys. */
static void
test_other_ctx(int version)
{
	static const struct entry one[] = { { "me", "one" } };
	static const struct entry two[] = { { "me", "two" } };
	struct iss_psk_list first = list_of(one, 1), second = list_of(two, 1);
	SSL_CTX *client = psk_ctx(false, version, &second);
	SSL_CTX *server = psk_ctx(true, version, &first);
	SSL_CTX *other = psk_ctx(true, version, &second);
	struct raw_pair pair;

	raw_pair_open(&pair, client, server);
	SSL_set_SSL_CTX(pair.server, other);
	ok(raw_pair_handshake(&pair), "the keys are those of its context");
	raw_pair_close(&pair);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
	SSL_CTX_free(other);
	iss_psk_list_release(&first);
	iss_psk_list_release(&second);
}

int
main(void)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	size_t i, v;

	if (!iss_psk_is_possible()) {
		test_client_count();
		return tap_done();
	}
	test_client_count();
	for (v = 0; v < ROWS(versions); v++) {
		diag("version %x", (unsigned)versions[v]);
		for (i = 0; i < ROWS(rows); i++)
			test_row(&rows[i], versions[v]);
		test_lengths(versions[v]);
		test_forget(versions[v]);
		test_other_ctx(versions[v]);
	}
	return tap_done();
}
