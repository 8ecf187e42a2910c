/*
 * Memory runs out, recv(2) and send(2) fail, while connections begin, work and
 * end: no peer is trusted that would not be otherwise, and nothing is sent in
 * the clear.
 */
#include "fault.h"

#include "connection/io.h"
#include "connection/shutdown.h"
#include "fresh.h"
#include "ocspmake.h"
#include "pair.h"
#include "sessions/session_cache.h"

#define SECRET "never-in-the-clear"

enum { BODY = 40000, CHUNK = 4096, TURNS = 200, YEAR_2100 = 4102444800U };

static struct iss_ctx *client_ctx, *server_ctx; /* of the present version */

/* ---- connections ---- */

struct end {
	struct iss_conn *conn;
	int fd;
	int rv;
};

struct link_of_two {
	struct end client, server;
};

/* The first error that either side has. */
static void
take_error(struct iss_error *err, const struct end *end)
{
	if (end->conn != NULL && end->rv == ISS_ERROR && !iss_error_is_set(err))
		*err = *iss_conn_error(end->conn);
}

static bool
open_end(struct iss_error *err, struct end *end, struct iss_ctx *ctx,
    const char *name)
{
	struct iss_peer_config config;
	bool armed = fault_state.armed;
	int rv;

	iss_peer_config_init(&config);
	fault_state.armed = false;
	if (name != NULL)
		config.hostname = strdup(name);
	fault_state.armed = armed;
	rv = iss_conn_new(err, &end->conn, ctx, end->fd, &config, NULL);
	if (rv == ISS_OK && name != NULL)
		rv = iss_verify_set_name(err, &end->conn->verify, name,
		    strlen(name), iss_scheme_find("http"));
	iss_peer_config_release(&config);
	return rv == ISS_OK;
}

static bool
open_both(struct iss_error *err, struct link_of_two *two, const char *name)
{
	int fds[2];

	memset(two, 0, sizeof(*two));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) {
		iss_error_errno(err, errno, "socketpair");
		return false;
	}
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	two->client.fd = fds[0];
	two->server.fd = fds[1];
	return open_end(err, &two->client, client_ctx, name) &&
	       open_end(err, &two->server, server_ctx, NULL);
}

static bool
goes_on(int rv)
{
	return rv == ISS_WANT_READ || rv == ISS_WANT_WRITE || rv == ISS_INTR;
}

/* A side that failed closes, as a program would. */
static void
hang_up(struct end *end)
{
	if (!goes_on(end->rv) && end->rv != ISS_OK)
		shutdown(end->fd, SHUT_RDWR);
}

static bool
shake_hands(struct iss_error *err, struct link_of_two *two)
{
	int turn;

	two->client.rv = two->server.rv = ISS_WANT_READ;
	for (turn = 0; turn < TURNS &&
		       (goes_on(two->client.rv) || goes_on(two->server.rv));
	     turn++) {
		if (goes_on(two->client.rv))
			two->client.rv = iss_conn_handshake(
			    two->client.conn, false, ISS_NO_DEADLINE);
		hang_up(&two->client);
		if (goes_on(two->server.rv))
			two->server.rv = iss_conn_handshake(
			    two->server.conn, true, ISS_NO_DEADLINE);
		hang_up(&two->server);
	}
	fault_claim(turn < TURNS);
	take_error(err, &two->client);
	take_error(err, &two->server);
	return two->client.rv == ISS_OK && two->server.rv == ISS_OK;
}

static void
close_both(struct link_of_two *two)
{
	iss_conn_free(two->client.conn);
	iss_conn_free(two->server.conn);
	close(two->client.fd);
	close(two->server.fd);
	ERR_clear_error();
}

/* An open client has verified its peer. */
static void
claim_verified(const struct end *client)
{
	const SSL *ssl = client->conn != NULL ? client->conn->ssl : NULL;

	if (ssl == NULL || client->conn->state != ISS_CONN_OPEN)
		return;
	fault_claim(SSL_get_verify_result(ssl) == X509_V_OK);
	fault_claim(SSL_session_reused(ssl) ||
		    sk_X509_num(SSL_get0_verified_chain(ssl)) == 2);
	fault_claim(SSL_get_cipher(ssl) != NULL);
}

static bool
handshake(struct iss_error *err)
{
	struct link_of_two two;
	bool good = open_both(err, &two, "localhost") && shake_hands(err, &two);

	claim_verified(&two.client);
	close_both(&two);
	return good;
}

/* ---- a peer that must be refused ---- */

