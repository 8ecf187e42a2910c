/*
 * Sessions of a client: when one is kept, offered and resumed, under which
 * rules, and which of them leave a cache.
 */
#include "connection/resume.h"

#include <openssl/err.h>

#include "connection/io.h"
#include "connection/shutdown.h"
#include "newest.h"
#include "ocspmake.h"
#include "pair.h"
#include "sessions/session.h"
#include "tap.h"

static struct iss_error err;

/* What may differ between two connections. */
struct rules {
	const char *name;     /* that the certificate is for; NULL: any */
	const char *hostname; /* for SNI */
	bool share;
};

static struct pair pair;
static struct iss_conn *client;

static void
begin(struct iss_ctx *ours, struct iss_ctx *theirs, const struct rules *rules)
{
	pair_init(&pair);
	if (rules->hostname != NULL)
		pair.client.config.hostname = strdup(rules->hostname);
	pair_open(&pair, ours, theirs);
	client = pair.client.conn;
	if (rules->name != NULL)
		iss_verify_set_name(&err, &client->verify, rules->name,
		    strlen(rules->name), iss_scheme_find("http"));
	is_int(iss_conn_keep_sessions(client, rules->share), ISS_OK,
	    "... a connection that keeps sessions");
}

/* Shake hands and end it properly, which collects what has arrived. */
static void
finish(void)
{
	pair_handshake(&pair);
	is_int(pair.client.rv, ISS_OK, "... a handshake: %s",
	    iss_conn_error(client)->text);
	is_int(iss_shutdown_notify(client, ISS_NO_DEADLINE), ISS_OK,
	    "... and its end");
}

static bool
resumed(void)
{
	return SSL_session_reused(client->ssl) == 1;
}

/* The session of a new connection under these rules, the caller's. */
static SSL_SESSION *
session_of(
    struct iss_ctx *ours, struct iss_ctx *theirs, const struct rules *rules)
{
	SSL_SESSION *session;

	begin(ours, theirs, rules);
	finish();
	session = iss_new_sessions_take(&client->resume.new_sessions);
	ok(session != NULL, "... gets a session");
	pair_close(&pair);
	return session;
}

static void
collect(void)
{
	iss_resume_collect(&client->resume, &client->link, client->sock);
}

/* ---- rules ---- */

static const struct rules plain = { .name = NULL };

static void
test_rules(struct iss_ctx *ours, struct iss_ctx *theirs, bool single)
{
	static const struct {
		const char *what;
		struct rules first, second;
		bool offered;
	} cases[] = {
		{ "the same rules", { .name = "localhost" },
		    { .name = "localhost" }, true },
		{ "no rules", { .name = NULL }, { .name = NULL }, true },
		{ "a name, where none was checked", { .name = NULL },
		    { .name = "localhost" }, false },
		{ "no name, where one was checked", { .name = "localhost" },
		    { .name = NULL }, false },
		{ "another name", { .name = "localhost" },
		    { .name = "127.0.0.1" }, false },
		{ "another server name", { .hostname = "a.test" },
		    { .hostname = "b.test" }, false },
		{ "the same server name", { .hostname = "a.test" },
		    { .hostname = "A.test." }, true },
	};
	SSL_SESSION *session;
	bool drop;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		diag("%s", cases[i].what);
		session = session_of(ours, theirs, &cases[i].first);
		begin(ours, theirs, &cases[i].second);
		drop = iss_conn_offer_session(client, session);
		ok((client->resume.offered == session) == cases[i].offered,
		    "... %s", cases[i].offered ? "offered" : "not offered");
		ok(drop == (cases[i].offered && single), "... and %s a cache",
		    drop ? "leaves" : "stays in");
		is_int(
		    (long long)ERR_peek_error(), 0, "... the queue is empty");
		finish();
		ok(resumed() == cases[i].offered, "... %s",
		    cases[i].offered ? "resumed" : "a full handshake");
		pair_close(&pair);
		SSL_SESSION_free(session);
	}
}

