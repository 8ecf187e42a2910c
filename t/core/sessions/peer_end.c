/*
 * The end that is noted in a session, and which notes allow to resume it.  How
 * servers use them is in t/sessions/client_end.t.
 */
#include "sessions/peer_end.h"

#include <string.h>

#include "fixture.h"
#include "pair.h"
#include "tap.h"

/* A server's session after a handshake, in which the client showed this
 * certificate; NULL: none. */
static SSL_SESSION *
session_with(const char *name)
{
	SSL_CTX *client = raw_ctx(false, TLS1_2_VERSION);
	SSL_CTX *server = raw_ctx(true, TLS1_2_VERSION);
	X509 *ca = fixture_cert("ca");
	X509 *cert = fixture_cert(name != NULL ? name : "client");
	EVP_PKEY *key = fixture_key(name != NULL ? name : "client");
	SSL_SESSION *session;
	struct raw_pair pair;

	iss_peer_end_install(server);
	if (name != NULL) {
		X509_STORE_add_cert(SSL_CTX_get_cert_store(server), ca);
		SSL_CTX_set_verify(server, SSL_VERIFY_PEER, NULL);
		SSL_CTX_use_certificate(client, cert);
		SSL_CTX_use_PrivateKey(client, key);
	}
	raw_pair_open(&pair, client, server);
	ok(raw_pair_handshake(&pair), "a handshake");
	iss_peer_end_limit(pair.server);
	session = SSL_get1_session(pair.server);
	ok(iss_peer_end_note(pair.server, session), "... its end is noted");
	raw_pair_close(&pair);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
	X509_free(ca);
	X509_free(cert);
	EVP_PKEY_free(key);
	return session;
}