static const struct refusal {
	const char *what;
	const char *cert; /* of the server; NULL: a client is refused */
	struct pair_options rules[PAIR_OPTIONS_MAX]; /* of who refuses */
	const char *name;
	int staple;              /* V_OCSP_CERTSTATUS_*, NO_STAPLE */
	const char *client_cert; /* NULL: none */
} refusals[] = {
	{ "a server of another CA", "other-server",
	    { { "SSL_ca_file", CERTS "ca.pem" } }, "localhost" },
	{ "a server of another name", "server",
	    { { "SSL_ca_file", CERTS "ca.pem" } }, "other.test" },
	{ "a revoked server", "revoked",
	    { { "SSL_ca_file", CERTS "ca.pem" },
		{ "SSL_crl_file", CERTS "crl.pem" }, { "SSL_check_crl", "1" } },
	    NULL },
	{ "a server without the fingerprint", "server",
	    { { "SSL_ca_file", CERTS "ca.pem" },
		{ "SSL_fingerprint",
		    "sha1$000102030405060708090a0b0c0d0e0f10111213" },
		{ "SSL_force_fingerprint", "1" } },
	    NULL },
	{ "an expired server", "expired", { { "SSL_ca_file", CERTS "ca.pem" } },
	    "localhost" },
	{ "a server without the required staple", "server",
	    { { "SSL_ca_file", CERTS "ca.pem" }, { "SSL_ocsp_mode", "2" } },
	    "localhost" },
	{ "a server whose staple says that it is revoked", "server",
	    { { "SSL_ca_file", CERTS "ca.pem" } }, "localhost", true },
	{ "a server without alternative name, strictly", "cn-only",
	    { { "SSL_ca_file", CERTS "ca.pem" }, { "SSL_verify_strict", "1" } },
	    NULL },
	{ "a client without certificate", NULL,
	    { { "SSL_cert_file", CERTS "server.pem" },
		{ "SSL_key_file", CERTS "server.key" },
		{ "SSL_verify_mode", "3" }, { "SSL_ca_file", CERTS "ca.pem" } },
	    NULL },
	{ "a client of another CA", NULL,
	    { { "SSL_cert_file", CERTS "server.pem" },
		{ "SSL_key_file", CERTS "server.key" },
		{ "SSL_verify_mode", "3" }, { "SSL_ca_file", CERTS "ca.pem" } },
	    NULL, false, "other-client" },
};

static const struct refusal *refusal;
static const char *refused_version;

/* Who refuses has CAs that are not yet parsed. */
static void
make_refusing_ctx(bool server)
{
	const struct iss_link nobody = { 0 };
	struct iss_config config;
	struct iss_error err;
	bool armed = fault_state.armed;

	iss_error_clear(&err);
	fault_state.armed = false;
	fresh_config(&config, server, refusal->rules);
	if (iss_ctx_new(&err, server ? &server_ctx : &client_ctx, &config,
		&nobody) != ISS_OK) {
		printf("Bail out! %s\n", err.text);
		exit(2);
	}
	iss_config_release(&config);
	fault_state.armed = armed;
}

static int
staple(SSL *ssl, void *arg)
{
	static const struct made_response revoked = {
		.status = V_OCSP_CERTSTATUS_REVOKED,
		.reason = -1,
		.this_update = 1577836800,
		.next_update = YEAR_2100,
	};
	static unsigned char *der;
	static size_t len;
	bool armed = fault_state.armed;
	OCSP_BASICRESP *basic;
	X509 *cert, *ca;

	(void)arg;
	fault_state.armed = false;
	if (der == NULL) {
		cert = fixture_cert("server");
		ca = fixture_cert("ca");
		basic = made_basic(cert, ca, &revoked);
		der = made_der(basic, OCSP_RESPONSE_STATUS_SUCCESSFUL, &len);
		OCSP_BASICRESP_free(basic);
		X509_free(cert);
		X509_free(ca);
	}
	SSL_set_tlsext_status_ocsp_resp(
	    ssl, OPENSSL_memdup(der, len), (long)len);
	fault_state.armed = armed;
	return SSL_TLSEXT_ERR_OK;
}

/* The side that is refused, made once. */
static struct iss_ctx *
refused_ctx(void)
{
	char cert[64], key[64];
	const char *name =
	    refusal->cert != NULL ? refusal->cert : refusal->client_cert;
	struct iss_ctx *ctx;
	const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_version", refused_version },
		{ "SSL_verify_mode", "0" },
		{ name != NULL ? "SSL_cert_file" : NULL, cert },
		{ "SSL_key_file", key },
	};

	snprintf(cert, sizeof(cert), CERTS "%s.pem", name != NULL ? name : "");
	snprintf(key, sizeof(key), CERTS "%s.key", name != NULL ? name : "");
	ctx = pair_ctx(refusal->cert != NULL, options);
	if (refusal->staple)
		SSL_CTX_set_tlsext_status_cb(ctx->ssl_ctx, staple);
	return ctx;
}