/* Contexts that trust others have other rules. */
static void
test_other_ctx(
    struct iss_ctx *ours, struct iss_ctx *theirs, const char *version)
{
	const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_ca_file", CERTS "bundle.pem" },
		{ "SSL_version", version },
	};
	struct iss_ctx *same = pair_client_ctx(version);
	struct iss_ctx *other = pair_ctx(false, options);
	SSL_SESSION *session = session_of(ours, theirs, &plain);

	begin(same, theirs, &plain);
	iss_conn_offer_session(client, session);
	ok(client->resume.offered == session,
	    "another context of the same options");
	pair_close(&pair);
	begin(other, theirs, &plain);
	ok(!iss_conn_offer_session(client, session), "one of other options");
	ok(client->resume.offered == NULL, "... does not offer it");
	pair_close(&pair);
	SSL_SESSION_free(session);
	iss_ctx_free(same);
	iss_ctx_free(other);
}

/* ---- who must not offer ---- */

static void
test_not_offered(struct iss_ctx *ours, struct iss_ctx *theirs)
{
	SSL_SESSION *session = session_of(ours, theirs, &plain);

	pair_init(&pair);
	pair_open(&pair, ours, theirs);
	client = pair.client.conn;
	ok(!iss_conn_offer_session(client, session) &&
		client->resume.offered == NULL,
	    "a connection that keeps no sessions offers none");
	pair_close(&pair);

	begin(ours, theirs, &plain);
	finish();
	ok(!iss_conn_offer_session(client, session) &&
		client->resume.offered == NULL,
	    "nor does one whose handshake is over");
	pair_close(&pair);

	begin(ours, theirs, &plain);
	client->link.busy = true;
	ok(!iss_conn_offer_session(client, session) &&
		client->resume.offered == NULL,
	    "nor one that is busy");
	client->link.busy = false;
	pair_close(&pair);

	begin(ours, theirs, &plain);
	SSL_SESSION_set_timeout(session, 0);
	ok(iss_conn_offer_session(client, session),
	    "a session that is too old leaves a cache");
	ok(client->resume.offered == NULL, "... and is not offered");
	finish();
	ok(!resumed(), "... a full handshake");
	pair_close(&pair);
	SSL_SESSION_free(session);
}

/* The name is the address of a socket that is not connected yet. */
static void
begin_by_address(struct iss_ctx *ours, struct iss_ctx *theirs)
{
	pair_init(&pair);
	pair_open(&pair, ours, theirs);
	client = pair.client.conn;
	iss_verify_set_by_address(&client->verify, iss_scheme_find("http"));
	is_int(iss_conn_keep_sessions(client, false), ISS_OK,
	    "by address: a connection that keeps sessions");
}

/* Nobody knows yet whether the session is of the same peer. */
static void
test_address_to_come(struct iss_ctx *ours, struct iss_ctx *theirs)
{
	SSL_SESSION *session;

	begin_by_address(ours, theirs);
	iss_verify_forget_name(&client->verify);
	finish();
	session = iss_new_sessions_take(&client->resume.new_sessions);
	pair_close(&pair);

	begin_by_address(ours, theirs);
	ok(!iss_conn_offer_session(client, session) &&
		client->resume.offered == NULL,
	    "... which offers none before it has its address");
	iss_verify_forget_name(&client->verify);
	iss_conn_offer_session(client, session);
	ok(client->resume.offered == session, "... for no other reason");
	pair_close(&pair);
	SSL_SESSION_free(session);
}

/* The peer must pass every check once more. */
static int refusals;

static bool
refuse(void *handle, bool ok, X509_STORE_CTX *store)
{
	(void)handle;
	(void)ok;
	(void)store;
	refusals++;
	return false;
}

