/*
 * Stapled responses in handshakes, with a server that staples whatever it is
 * told to: bytes that no server would send, sessions that a program resumes by
 * itself, and new handshakes in the midst of a connection.
 */
#include "revocation/staple.h"

#include <time.h>

#include <openssl/err.h>

#include "connection/outcome.h"
#include "ocspmake.h"
#include "pair.h"
#include "tap.h"

#define NONE "did not receive the required stapled OCSP response"

enum { HOUR = 3600 };

/* ---- the server ---- */

static struct {
	const unsigned char *bytes;
	size_t len;
} stapled;

static int
staple(SSL *ssl, void *unused)
{
	(void)unused;
	if (stapled.bytes == NULL)
		return SSL_TLSEXT_ERR_NOACK;
	SSL_set_tlsext_status_ocsp_resp(
	    ssl, OPENSSL_memdup(stapled.bytes, stapled.len), (long)stapled.len);
	return SSL_TLSEXT_ERR_OK;
}

static struct iss_ctx *
server_ctx(void)
{
	struct iss_ctx *ctx = pair_server_ctx("SSLv23");

	SSL_CTX_set_tlsext_status_cb(ctx->ssl_ctx, staple);
	return ctx;
}

/* ---- the client and its host ---- */

static struct {
	enum iss_staple_opinion opinion;
	int asked;     /* how often */
	bool readable; /* there was a response */
	int told;
	struct iss_ocsp_answer answer;
} host;

static enum iss_staple_opinion
host_staple(void *unused, OCSP_RESPONSE *response)
{
	(void)unused;
	host.asked++;
	host.readable = response != NULL;
	return host.opinion;
}

static void
host_answer(void *unused, const unsigned char *id, size_t len,
    const struct iss_ocsp_answer *answer)
{
	(void)unused;
	host.told += id != NULL && len > 0;
	host.answer = *answer;
}

static const struct iss_callbacks ops = {
	.staple = host_staple,
	.ocsp_answer = host_answer,
};

/* ---- both ---- */

static void
staple_open(
    struct pair *pair, struct iss_ctx *server, struct iss_ctx *client, int mode)
{
	pair_init(pair);
	pair->client.config.ocsp_mode = mode;
	pair->client.callbacks = &ops;
	pair->client.handle = &host;
	pair_open(pair, client, server);
	host.asked = host.told = 0;
	host.readable = false;
}

static int
staple_handshake(struct pair *pair)
{
	pair_handshake(pair);
	return pair->client.rv;
}

static struct iss_ctx *server;
static X509 *cert, *issuer;

/* Have the server staple this; to be freed. */
static unsigned char *
staple_made(int status, long long next_update)
{
	struct made_response how = { 0 };
	OCSP_BASICRESP *basic;
	unsigned char *der;

	how.status = status;
	how.reason = -1;
	how.this_update = time(NULL) - HOUR;
	how.next_update = next_update;
	basic = made_basic(cert, issuer, &how);
	der = made_der(basic, OCSP_RESPONSE_STATUS_SUCCESSFUL, &stapled.len);
	OCSP_BASICRESP_free(basic);
	stapled.bytes = der;
	return der;
}

static void
test_bytes(struct iss_ctx *ctx, const void *bytes, size_t len, const char *why,
    const char *what)
{
	struct pair pair;

	if (OPENSSL_VERSION_NUMBER >= 0x30600000L)
		why = NONE; /* such a server does not send it */
	stapled.bytes = bytes;
	stapled.len = len;
	staple_open(&pair, server, ctx, -1);
	is_int(staple_handshake(&pair), ISS_OK, "%s: no matter", what);
	ok(!pair.client.conn->staple.good, "... but it says nothing");
	is_int(host.told, 0, "... nor is anything told");
	is_int(host.asked, 1, "... the host is asked");
	ok(!host.readable, "... and sees that it is none");
	pair_close(&pair);
	staple_open(&pair, server, ctx, ISS_OCSP_MUST_STAPLE);
	is_int(
	    staple_handshake(&pair), ISS_ERROR, "... unless it must be there");
	has_text(
	    iss_conn_error(pair.client.conn)->text, NONE, "... it says so");
	has_text(
	    iss_conn_error(pair.client.conn)->text, why, "... it says why");
	is_int(iss_conn_error(pair.client.conn)->verify_error,
	    X509_V_ERR_OCSP_VERIFY_NEEDED, "... the error of X509");
	is_int(SSL_get_verify_result(pair.client.conn->ssl),
	    X509_V_ERR_OCSP_VERIFY_NEEDED, "... OpenSSL knows");
	is_int(pair.client.conn->state, ISS_CONN_FAILED,
	    "... and nothing flows, ever");
	pair_close(&pair);
}