/* Succeeds when the peer is refused, which it is in any case. */
static bool
refuse(struct iss_error *err)
{
	bool by_server = refusal->cert == NULL;
	struct link_of_two two;
	struct iss_error why;
	const struct iss_conn *conn;

	(void)err;
	make_refusing_ctx(by_server);
	iss_error_clear(&why);
	if (open_both(&why, &two, refusal->name))
		fault_claim(!shake_hands(&why, &two));
	conn = by_server ? two.server.conn : two.client.conn;
	fault_claim(conn == NULL || conn->state != ISS_CONN_OPEN);
	fault_claim(iss_error_is_set(&why));
	close_both(&two);
	iss_ctx_free(by_server ? server_ctx : client_ctx);
	return true;
}

/* ---- data ---- */

static unsigned char body[BODY];

static void
look_for_secret(const void *buf, size_t len)
{
	const size_t secret = sizeof(SECRET) - 1;
	const char *bytes = buf;
	size_t i;

	for (i = 0; i + secret <= len; i++)
		fault_claim(memcmp(bytes + i, SECRET, secret) != 0);
}

/* One step of the writer; *done counts what was written. */
static void
write_some(struct end *from, size_t *done, size_t len)
{
	size_t put = 0;

	from->rv = iss_io_write(from->conn, body + *done, len - *done, &put);
	*done += put;
}

static void
read_some(struct end *to, size_t *done)
{
	unsigned char bytes[CHUNK];
	size_t got = 0;

	to->rv = iss_io_read(to->conn, bytes, sizeof(bytes), &got);
	fault_claim(
	    got <= BODY - *done && memcmp(bytes, body + *done, got) == 0);
	*done += got;
}

/* All of it, or an error on one side. */
static bool
carry(struct iss_error *err, struct end *from, struct end *to, size_t len)
{
	size_t put = 0, got = 0;
	int turn;

	from->rv = to->rv = ISS_OK;
	for (turn = 0; turn < TURNS && got < len; turn++) {
		if (put < len)
			write_some(from, &put, len);
		if (from->rv == ISS_ERROR)
			break;
		read_some(to, &got);
		if (to->rv == ISS_ERROR || to->rv == ISS_EOF)
			break;
	}
	fault_claim(turn < TURNS);
	fault_claim(got <= put);
	take_error(err, from);
	take_error(err, to);
	if (to->rv == ISS_EOF && !iss_error_is_set(err))
		iss_error_set(err, "an end%s",
		    to->conn->truncated ? " without close_notify" : "");
	fault_claim(to->rv != ISS_EOF || to->conn->truncated);
	return got == len;
}

/* A side that was told to end before it was is told so by its own side. */
static bool
end_both(struct iss_error *err, struct link_of_two *two)
{
	int turn;

	two->client.rv = two->server.rv = ISS_WANT_READ;
	for (turn = 0; turn < TURNS &&
		       (goes_on(two->client.rv) || goes_on(two->server.rv));
	     turn++) {
		if (goes_on(two->client.rv))
			two->client.rv = iss_shutdown_both(
			    two->client.conn, ISS_NO_DEADLINE);
		hang_up(&two->client);
		if (goes_on(two->server.rv))
			two->server.rv = iss_shutdown_both(
			    two->server.conn, ISS_NO_DEADLINE);
		hang_up(&two->server);
	}
	fault_claim(turn < TURNS);
	take_error(err, &two->client);
	take_error(err, &two->server);
	return two->client.rv == ISS_OK && two->server.rv == ISS_OK;
}

/* The handshake is not what fails here. */
static bool
begin_open(struct iss_error *err, struct link_of_two *two)
{
	bool good;

	fault_state.armed = false;
	good = open_both(err, two, "localhost") && shake_hands(err, two);
	fault_state.armed = true;
	return good;
}

static bool
transfer(struct iss_error *err)
{
	struct link_of_two two;
	bool good = begin_open(err, &two) &&
		    carry(err, &two.client, &two.server, BODY) &&
		    carry(err, &two.server, &two.client, BODY / 2);

	claim_verified(&two.client);
	fault_state.armed = false;
	close_both(&two);
	return good;
}

/* What is kept back goes out with the end. */
static bool
transfer_later(struct iss_error *err)
{
	struct link_of_two two;
	size_t put = 0, got = 0;
	bool good = begin_open(err, &two);

	if (good) {
		two.client.rv =
		    iss_io_write_later(two.client.conn, body, CHUNK, &put);
		good = two.client.rv == ISS_OK;
		fault_claim(good == (put == CHUNK));
	}
	while (good && goes_on(two.client.rv = iss_io_flush(two.client.conn)))
		;
	good = good && two.client.rv == ISS_OK;
	take_error(err, &two.client);
	while (good && got < CHUNK) {
		read_some(&two.server, &got);
		good = two.server.rv == ISS_OK || goes_on(two.server.rv);
	}
	take_error(err, &two.server);
	if (two.server.rv == ISS_EOF)
		iss_error_set(err, "an end");
	close_both(&two);
	return good;
}