static void
test_refused(struct iss_ctx *ours, struct iss_ctx *theirs)
{
	static const struct iss_callbacks callbacks = { .verify = refuse };
	SSL_SESSION *session = session_of(ours, theirs, &plain);

	pair_init(&pair);
	pair.client.callbacks = &callbacks;
	pair.client.handle = &refusals;
	pair_open(&pair, ours, theirs);
	client = pair.client.conn;
	iss_conn_keep_sessions(client, false);
	refusals = 0;
	ok(!iss_conn_offer_session(client, session),
	    "a peer that the program refuses today");
	ok(refusals > 0 && client->resume.offered == NULL,
	    "... is not offered it");
	ok(!iss_kept_error_is_set(&client->link.failure),
	    "... which is no failure yet");
	pair_handshake(&pair);
	is_int(pair.client.rv, ISS_ERROR, "... but a full handshake is one");
	pair_close(&pair);
	SSL_SESSION_free(session);
}

/* What a program does to an SSL by itself makes another rule, too. */
static void
mode_of_program(SSL *ssl)
{
	SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
}

static void
cert_of_program(SSL *ssl)
{
	X509 *cert = fixture_cert("client");

	SSL_use_certificate(ssl, cert);
	X509_free(cert);
}

static void
test_program(struct iss_ctx *ours, struct iss_ctx *theirs, const char *what,
    void (*act)(SSL *ssl))
{
	SSL_SESSION *session;

	pair_init(&pair);
	pair_open(&pair, ours, theirs);
	client = pair.client.conn;
	act(client->ssl);
	iss_conn_keep_sessions(client, false);
	finish();
	session = iss_new_sessions_take(&client->resume.new_sessions);
	ok(session != NULL, "%s: a session", what);
	pair_close(&pair);

	begin(ours, theirs, &plain);
	ok(!iss_conn_offer_session(client, session) &&
		client->resume.offered == NULL,
	    "... which another connection does not offer");
	pair_close(&pair);
	SSL_SESSION_free(session);
}

/* The certificate of a server that may be no client is judged as a server's. */
static void
test_server_alone(const char *version)
{
	struct iss_ctx *ours = pair_client_ctx(version);
	struct iss_ctx *theirs = pair_server_ctx(version);
	X509 *ca = fixture_cert("ca");
	X509 *cert =
	    made_cert("server", ca, "ca", "serverAuth", 4102444800); /* 2100 */
	SSL_SESSION *session;

	SSL_CTX_use_certificate(theirs->ssl_ctx, cert);
	session = session_of(ours, theirs, &plain);
	begin(ours, theirs, &plain);
	iss_conn_offer_session(client, session);
	ok(client->resume.offered == session,
	    "a server that may be no client: its session is offered");
	finish();
	ok(resumed(), "... and resumed");
	pair_close(&pair);
	SSL_SESSION_free(session);
	X509_free(cert);
	X509_free(ca);
	iss_ctx_free(ours);
	iss_ctx_free(theirs);
}

/* A key agreed on saves what a session would. */
static void
test_psk(void)
{
	static const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_psk", "key" },
	};
	struct iss_ctx *ours = pair_ctx(false, options);
	struct iss_ctx *theirs = pair_ctx(true, options);

	begin(ours, theirs, &plain);
	ok(!client->resume.keeps, "... which has a key, and keeps none");
	finish();
	ok(iss_new_sessions_is_empty(&client->resume.new_sessions),
	    "... none arrives");
	pair_close(&pair);
	iss_ctx_free(ours);
	iss_ctx_free(theirs);
}

/* ---- what arrives ---- */

