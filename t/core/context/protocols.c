/*
 * ALPN and NPN in handshakes: who chooses, what happens without a common
 * protocol, and contexts that outlive their lists.
 */
#include "context/protocols.h"

#include <openssl/err.h>

#include "options/wire.h"
#include "pair.h"
#include "tap.h"

static struct iss_error err;

/* A list in wire format from "a b c"; "" is an empty one. */
static struct iss_buf
wire_list(const char *names)
{
	struct iss_buf list;
	size_t len;

	iss_buf_init(&list, ISS_WIRE_MAX);
	for (; *names != '\0'; names += len + (names[len] == ' ')) {
		len = strcspn(names, " ");
		iss_wire_append(&err, &list, "test", names, len);
	}
	return list;
}

/* A context that uses the lists, of which nothing is left to it. */
static SSL_CTX *
ctx_with(bool server, int version, struct iss_protocols *protocols,
    const char *alpn, const char *npn)
{
	SSL_CTX *ctx = raw_ctx(server, version);
	struct iss_buf alpn_list = wire_list(alpn);
	struct iss_buf npn_list = wire_list(npn);

	memset(protocols, 0, sizeof(*protocols));
	iss_error_clear(&err);
	is_int(iss_protocols_use(&err, protocols, ctx, &alpn_list, &npn_list),
	    ISS_OK, "ALPN '%s', NPN '%s'", alpn, npn);
	iss_buf_release(&alpn_list);
	iss_buf_release(&npn_list);
	return ctx;
}

static void
expect_alpn(const SSL *ssl, const char *want)
{
	const unsigned char *name;
	unsigned int len;

	SSL_get0_alpn_selected(ssl, &name, &len);
	is_bytes(name, len, want, strlen(want), "... '%s' by ALPN", want);
}

static void
test_alpn(int version)
{
	static const struct {
		const char *client, *server, *want;
	} cases[] = {
		{ "a", "a", "a" },
		{ "a b c", "c b", "b" }, /* by the client's order */
		{ "b c", "a b c", "b" },
		{ "a", "b", "" },
		{ "a", "", "" },
		{ "", "a", "" },
		{ "a", "A", "" },
		{ "a", "ab", "" },
		{ "ab", "a", "" },
	};
	struct iss_protocols ours, theirs;
	SSL_CTX *client, *server;
	struct raw_pair pair;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		client = ctx_with(false, version, &ours, cases[i].client, "");
		server = ctx_with(true, version, &theirs, cases[i].server, "");
		raw_pair_open(&pair, client, server);
		ok(raw_pair_handshake(&pair), "... a handshake");
		expect_alpn(pair.client, cases[i].want);
		expect_alpn(pair.server, cases[i].want);
		raw_pair_close(&pair);
		iss_protocols_release(&ours, client);
		iss_protocols_release(&theirs, server);
		SSL_CTX_free(client);
		SSL_CTX_free(server);
	}
}

static void
test_unsound(void)
{
	struct iss_protocols protocols = { { 0 }, { 0 } };
	SSL_CTX *ctx = raw_ctx(false, TLS1_3_VERSION);
	struct iss_buf list, none;

	iss_buf_init(&none, ISS_WIRE_MAX);
	iss_buf_init(&list, ISS_WIRE_MAX);
	iss_buf_append(&list, "\5abc", 4);
	iss_error_clear(&err);
	is_int(iss_protocols_use(&err, &protocols, ctx, &list, &none),
	    ISS_ERROR, "a list that is cut off");
	has_text(err.text, "SSL_alpn_protocols", "... names the option");
	is_int((long long)ERR_peek_error(), 0, "... the queue is empty");
	iss_protocols_release(&protocols, ctx);
	iss_protocols_release(&protocols, ctx);
	iss_protocols_release(&protocols, NULL);
	SSL_CTX_free(ctx);
	iss_buf_release(&list);
}

/* A program may hold the SSL_CTX longer than we do. */
static void
test_released(int version)
{
	struct iss_protocols ours, theirs;
	SSL_CTX *client, *server;
	struct raw_pair pair;

	client = ctx_with(false, version, &ours, "a", "a");
	server = ctx_with(true, version, &theirs, "a", "a");
	iss_protocols_release(&ours, client);
	iss_protocols_release(&theirs, server);
	raw_pair_open(&pair, client, server);
	ok(raw_pair_handshake(&pair), "a handshake after the lists are gone");
	expect_alpn(pair.client, "");
	expect_alpn(pair.server, "");
	raw_pair_close(&pair);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
}

#ifndef OPENSSL_NO_NEXTPROTONEG

static void
expect_npn(const SSL *ssl, const char *want)
{
	const unsigned char *name;
	unsigned int len;

	SSL_get0_next_proto_negotiated(ssl, &name, &len);
	is_bytes(name, len, want, strlen(want), "... '%s' by NPN", want);
}

static void
test_npn(void)
{
	static const struct {
		const char *client_alpn, *client_npn, *server_alpn, *server_npn;
		const char *alpn, *npn;
		int version;
	} cases[] = {
		{ "", "a", "", "a", "", "a", TLS1_2_VERSION },
		{ "", "c b", "", "a b c", "", "b", TLS1_2_VERSION },
		{ "", "x y", "", "a", "", "x", TLS1_2_VERSION },
		{ "", "", "", "a", "", "", TLS1_2_VERSION },
		{ "", "a", "", "", "", "", TLS1_2_VERSION },
		/* ALPN goes before NPN */
		{ "a", "b", "a", "b", "a", "", TLS1_2_VERSION },
		{ "a", "b", "c", "b", "", "b", TLS1_2_VERSION },
		{ "", "a", "", "a", "", "", TLS1_3_VERSION },
	};
	struct iss_protocols ours, theirs;
	SSL_CTX *client, *server;
	struct raw_pair pair;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		client = ctx_with(false, cases[i].version, &ours,
		    cases[i].client_alpn, cases[i].client_npn);
		server = ctx_with(true, cases[i].version, &theirs,
		    cases[i].server_alpn, cases[i].server_npn);
		raw_pair_open(&pair, client, server);
		ok(raw_pair_handshake(&pair), "... a handshake");
		expect_alpn(pair.client, cases[i].alpn);
		expect_npn(pair.client, cases[i].npn);
		expect_npn(pair.server, cases[i].npn);
		raw_pair_close(&pair);
		iss_protocols_release(&ours, client);
		iss_protocols_release(&theirs, server);
		SSL_CTX_free(client);
		SSL_CTX_free(server);
	}
}

#else

static void
test_npn(void)
{
	struct iss_protocols protocols = { { 0 }, { 0 } };
	SSL_CTX *ctx = raw_ctx(false, TLS1_2_VERSION);
	struct iss_buf list = wire_list("a"), none = wire_list("");

	iss_error_clear(&err);
	is_int(iss_protocols_use(&err, &protocols, ctx, &none, &list),
	    ISS_ERROR, "NPN where OpenSSL has none");
	has_text(err.text, "SSL_npn_protocols", "... names the option");
	iss_protocols_release(&protocols, ctx);
	SSL_CTX_free(ctx);
	iss_buf_release(&list);
}

#endif

int
main(void)
{
	test_alpn(TLS1_2_VERSION);
	test_alpn(TLS1_3_VERSION);
	test_unsound();
	test_released(TLS1_2_VERSION);
	test_released(TLS1_3_VERSION);
	test_npn();
	return tap_done();
}
