/*
 * The certificate that a client shows when the program is asked for it.
 */
#include "context/client_cert.h"

#include "base/compat.h"
#include "pair.h"
#include "tap.h"

static const char *const versions[] = { "TLSv1_2", "TLSv1_3" };

/* What the program says, and what it was asked. */
static struct {
	enum iss_reply reply;
	struct iss_identity identity;
	int asked, ca_names;
	unsigned int sigalg;
} program;

static enum iss_reply
hear_request(void *handle, const struct iss_cert_request *request,
    const struct iss_identity **identity)
{
	(void)handle;
	program.asked++;
	program.ca_names = sk_X509_NAME_num(request->ca_names);
	(void)iss_cert_request_sigalg(request, 0, &program.sigalg);
	ok(!iss_cert_request_sigalg(request, 1000, &program.sigalg),
	    "... algorithms, up to an end");
	*identity = &program.identity;
	return program.reply;
}

static const struct iss_callbacks callbacks = { .client_cert = hear_request };

static struct iss_ctx *
client_ctx(const char *version)
{
	const struct iss_link link = { .callbacks = &callbacks,
		.handle = &program };
	const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_ca_file", CERTS "ca.pem" },
		{ "SSL_cert_file", CERTS "server2.pem" },
		{ "SSL_key_file", CERTS "server2.key" },
		{ version != NULL ? "SSL_version" : NULL, version },
	};
	struct iss_error err;
	struct iss_ctx *ctx = pair_try_ctx(&err, false, options, &link);

	ok(ctx != NULL, "a context that asks '%s'", err.text);
	return ctx;
}

/* A server that wants a certificate, and asks for one of our CA. */
static struct iss_ctx *
server_ctx(const char *version)
{
	const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_cert_file", CERTS "server.pem" },
		{ "SSL_key_file", CERTS "server.key" },
		{ "SSL_ca_file", CERTS "ca.pem" },
		{ "SSL_client_ca_file", CERTS "ca.pem" },
		{ "SSL_verify_mode", "1" },
		{ version != NULL ? "SSL_version" : NULL, version },
	};

	return pair_ctx(true, options);
}

static void
begin(struct pair *pair, const char *version)
{
	static char cert[] = CERTS "client.pem", key[] = CERTS "client.key";
	struct iss_ctx *client = client_ctx(version);
	struct iss_ctx *server = server_ctx(version);

	memset(&program, 0, sizeof(program));
	program.reply = ISS_REPLY_GIVEN;
	program.identity.cert_file = cert;
	program.identity.key_file = key;
	pair_init(pair);
	pair->client.callbacks = &callbacks;
	pair->client.handle = &program;
	pair_open(pair, client, server);
	iss_ctx_free(client);
	iss_ctx_free(server);
}

/* The common name that the server saw; "none" without a certificate. */
static const char *
seen(const struct pair *pair)
{
	static char name[256];
	X509 *cert = SSL_get1_peer_certificate(pair->server.conn->ssl);

	if (cert == NULL)
		return "none";
	X509_NAME_oneline(X509_get_subject_name(cert), name, sizeof(name));
	X509_free(cert);
	return name;
}

static void
test_given(const char *version)
{
	struct pair pair;

	begin(&pair, version);
	pair_finish(&pair);
	is_int(program.asked, 1, "%s: asked once", version);
	is_int(program.ca_names, 1, "... the CA that the server names");
	has_text(seen(&pair), "CN=Test Client", "... its certificate");
	pair_close(&pair);
}

static void
test_none(const char *version)
{
	struct pair pair;

	begin(&pair, version);
	program.reply = ISS_REPLY_NONE;
	pair_finish(&pair);
	is_text(seen(&pair), "none", "%s: none, though the context has one",
	    version);
	pair_close(&pair);
}

static void
test_later(const char *version)
{
	struct pair pair;

	begin(&pair, version);
	program.reply = ISS_REPLY_LATER;
	pair_handshake(&pair);
	is_int(pair.client.rv, ISS_WANT_READ, "%s: later", version);
	is_int(program.asked, 1, "... asked once");
	ok(iss_conn_wants_answer(pair.client.conn), "... it waits");
	program.reply = ISS_REPLY_GIVEN;
	ok(iss_conn_answered(pair.client.conn), "the answer");
	pair_finish(&pair);
	has_text(seen(&pair), "CN=Test Client", "... its certificate");
	pair_close(&pair);
}

/* Answers that end the handshake, and why. */
static const struct {
	const char *label;
	enum iss_reply reply;
	const char *cert, *key, *text;
} refusals[] = {
	{ "a wrong one", ISS_REPLY_WRONG, NULL, NULL,
	    "SSL_cert_callback: it must return" },
	{ "nothing in it", ISS_REPLY_GIVEN, NULL, NULL,
	    "SSL_cert_callback: there is no certificate" },
	{ "a file that is not there", ISS_REPLY_GIVEN, CERTS "none.pem", NULL,
	    "SSL_cert_callback: SSL_cert_file: " },
	{ "a certificate without its key", ISS_REPLY_GIVEN, CERTS "client.pem",
	    NULL, "client.pem: no private key" },
	{ "the key of another", ISS_REPLY_GIVEN, CERTS "client.pem",
	    CERTS "server.key", "does not match" },
};

static void
test_refusal(size_t i)
{
	char cert[256], key[256];
	struct pair pair;

	begin(&pair, NULL);
	program.reply = refusals[i].reply;
	program.identity.cert_file = program.identity.key_file = NULL;
	if (refusals[i].cert != NULL) {
		snprintf(cert, sizeof(cert), "%s", refusals[i].cert);
		program.identity.cert_file = cert;
	}
	if (refusals[i].key != NULL) {
		snprintf(key, sizeof(key), "%s", refusals[i].key);
		program.identity.key_file = key;
	}
	pair_handshake(&pair);
	is_int(pair.client.rv, ISS_ERROR, "%s: it fails", refusals[i].label);
	has_text(iss_conn_error(pair.client.conn)->text, refusals[i].text,
	    "... says why");
	pair_close(&pair);
}

static void
test_nobody(void)
{
	struct pair pair;

	begin(&pair, NULL);
	pair.client.conn->link.handle = NULL;
	pair_handshake(&pair);
	is_int(pair.client.rv, ISS_ERROR, "nobody to ask: it fails");
	has_text(iss_conn_error(pair.client.conn)->text,
	    "SSL_cert_callback: it cannot be asked", "... says why");
	pair_close(&pair);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < ROWS(versions); i++) {
		test_given(versions[i]);
		test_none(versions[i]);
		test_later(versions[i]);
	}
	for (i = 0; i < ROWS(refusals); i++)
		test_refusal(i);
	test_nobody();
	return tap_done();
}