/* A client that only writes would never see the sessions of TLS 1.3. */
static void
test_collect(struct iss_ctx *ours, struct iss_ctx *theirs, bool late)
{
	char bytes[8];
	size_t n;

	begin(ours, theirs, &plain);
	pair_handshake(&pair);
	ok(iss_new_sessions_is_empty(&client->resume.new_sessions) == late,
	    "sessions arrive %s", late ? "after the handshake" : "with it");
	iss_io_write(pair.server.conn, "data", 4, &n);
	collect();
	ok(!iss_new_sessions_is_empty(&client->resume.new_sessions),
	    "... and are collected");
	ok(!client->sock->dont_wait, "... the socket is as it was");
	is_int(iss_io_read(client, bytes, sizeof(bytes), &n), ISS_OK,
	    "... data behind them is not lost");
	is_bytes(bytes, n, "data", 4, "... this");
	pair_end_stream(&pair.server);
	collect();
	ok(!client->truncated, "an end is not collected");
	is_int(iss_io_read(client, bytes, sizeof(bytes), &n), ISS_EOF,
	    "... but read");
	collect();
	ok(client->truncated, "... and nothing is collected after it");
	pair_close(&pair);
}

/* A server that sends KeyUpdates without end does not keep the client from
 * closing. */
static void
test_collect_flood(struct iss_ctx *ours, struct iss_ctx *theirs)
{
	SSL *ssl;

	begin(ours, theirs, &plain);
	pair_handshake(&pair);
	ssl = pair.server.conn->ssl;
	while (SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) &&
	       SSL_do_handshake(ssl) == 1)
		;
	collect();
	ok(!iss_new_sessions_is_empty(&client->resume.new_sessions),
	    "sessions before a flood are collected");
	ok(iss_sock_has_input(client->sock), "... and then it ends");
	is_int(client->sock->reads_left, -1, "... the socket is as it was");
	pair_close(&pair);
}

/* A session for single use may be used again by connections that share. */
static void
test_share(struct iss_ctx *ours, struct iss_ctx *theirs)
{
	static const struct rules sharing = { .share = true };
	SSL_SESSION *session = session_of(ours, theirs, &sharing), *again;

	SSL_CTX_set_num_tickets(theirs->ssl_ctx, 0);
	begin(ours, theirs, &sharing);
	ok(iss_conn_offer_session(client, session),
	    "offered by one that shares");
	finish();
	ok(resumed(), "... resumed");
	again = iss_new_sessions_take(&client->resume.new_sessions);
	ok(again != NULL && again != session,
	    "where no new one came, a copy of the old one is left");
	pair_close(&pair);
	begin(ours, theirs, &sharing);
	ok(iss_conn_offer_session(client, again), "... offered");
	finish();
	ok(resumed(), "... and resumed once more");
	pair_close(&pair);
	SSL_SESSION_free(again);
	SSL_SESSION_free(session);

	SSL_CTX_set_num_tickets(theirs->ssl_ctx, 2);
	session = session_of(ours, theirs, &plain);
	SSL_CTX_set_num_tickets(theirs->ssl_ctx, 0);
	begin(ours, theirs, &plain);
	iss_conn_offer_session(client, session);
	finish();
	ok(resumed() && iss_new_sessions_is_empty(&client->resume.new_sessions),
	    "one that does not share has none left");
	pair_close(&pair);
	SSL_SESSION_free(session);
	SSL_CTX_set_num_tickets(theirs->ssl_ctx, 2);
}

/* As FTP's data connections: the server ends first. */
static void
test_share_after_end(struct iss_ctx *ours, struct iss_ctx *theirs, bool notify)
{
	static const struct rules sharing = { .share = true };
	SSL_SESSION *session = session_of(ours, theirs, &sharing), *again;
	char bytes[8];
	size_t n;

	SSL_CTX_set_num_tickets(theirs->ssl_ctx, 0);
	begin(ours, theirs, &sharing);
	iss_conn_offer_session(client, session);
	pair_handshake(&pair);
	if (notify)
		iss_shutdown_notify(pair.server.conn, ISS_NO_DEADLINE);
	else
		pair_end_stream(&pair.server);
	is_int(iss_io_read(client, bytes, sizeof(bytes), &n), ISS_EOF,
	    "the server ends with%s close_notify", notify ? "" : "out");
	iss_shutdown_notify(client, ISS_NO_DEADLINE);
	again = iss_new_sessions_take(&client->resume.new_sessions);
	ok(again != NULL && iss_session_is_usable(again),
	    "... a copy of the session is left");
	pair_close(&pair);
	SSL_SESSION_free(again);
	SSL_SESSION_free(session);
	SSL_CTX_set_num_tickets(theirs->ssl_ctx, 2);
}

