/*
 * The program's choice of a context: when it is asked, what becomes of its
 * answers, and answers that come later.  t/handshake/hello_callback.t has what
 * follows from a context.
 */
#include "context/choice.h"

#include "context/hello.h"
#include "pair.h"
#include "tap.h"

static const char *const versions[] = { "TLSv1_2", "TLSv1_3" };

/* What the program says, and what it was asked. */
static struct {
	enum iss_reply reply;
	int alert;
	struct iss_conn *conn;
	struct iss_ctx *other;
	int asked;
	char name[256];
} program;

static enum iss_reply
hear_hello(void *handle, const struct iss_hello *hello, int *alert)
{
	(void)handle;
	program.asked++;
	snprintf(program.name, sizeof(program.name), "%s",
	    hello->has_name ? hello->host.name : "none");
	if (program.alert != 0)
		*alert = program.alert;
	if (program.other != NULL)
		(void)iss_conn_choose(program.conn, program.other);
	return program.reply;
}

static const struct iss_callbacks callbacks = { .hello = hear_hello };

static struct iss_ctx *
server_ctx(const char *version)
{
	const struct iss_link link = { .callbacks = &callbacks,
		.handle = &program };
	const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_cert_file", CERTS "server.pem" },
		{ "SSL_key_file", CERTS "server.key" },
		{ "SSL_ecdh_curve", "P-384" },
		{ version != NULL ? "SSL_version" : NULL, version },
	};
	struct iss_error err;
	struct iss_ctx *ctx = pair_try_ctx(&err, true, options, &link);

	ok(ctx != NULL, "a context that asks '%s'", err.text);
	return ctx;
}

/* Two sides that may shake hands; the program has not been asked. */
static void
begin(struct pair *pair, const char *version)
{
	struct iss_ctx *client = pair_client_ctx(version);
	struct iss_ctx *server = server_ctx(version);

	memset(&program, 0, sizeof(program));
	pair_init(pair);
	pair->server.callbacks = &callbacks;
	pair->server.handle = &program;
	iss_peer_config_set_sni(
	    NULL, &pair->client.config, "Localhost", strlen("Localhost"));
	pair_open(pair, client, server);
	program.conn = pair->server.conn;
	iss_ctx_free(client);
	iss_ctx_free(server);
}

static void
test_none(const char *version)
{
	struct pair pair;

	begin(&pair, version);
	pair_handshake(&pair);
	is_int(pair.server.rv, ISS_OK, "%s: it goes on", version);
	is_int(program.asked, 1, "... was asked once");
	is_text(program.name, "localhost", "... about this name");
	ok(pair.server.conn->hello == NULL, "... nothing of it is kept");
	pair_close(&pair);
}

static void
test_given(const char *version)
{
	struct pair pair;

	begin(&pair, version);
	program.reply = ISS_REPLY_GIVEN;
	program.other = pair_server_ctx(version);
	pair_handshake(&pair);
	is_int(pair.server.rv, ISS_OK, "%s: another context", version);
	ok(SSL_get_SSL_CTX(pair.server.conn->ssl) == program.other->ssl_ctx,
	    "... is in force");
	iss_ctx_free(program.other); /* the connection holds it */
	pair_close(&pair);
}

/* With its own settings in place of those of the first one. */
static void
test_settings(const char *version, const char *honors)
{
	const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_cert_file", CERTS "server.pem" },
		{ "SSL_key_file", CERTS "server.key" },
		{ "SSL_honor_cipher_order", honors },
		{ "SSL_version", version },
	};
	struct pair pair;
	SSL_CTX *ctx;
	SSL *ssl;

	begin(&pair, NULL);
	program.reply = ISS_REPLY_GIVEN;
	program.other = pair_ctx(true, options);
	pair_handshake(&pair);
	is_int(pair.server.rv, ISS_OK, "%s alone, SSL_honor_cipher_order %s",
	    version, honors);
	ctx = program.other->ssl_ctx;
	ssl = pair.server.conn->ssl;
	is_int((long long)SSL_get_options(ssl),
	    (long long)SSL_CTX_get_options(ctx), "... the options");
	ok(SSL_get_min_proto_version(ssl) ==
		    SSL_CTX_get_min_proto_version(ctx) &&
		SSL_get_max_proto_version(ssl) ==
		    SSL_CTX_get_max_proto_version(ctx),
	    "... and the versions are those of the other context");
	iss_ctx_free(program.other);
	pair_close(&pair);
}

/* Answers that end the handshake, and why. */
static const struct {
	const char *label;
	enum iss_reply reply;
	int alert;
	bool client; /* a client's context is chosen */
	const char *text;
} refusals[] = {
	{ "an alert", ISS_REPLY_REFUSED, SSL_AD_ACCESS_DENIED, false,
	    "SSL_hello_callback refused the client: access denied" },
	{ "a wrong one", ISS_REPLY_WRONG, 0, false, "must return a server's" },
	{ "no context", ISS_REPLY_GIVEN, 0, false, "must return a server's" },
	{ "a client's", ISS_REPLY_GIVEN, 0, true, "must return a server's" },
};