static void
test_garbage(struct iss_ctx *ctx)
{
	unsigned char *der;
	size_t len;

	test_bytes(
	    ctx, "garbage", 7, "this is not an OCSP response", "garbage");
	test_bytes(ctx, "\x30\x84\xff\xff\xff\xff", 6,
	    "this is not an OCSP response", "a length without end");
	test_bytes(
	    ctx, "\x30\x00", 2, "this is not an OCSP response", "nothing");
	test_bytes(ctx, NULL, 0, NONE, "no staple");
	der = staple_made(V_OCSP_CERTSTATUS_GOOD, time(NULL) + HOUR);
	len = stapled.len;
	test_bytes(
	    ctx, der, len - 1, "this is not an OCSP response", "a cut off one");
	OPENSSL_free(der);
}

static void
test_status(struct iss_ctx *ctx)
{
	static const struct {
		int status, rv;
		const char *why;
	} cases[] = {
		{ V_OCSP_CERTSTATUS_GOOD, ISS_OK, "" },
		{ V_OCSP_CERTSTATUS_REVOKED, ISS_ERROR, "status is revoked" },
		{ V_OCSP_CERTSTATUS_UNKNOWN, ISS_ERROR, "status is unknown" },
	};
	static const int modes[] = { -1, 0, ISS_OCSP_TRY_STAPLE,
		ISS_OCSP_MUST_STAPLE, ISS_OCSP_FULL_CHAIN };
	struct pair pair;
	unsigned char *der;
	size_t i, m;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		der = staple_made(cases[i].status, time(NULL) + HOUR);
		for (m = 0; m < sizeof(modes) / sizeof(modes[0]); m++) {
			staple_open(&pair, server, ctx, modes[m]);
			is_int(staple_handshake(&pair), cases[i].rv,
			    "status %d, mode %d", cases[i].status, modes[m]);
			has_text(iss_conn_error(pair.client.conn)->text,
			    cases[i].why, "... why");
			is_int(host.told, 1, "... the host is told");
			is_int(host.answer.status, cases[i].status, "... what");
			pair_close(&pair);
		}
		staple_open(&pair, server, ctx, ISS_OCSP_NO_STAPLE);
		is_int(staple_handshake(&pair), ISS_OK, "not asked for");
		is_int(host.asked + host.told, 0, "... the host neither");
		pair_close(&pair);
		OPENSSL_free(der);
	}
}

static void
test_opinions(struct iss_ctx *ctx)
{
	unsigned char *der =
	    staple_made(V_OCSP_CERTSTATUS_REVOKED, time(NULL) + HOUR);
	struct pair pair;

	host.opinion = ISS_STAPLE_SEEN;
	staple_open(&pair, server, ctx, ISS_OCSP_TRY_STAPLE);
	is_int(staple_handshake(&pair), ISS_OK, "the host has seen it");
	ok(host.readable, "... it was there");
	pair_close(&pair);
	staple_open(&pair, server, ctx, ISS_OCSP_MUST_STAPLE);
	is_int(staple_handshake(&pair), ISS_ERROR, "... which is not enough");
	has_text(iss_conn_error(pair.client.conn)->text, "revoked",
	    "... where it must be good");
	pair_close(&pair);
	OPENSSL_free(der);

	der = staple_made(V_OCSP_CERTSTATUS_GOOD, time(NULL) + HOUR);
	host.opinion = ISS_STAPLE_REFUSED;
	staple_open(&pair, server, ctx, ISS_OCSP_TRY_STAPLE);
	is_int(staple_handshake(&pair), ISS_ERROR, "the host refuses it");
	has_text(iss_conn_error(pair.client.conn)->text,
	    "SSL_ocsp_staple_callback", "... why");
	pair_close(&pair);
	host.opinion = ISS_STAPLE_NO_OPINION;
	staple_open(&pair, server, ctx, ISS_OCSP_TRY_STAPLE);
	pair.client.conn->link.handle = NULL;
	is_int(staple_handshake(&pair), ISS_OK, "no host was lent");
	pair_close(&pair);
	OPENSSL_free(der);
}