/* ---- caches ---- */

static const struct iss_session_key key = { "a.test:443", 10 };

static void
test_cache(struct iss_ctx *ours, struct iss_ctx *theirs, bool single)
{
	static const struct rules other = { .name = "localhost" };
	struct iss_session_cache *cache = NULL;
	SSL_SESSION *session = session_of(ours, theirs, &plain);

	iss_session_cache_new(&err, &cache, 4);
	begin(ours, theirs, &plain);
	iss_conn_offer_from(client, cache, key);
	ok(client->resume.offered == NULL,
	    "an empty cache has nothing to offer");
	pair_close(&pair);

	SSL_SESSION_up_ref(session);
	iss_session_cache_add0(cache, key, session);
	begin(ours, theirs, &other);
	iss_conn_offer_from(client, cache, key);
	ok(client->resume.offered == NULL, "nor has one for other rules");
	ok(newest(cache, key, NULL) == session,
	    "... which keeps it for others");
	pair_close(&pair);

	begin(ours, theirs, &plain);
	iss_conn_offer_from(client, cache, key);
	ok(client->resume.offered == session, "the same rules: it is offered");
	ok((newest(cache, key, NULL) == NULL) == single, "... and %s the cache",
	    single ? "leaves" : "stays in");
	finish();
	ok(resumed(), "... resumed");
	pair_close(&pair);
	iss_session_cache_free(cache);
	SSL_SESSION_free(session);
}

/* A single-use session that this connection does not like stays for others. */
static void
test_cache_refused(struct iss_ctx *ours, struct iss_ctx *theirs)
{
	struct iss_session_cache *cache = NULL;
	SSL_SESSION *session = session_of(ours, theirs, &plain);

	iss_session_cache_new(&err, &cache, 4);
	SSL_SESSION_up_ref(session);
	iss_session_cache_add0(cache, key, session);
	begin(ours, theirs, &plain);
	client->link.busy = true; /* so that it cannot be offered */
	iss_conn_offer_from(client, cache, key);
	client->link.busy = false;
	ok(client->resume.offered == NULL, "a session that cannot be offered");
	ok(newest(cache, key, NULL) == session, "... stays in the cache");
	pair_close(&pair);
	iss_session_cache_free(cache);
	SSL_SESSION_free(session);
}

int
main(void)
{
	static const char *const versions[] = { "TLSv1_2", "TLSv1_3" };
	struct iss_ctx *ours, *theirs;
	size_t v;

	for (v = 0; v < ROWS(versions); v++) {
		diag("%s", versions[v]);
		ours = pair_client_ctx(versions[v]);
		theirs = pair_server_ctx(versions[v]);
		test_rules(ours, theirs, v == 1);
		test_other_ctx(ours, theirs, versions[v]);
		test_not_offered(ours, theirs);
		test_address_to_come(ours, theirs);
		test_refused(ours, theirs);
		test_program(ours, theirs, "no verification, by the program",
		    mode_of_program);
		test_program(ours, theirs, "a certificate, by the program",
		    cert_of_program);
		test_server_alone(versions[v]);
		test_collect(ours, theirs, v == 1);
		if (v == 1)
			test_collect_flood(ours, theirs);
		test_cache(ours, theirs, v == 1);
		test_cache_refused(ours, theirs);
		if (v == 1) {
			test_share(ours, theirs);
			test_share_after_end(ours, theirs, true);
			test_share_after_end(ours, theirs, false);
		}
		iss_ctx_free(ours);
		iss_ctx_free(theirs);
	}
	test_psk();
	return tap_done();
}