static void
test_refusal(size_t i)
{
	struct pair pair;

	begin(&pair, NULL);
	program.reply = refusals[i].reply;
	program.alert = refusals[i].alert;
	if (refusals[i].client)
		program.other = pair_client_ctx(NULL);
	pair_handshake(&pair);
	is_int(pair.server.rv, ISS_ERROR, "%s: it fails", refusals[i].label);
	has_text(iss_conn_error(pair.server.conn)->text, refusals[i].text,
	    "... says why");
	iss_ctx_free(program.other);
	pair_close(&pair);
}

static void
test_nobody(void)
{
	struct pair pair;

	begin(&pair, NULL);
	pair.server.conn->link.handle = NULL;
	pair_handshake(&pair);
	is_int(pair.server.rv, ISS_ERROR, "nobody to ask: it fails");
	has_text(iss_conn_error(pair.server.conn)->text,
	    "SSL_hello_callback cannot be asked", "... says why");
	pair_close(&pair);
}

/* An SSL that somebody else made on the context. */
static void
test_foreign(void)
{
	struct iss_ctx *server = server_ctx(NULL);
	SSL_CTX *client = raw_ctx(false, 0);
	struct raw_pair pair;

	raw_pair_open(&pair, client, server->ssl_ctx);
	ok(!raw_pair_handshake(&pair), "an SSL of somebody else: it fails");
	raw_pair_close(&pair);
	SSL_CTX_free(client);
	iss_ctx_free(server);
}

static void
test_later(const char *version)
{
	struct pair pair;

	begin(&pair, version);
	ok(!iss_conn_wants_answer(pair.server.conn), "no question yet");
	program.reply = ISS_REPLY_LATER;
	pair_handshake(&pair);
	is_int(pair.server.rv, ISS_WANT_READ, "%s: later", version);
	is_int(program.asked, 1, "... is asked no more");
	ok(iss_conn_wants_answer(pair.server.conn), "... it waits");
	program.reply = ISS_REPLY_GIVEN;
	program.other = pair_server_ctx(version);
	ok(iss_conn_answered(pair.server.conn), "the answer");
	ok(!iss_conn_answered(pair.server.conn), "... there is but one");
	pair_handshake(&pair);
	is_int(pair.server.rv, ISS_OK, "... and it goes on");
	is_int(program.asked, 2, "... with the answer");
	ok(!iss_conn_wants_answer(pair.server.conn), "... it waits no more");
	iss_ctx_free(program.other);
	pair_close(&pair);
}

static void
test_blocking(bool at_first)
{
	struct pair pair;

	begin(&pair, NULL);
	program.reply = ISS_REPLY_LATER;
	if (!at_first)
		pair_handshake(&pair);
	else
		(void)iss_conn_handshake(
		    pair.client.conn, false, ISS_NO_DEADLINE);
	fcntl(pair.server.fd, F_SETFL, 0);
	is_int(iss_conn_handshake(pair.server.conn, true, ISS_NO_DEADLINE),
	    ISS_ERROR, "later on a descriptor that blocks%s",
	    at_first ? "" : ", since then");
	has_text(iss_conn_error(pair.server.conn)->text,
	    "SSL_LATER needs a handshake on a non-blocking socket",
	    "... says why");
	ok(!iss_conn_wants_answer(pair.server.conn), "... nobody waits");
	pair_close(&pair);
}

static void
test_deadline(void)
{
	struct pair pair;

	begin(&pair, NULL);
	program.reply = ISS_REPLY_LATER;
	(void)iss_conn_handshake(pair.client.conn, false, ISS_NO_DEADLINE);
	is_int(
	    iss_conn_handshake(pair.server.conn, true, iss_deadline_after(60)),
	    ISS_ERROR, "later in a call that waits");
	pair_close(&pair);
}

static void
test_groups(void)
{
	SSL_CTX *ctx = raw_ctx(true, 0);

	ok(iss_choice_can_use_groups(ctx, "P-256:P-384"), "groups");
	ok(!iss_choice_can_use_groups(ctx, "P-0"), "... that are unknown");
	SSL_CTX_free(ctx);
	ERR_clear_error();
}

/* The server asks for another key share; its first choice of a context counts.
 */
static void
test_another_name(void)
{
	struct pair pair;

	begin(&pair, "TLSv1_3");
	iss_conn_handshake(pair.client.conn, false, ISS_NO_DEADLINE);
	SSL_set_tlsext_host_name(pair.client.conn->ssl, "admin.test");
	pair_handshake(&pair);
	is_int(pair.server.rv, ISS_ERROR, "a second ClientHello, another name");
	has_text(iss_conn_error(pair.server.conn)->text,
	    "named another host after a HelloRetryRequest", "... why");
	is_int(program.asked, 1, "... the program was asked about the first");
	pair_close(&pair);
}