static bool
shut_down(struct iss_error *err)
{
	struct link_of_two two;
	bool good = begin_open(err, &two) && end_both(err, &two);

	close_both(&two);
	return good;
}

/* ---- sessions ---- */

static const struct iss_session_key session_key = { "a.test:443", 10 };

/* A connection that keeps its session in the cache, or resumes the one there.
 */
static bool
visit(struct iss_error *err, struct iss_session_cache *cache, bool *reused)
{
	struct link_of_two two;
	SSL_SESSION *session;
	bool good;

	good = open_both(err, &two, "localhost");
	if (good && iss_conn_keep_sessions(two.client.conn, false) != ISS_OK) {
		*err = *iss_conn_error(two.client.conn);
		good = false;
	}
	if (good)
		iss_conn_offer_from(two.client.conn, cache, session_key);
	good = good && shake_hands(err, &two) && end_both(err, &two);
	claim_verified(&two.client);
	if (good) {
		*reused = SSL_session_reused(two.client.conn->ssl);
		while ((session = iss_new_sessions_take(
			    &two.client.conn->resume.new_sessions)) != NULL)
			iss_session_cache_add0(cache, session_key, session);
	}
	close_both(&two);
	return good;
}

/* A session that is lost costs a full handshake, and nothing else. */
static bool
resume(struct iss_error *err)
{
	struct iss_session_cache *cache = NULL;
	bool reused = false, good;

	good = iss_session_cache_new(err, &cache, 10) == ISS_OK &&
	       visit(err, cache, &reused) && visit(err, cache, &reused);
	fault_claim(!good || reused || fault_state.fired > 0);
	iss_session_cache_free(cache);
	return good;
}

/* ---- all ---- */

static const struct fault network[] = {
	{ "recv(2) would block", FAULT_RECV, .errnum = EAGAIN,
	    .harmless = true },
	{ "recv(2) is interrupted", FAULT_RECV, .errnum = EINTR,
	    .harmless = true },
	{ "recv(2) says that the connection was reset", FAULT_RECV,
	    .errnum = ECONNRESET },
	{ "... and goes on to", FAULT_RECV, .lasting = true,
	    .errnum = ECONNRESET },
	{ "recv(2) meets the end", FAULT_RECV, .lasting = true, .errnum = 0 },
	{ "send(2) would block", FAULT_SEND, .errnum = EAGAIN,
	    .harmless = true },
	{ "send(2) is interrupted", FAULT_SEND, .errnum = EINTR,
	    .harmless = true },
	{ "send(2) sends one byte", FAULT_SEND, .errnum = 0, .harmless = true },
	{ "send(2) says that the peer is gone", FAULT_SEND, .lasting = true,
	    .errnum = EPIPE },
	{ "send(2) says that the connection was reset", FAULT_SEND,
	    .lasting = true, .errnum = ECONNRESET },
};

static void
try_all(const char *name, fault_scenario *scenario)
{
	size_t i;

	fault_try_memory(name, scenario);
	for (i = 0; i < ROWS(network); i++)
		fault_try(name, scenario, &network[i]);
}

static void
try_refusals(const char *version)
{
	struct iss_ctx *ctx;

	refused_version = version;
	for (refusal = refusals; refusal < refusals + ROWS(refusals);
	     refusal++) {
		ctx = refused_ctx();
		client_ctx = server_ctx = ctx;
		try_all(refusal->what, refuse);
		iss_ctx_free(ctx);
	}
}

static void
try_version(const char *version)
{
	diag("%s", version);
	client_ctx = pair_client_ctx(version);
	server_ctx = pair_server_ctx(version);
	try_all("a handshake", handshake);
	try_all("a transfer", transfer);
	try_all("writes that are kept back", transfer_later);
	try_all("a shutdown", shut_down);
	try_all("a session that is kept and resumed", resume);
	iss_ctx_free(client_ctx);
	iss_ctx_free(server_ctx);
	try_refusals(version);
}

int
main(void)
{
	size_t i;

	fault_begin();
	fault_sent = look_for_secret;
	for (i = 0; i < BODY; i++)
		body[i] = (unsigned char)SECRET[i % (sizeof(SECRET) - 1)];
	try_version("TLSv1_2");
	try_version("TLSv1_3");
	return tap_done();
}