/* A session that a connection of this mode got; to be freed. */
static SSL_SESSION *
session_of(struct iss_ctx *ctx, int mode)
{
	struct pair pair;
	SSL_SESSION *session;
	char byte;
	size_t got;

	staple_open(&pair, server, ctx, mode);
	is_int(staple_handshake(&pair), ISS_OK, "a first connection");
	SSL_peek_ex(
	    pair.client.conn->ssl, &byte, sizeof(byte), &got); /* tickets */
	ERR_clear_error();
	session = SSL_get1_session(pair.client.conn->ssl);
	ok(SSL_SESSION_is_resumable(session), "... has a session");
	pair_close(&pair);
	return session;
}

/* A program may give one to OpenSSL by itself. */
static void
resume(struct iss_ctx *ctx, SSL_SESSION *session, int mode, bool good,
    const char *what)
{
	struct pair pair;
	int rv;

	staple_open(&pair, server, ctx, mode);
	SSL_set_session(pair.client.conn->ssl, session);
	rv = staple_handshake(&pair);
	is_int(rv, good ? ISS_OK : ISS_ERROR, "%s", what);
	ok(SSL_session_reused(pair.client.conn->ssl) == 1, "... resumed");
	if (!good)
		has_text(iss_conn_error(pair.client.conn)->text, NONE,
		    "... why not");
	is_int(host.asked, 0, "... the host is not asked again");
	pair_close(&pair);
	SSL_SESSION_free(session);
}

static void
test_sessions(struct iss_ctx *ctx)
{
	unsigned char *der =
	    staple_made(V_OCSP_CERTSTATUS_GOOD, time(NULL) + HOUR);

	resume(ctx, session_of(ctx, ISS_OCSP_MUST_STAPLE), ISS_OCSP_MUST_STAPLE,
	    true, "a session with a good staple");
	resume(ctx, session_of(ctx, ISS_OCSP_TRY_STAPLE), ISS_OCSP_MUST_STAPLE,
	    true, "one that was not demanded");
	resume(ctx, session_of(ctx, ISS_OCSP_NO_STAPLE), ISS_OCSP_MUST_STAPLE,
	    false, "a session without one");
	resume(ctx, session_of(ctx, ISS_OCSP_NO_STAPLE), ISS_OCSP_TRY_STAPLE,
	    true, "... which does where none must be there");
	OPENSSL_free(der);
	der =
	    staple_made(V_OCSP_CERTSTATUS_GOOD, time(NULL) - ISS_OCSP_SKEW / 2);
	resume(ctx, session_of(ctx, ISS_OCSP_MUST_STAPLE), ISS_OCSP_MUST_STAPLE,
	    false, "one whose staple is over since");
	OPENSSL_free(der);
}

/* TLS 1.2: the server begins anew, and staples something else. */
static void
test_new_handshake(struct iss_ctx *ctx, int status, const char *why)
{
	unsigned char *der =
	    staple_made(V_OCSP_CERTSTATUS_GOOD, time(NULL) + HOUR);
	struct pair pair;
	char byte;
	size_t got;
	int i;

	staple_open(&pair, server, ctx, ISS_OCSP_MUST_STAPLE);
	is_int(staple_handshake(&pair), ISS_OK, "a good staple at first");
	OPENSSL_free(der);
	der = NULL;
	stapled.bytes = NULL;
	if (status >= 0)
		der = staple_made(status, time(NULL) + HOUR);
	/* ours do not renegotiate, but those of other people may */
	SSL_clear_options(pair.server.conn->ssl, SSL_OP_NO_RENEGOTIATION);
	SSL_set_options(pair.server.conn->ssl,
	    SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
	SSL_renegotiate(pair.server.conn->ssl);
	SSL_do_handshake(pair.server.conn->ssl);
	for (i = 0; i < PAIR_TURNS && pair.client.conn->state == ISS_CONN_OPEN;
	     i++) {
		SSL_read_ex(pair.server.conn->ssl, &byte, 1, &got);
		ERR_clear_error();
		if (iss_conn_enter(pair.client.conn) != ISS_OK)
			break;
		SSL_read_ex(pair.client.conn->ssl, &byte, 1, &got);
		iss_conn_leave(pair.client.conn);
		iss_conn_failed(pair.client.conn, 0, "read");
	}
	is_int(pair.client.conn->state, ISS_CONN_FAILED, "then another");
	has_text(iss_conn_error(pair.client.conn)->text, why, "... why");
	pair_close(&pair);
	OPENSSL_free(der);
}

/* TLS 1.3 with OpenSSL 3.6: a response for each certificate of the chain. */
#ifdef SSL_set0_tlsext_status_ocsp_resp_ex
static int statuses[2]; /* of the leaf and its issuer */

static void
push_response(STACK_OF(OCSP_RESPONSE) * all, const char *name,
    const char *issuer_name, int status)
{
	X509 *subject = fixture_cert(name);
	X509 *above = fixture_cert(issuer_name);
	struct made_response how = { 0 };
	OCSP_BASICRESP *basic;

	how.status = status;
	how.reason = -1;
	how.this_update = time(NULL) - HOUR;
	how.next_update = time(NULL) + HOUR;
	how.key = issuer_name;
	basic = made_basic(subject, above, &how);
	sk_OCSP_RESPONSE_push(
	    all, OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic));
	OCSP_BASICRESP_free(basic);
	X509_free(subject);
	X509_free(above);
}