/* The same where the first name has led to another context. */
static void
test_another_name_there(void)
{
	const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_cert_file", CERTS "server.pem" },
		{ "SSL_key_file", CERTS "server.key" },
		{ "SSL_ecdh_curve", "P-384" },
	};
	struct pair pair;

	begin(&pair, "TLSv1_3");
	program.reply = ISS_REPLY_GIVEN;
	program.other = pair_ctx(true, options);
	(void)iss_conn_handshake(pair.client.conn, false, ISS_NO_DEADLINE);
	(void)iss_conn_handshake(pair.server.conn, true, ISS_NO_DEADLINE);
	is_int(program.asked, 1, "another context for the first name");
	SSL_set_tlsext_host_name(pair.client.conn->ssl, "admin.test");
	pair_handshake(&pair);
	is_int(pair.server.rv, ISS_ERROR, "... is none for a second one");
	has_text(iss_conn_error(pair.server.conn)->text,
	    "named another host after a HelloRetryRequest", "... why");
	is_int(program.asked, 1, "... about which nobody is asked");
	iss_ctx_free(program.other);
	pair_close(&pair);
}

/* A challenge of ACME, for who does not answer them. */
static void
test_no_acme(void)
{
	struct pair pair;

	begin(&pair, NULL);
	SSL_set_alpn_protos(pair.client.conn->ssl,
	    (const unsigned char *)"\x0a"
				   "acme-tls/1",
	    11);
	pair_handshake(&pair);
	is_int(pair.server.rv, ISS_OK, "a challenge of ACME, without SSL_acme");
	is_int(program.asked, 1, "... is a client like any other");
	pair_close(&pair);
}

/* A challenge of ACME: its certificate must be for the name that is answered.
 */
static int
authorize(void *handle, const char *name, char *text, size_t size)
{
	(void)handle;
	program.asked++;
	snprintf(program.name, sizeof(program.name), "%s", name);
	return snprintf(text, size, "token.thumbprint");
}

static struct iss_ctx *
acme_ctx(bool server, const struct iss_link *link)
{
	const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_version", "TLSv1_3" },
		{ server ? "SSL_ecdh_curve" : "SSL_alpn_protocols",
		    server ? "P-384" : "acme-tls/1" },
		{ server ? "SSL_cert_file" : "SSL_verify_mode",
		    server ? CERTS "server.pem" : "0" },
		{ server ? "SSL_key_file" : NULL, CERTS "server.key" },
	};
	struct iss_error err;
	struct iss_ctx *ctx = pair_try_ctx(&err, server, options, link);

	ok(ctx != NULL, "a context for ACME '%s'", err.text);
	return ctx;
}

static void
test_acme_names(const char *second)
{
	static const struct iss_callbacks acme = { .acme = authorize };
	const struct iss_link link = { .callbacks = &acme, .handle = &program };
	struct iss_ctx *client = acme_ctx(false, NULL);
	struct iss_ctx *server = acme_ctx(true, &link);
	struct pair pair;

	memset(&program, 0, sizeof(program));
	pair_init(&pair);
	pair.server.callbacks = &acme;
	pair.server.handle = &program;
	iss_peer_config_set_sni(
	    NULL, &pair.client.config, "good.test", strlen("good.test"));
	pair_open(&pair, client, server);
	(void)iss_conn_handshake(pair.client.conn, false, ISS_NO_DEADLINE);
	(void)iss_conn_handshake(pair.server.conn, true, ISS_NO_DEADLINE);
	is_text(program.name, "good.test", "a challenge: asked for the name");
	SSL_set_tlsext_host_name(pair.client.conn->ssl, second);
	pair_handshake(&pair);
	is_int(pair.server.rv, ISS_ERROR, "... the connection ends");
	has_text(iss_conn_error(pair.server.conn)->text,
	    second != NULL && strcmp(second, "good.test") == 0
		? "SSL_acme: answered the challenge for good.test"
		: "named another host after a HelloRetryRequest",
	    "... after a retry for %s", second != NULL ? second : "none");
	is_int(program.asked, 1, "... asked once");
	pair_close(&pair);
	iss_ctx_free(client);
	iss_ctx_free(server);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < ROWS(versions); i++) {
		test_none(versions[i]);
		test_given(versions[i]);
		test_later(versions[i]);
		test_settings(versions[i], "0");
		test_settings(versions[i], "1");
	}
	for (i = 0; i < ROWS(refusals); i++)
		test_refusal(i);
	test_another_name();
	test_another_name_there();
	test_no_acme();
	test_acme_names("good.test");
	test_acme_names("evil\n\033[2J");
	test_acme_names(NULL);
	test_nobody();
	test_foreign();
	test_blocking(true);
	test_blocking(false);
	test_deadline();
	test_groups();
	return tap_done();
}