static void
test_notes(void)
{
	static const struct {
		const char *name;
		unsigned char note[10];
		size_t len;
		bool allows;
	} cases[] = {
		{ "an end that has passed", { 1, 0, 0, 0, 0, 0, 0, 0, 1 }, 9,
		    false },
		{ "one that is far", { 1, 0, 1 }, 9, true },
		{ "none at all",
		    { 1, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 9,
		    true },
		{ "a note of another version", { 2, 0, 1 }, 9, false },
		{ "a shorter note", { 1, 0, 1 }, 8, false },
		{ "a longer one", { 1, 0, 1 }, 10, false },
		{ "an empty one", { 0 }, 0, false },
	};
	SSL_CTX *ctx = raw_ctx(true, TLS1_2_VERSION);
	SSL *ssl = SSL_new(ctx);
	SSL_SESSION *session = session_with("client");
	size_t i;

	ok(iss_peer_end_allows(ssl, session), "a client that is good for long");
	for (i = 0; i < ROWS(cases); i++) {
		SSL_SESSION_set1_ticket_appdata(
		    session, cases[i].note, cases[i].len);
		ok(iss_peer_end_allows(ssl, session) == cases[i].allows, "%s",
		    cases[i].name);
	}
	SSL_SESSION_free(session);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

/* ---- the judge ---- */

static int asked;

static bool
refuses(SSL *ssl, X509 *leaf)
{
	asked += ssl != NULL && leaf != NULL;
	return false;
}

static bool
accepts(SSL *ssl, X509 *leaf)
{
	return !refuses(ssl, leaf);
}

static void
test_judge(void)
{
	static const struct iss_peer_judge strict = { refuses };
	static const struct iss_peer_judge lenient = { accepts };
	static const unsigned char ended[9] = { 1, 0, 0, 0, 0, 0, 0, 0, 1 };
	SSL_CTX *ctx = raw_ctx(true, TLS1_2_VERSION);
	SSL_CTX *other = raw_ctx(true, TLS1_2_VERSION);
	SSL_SESSION *session = session_with("client");
	SSL_SESSION *anonymous = session_with(NULL);
	SSL *ssl = SSL_new(ctx);

	ok(iss_peer_end_set_judge(ctx, &strict), "a judge");
	ok(iss_peer_end_set_judge(other, &lenient), "... and another");
	ok(!iss_peer_end_allows(ssl, session), "it is asked, and refuses");
	is_int(asked, 1, "... once");
	ok(iss_peer_end_allows(ssl, anonymous), "a client that showed nothing");
	is_int(asked, 1, "... is nothing to judge");
	SSL_set_SSL_CTX(ssl, other);
	ok(iss_peer_end_allows(ssl, session),
	    "the judge of the context that the connection has come to");
	SSL_SESSION_set1_ticket_appdata(session, ended, sizeof(ended));
	asked = 0;
	ok(!iss_peer_end_allows(ssl, session), "none saves what has ended");
	is_int(asked, 0, "... nor is one asked");
	SSL_SESSION_free(session);
	SSL_SESSION_free(anonymous);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	SSL_CTX_free(other);
}

/* TLS 1.3 may look at a session twice in a handshake. */
static void
test_judge_once(void)
{
	static const struct iss_peer_judge strict = { refuses };
	static const struct iss_peer_judge lenient = { accepts };
	SSL_CTX *ctx = raw_ctx(true, TLS1_3_VERSION);
	SSL_CTX *other = raw_ctx(true, TLS1_3_VERSION);
	SSL_SESSION *session = session_with("client");
	SSL *ssl = SSL_new(ctx);
	bool accepted = true;
	int i;

	asked = 0;
	iss_peer_end_set_judge(ctx, &strict);
	iss_peer_end_set_judge(other, &lenient);
	ok(!iss_peer_end_allows(ssl, session), "a judge that refuses");
	ok(!iss_peer_end_allows(ssl, session), "... still does");
	is_int(asked, 1, "... and is asked once");
	SSL_set_SSL_CTX(ssl, other);
	ok(iss_peer_end_allows(ssl, session), "another one is asked, too");
	iss_peer_end_limit(ssl);
	asked = 0;
	ok(iss_peer_end_allows(ssl, session), "after the handshake");
	is_int(asked, 1, "... nothing is remembered");
	for (i = 0; i < 9; i++) {
		SSL_set_SSL_CTX(ssl, i % 2 == 0 ? ctx : other);
		accepted = iss_peer_end_allows(ssl, session);
	}
	is_int(asked, 4, "... and four sessions at most are judged");
	ok(!accepted, "... the others are refused");
	SSL_SESSION_free(session);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	SSL_CTX_free(other);
}

/* A session without a certificate, at a server with a judge. */
static void
test_demands(void)
{
	static const struct iss_peer_judge lenient = { accepts };
	static const struct {
		int mode;
		bool allows;
	} cases[] = {
		{ SSL_VERIFY_NONE, true },
		{ SSL_VERIFY_PEER, true },
		{ SSL_VERIFY_FAIL_IF_NO_PEER_CERT, true },
		{ SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, false },
		{ SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT |
			SSL_VERIFY_CLIENT_ONCE,
		    false },
	};
	SSL_CTX *ctx = raw_ctx(true, TLS1_2_VERSION);
	SSL_SESSION *session = session_with(NULL);
	SSL *ssl = SSL_new(ctx);
	size_t i;

	iss_peer_end_set_judge(ctx, &lenient);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		SSL_set_verify(ssl, cases[i].mode, NULL);
		ok(iss_peer_end_allows(ssl, session) == cases[i].allows,
		    "no certificate, in mode %d", cases[i].mode);
	}
	SSL_SESSION_free(session);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

static void
test_anonymous(void)
{
	SSL_CTX *ctx = raw_ctx(true, TLS1_2_VERSION);
	SSL *ssl = SSL_new(ctx);
	SSL_SESSION *session = session_with(NULL);
	void *note;
	size_t len = 0;

	SSL_SESSION_get0_ticket_appdata(session, &note, &len);
	is_int((long)len, 0, "... which needs no note");
	ok(iss_peer_end_allows(ssl, session), "a client without a certificate");
	SSL_SESSION_free(session);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

static bool
accepts_client(SSL *ssl, X509 *leaf)
{
	X509 *client = fixture_cert("client");
	bool good = X509_cmp(leaf, client) == 0;

	(void)ssl;
	asked++;
	X509_free(client);
	return good;
}

/* In a handshake of TLS 1.3 a verdict is kept: for this certificate and this
 * context alone, and there is a limit. */
static void
test_verdicts(void)
{
	static const struct iss_peer_judge judge = { accepts_client };
	SSL_CTX *ctx = raw_ctx(true, TLS1_3_VERSION);
	SSL_CTX *other = raw_ctx(true, TLS1_3_VERSION);
	SSL_SESSION *good = session_with("client");
	SSL_SESSION *bad = session_with("client-only");
	SSL *ssl = SSL_new(ctx);
	int i;

	asked = 0;
	iss_peer_end_set_judge(ctx, &judge);
	iss_peer_end_set_judge(other, &judge);
	for (i = 0; i < 2; i++)
		ok(iss_peer_end_allows(ssl, good), "a good certificate");
	is_int(asked, 1, "... is judged once");
	ok(!iss_peer_end_allows(ssl, bad), "a bad one in the same handshake");
	for (i = 2; i < 4; i++) {
		SSL_set_SSL_CTX(ssl, i % 2 == 0 ? other : ctx);
		ok(iss_peer_end_allows(ssl, good), "judged %d times", i + 1);
	}
	SSL_set_SSL_CTX(ssl, other);
	ok(!iss_peer_end_allows(ssl, good), "... which is enough");
	is_int(asked, 4, "... and nobody is asked");
	SSL_SESSION_free(good);
	SSL_SESSION_free(bad);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	SSL_CTX_free(other);
}

/* Of TLS 1.2, whose cipher goes on. */
static void
test_cipher(void)
{
	SSL_CTX *ctx = raw_ctx(true, TLS1_2_VERSION);
	SSL_SESSION *session = session_with(NULL);
	SSL *ssl = SSL_new(ctx);

	ok(iss_peer_end_allows(ssl, session), "a cipher that the server has");
	SSL_set_cipher_list(ssl, "AES128-SHA256");
	ok(!iss_peer_end_allows(ssl, session), "... and one that it has not");
	SSL_SESSION_free(session);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

int
main(void)
{
	test_notes();
	test_anonymous();
	test_judge();
	test_verdicts();
	test_cipher();
	test_judge_once();
	test_demands();
	return tap_done();
}