static int
staple_all(SSL *ssl, void *unused)
{
	STACK_OF(OCSP_RESPONSE) *all = sk_OCSP_RESPONSE_new_null();

	(void)unused;
	push_response(all, "server-sub", "sub-ca", statuses[0]);
	push_response(all, "sub-ca", "ca", statuses[1]);
	SSL_set0_tlsext_status_ocsp_resp_ex(ssl, all);
	return SSL_TLSEXT_ERR_OK;
}

static void
test_several(struct iss_ctx *ctx)
{
	static const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_cert_file", CERTS "server-sub-chain.pem" },
		{ "SSL_key_file", CERTS "server-sub.key" },
	};
	static const struct {
		int leaf, above, rv;
		const char *why;
	} cases[] = {
		{ V_OCSP_CERTSTATUS_GOOD, V_OCSP_CERTSTATUS_GOOD, ISS_OK, "" },
		{ V_OCSP_CERTSTATUS_REVOKED, V_OCSP_CERTSTATUS_GOOD, ISS_ERROR,
		    "revoked" },
		{ V_OCSP_CERTSTATUS_GOOD, V_OCSP_CERTSTATUS_REVOKED, ISS_ERROR,
		    "depth 1" },
	};
	struct iss_ctx *sub = pair_ctx(true, options);
	struct pair pair;
	size_t i;

	SSL_CTX_set_tlsext_status_cb(sub->ssl_ctx, staple_all);
	for (i = 0; i < ROWS(cases); i++) {
		statuses[0] = cases[i].leaf;
		statuses[1] = cases[i].above;
		staple_open(&pair, sub, ctx, ISS_OCSP_MUST_STAPLE);
		is_int(staple_handshake(&pair), cases[i].rv,
		    "two staples, the leaf's %d, its issuer's %d",
		    cases[i].leaf, cases[i].above);
		has_text(iss_conn_error(pair.client.conn)->text, cases[i].why,
		    "... why");
		pair_close(&pair);
	}
	iss_ctx_free(sub);
}
#else
static void
test_several(struct iss_ctx *ctx)
{
	(void)ctx;
	diag("this OpenSSL staples one response");
}
#endif

int
main(void)
{
	static const char *const versions[] = { "TLSv1_2", "TLSv1_3" };
	struct iss_ctx *ctx;
	size_t i;

	server = server_ctx();
	cert = fixture_cert("server");
	issuer = fixture_cert("ca");
	for (i = 0; i < 2; i++) {
		diag("%s", versions[i]);
		ctx = pair_client_ctx(versions[i]);
		test_garbage(ctx);
		test_status(ctx);
		test_opinions(ctx);
		test_sessions(ctx);
		if (i == 0) {
			test_new_handshake(
			    ctx, V_OCSP_CERTSTATUS_REVOKED, "revoked");
			test_new_handshake(ctx, -1, NONE);
		} else {
			test_several(ctx);
		}
		iss_ctx_free(ctx);
	}
	X509_free(cert);
	X509_free(issuer);
	iss_ctx_free(server);
	return tap_done();
}
