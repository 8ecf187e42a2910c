/*
 * A client and a server in one process: contexts from options in words, two
 * connections over a socketpair(2), and handshakes that take turns.  Sockets
 * do not block, so nothing here waits.
 */
#ifndef ISS_PAIR_H
#define ISS_PAIR_H

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "connection/handshake.h"
#include "context/ctx.h"
#include "fixture.h"
#include "options/config.h"
#include "tap.h"

enum {
	PAIR_TURNS = 100,    /* more than any handshake takes */
	PAIR_OPTIONS_MAX = 8 /* of one context */
};

/* Options of a context: names and values; a number is written in digits. */
struct pair_options {
	const char *name, *value;
};

/* ---- contexts ---- */

/* Set the option in the struct that a table describes, if it is there. */
static inline bool
pair_set(struct iss_error *err, void *config, const struct iss_option *table,
    size_t count, const struct pair_options *option)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (strcmp(table[i].name, option->name) != 0)
			continue;
		switch (table[i].kind) {
		case ISS_FLAG:
		case ISS_SWITCH:
		case ISS_NUMBER:
		case ISS_SECONDS:
			iss_option_set_number(
			    err, config, &table[i], atof(option->value));
			break;
		case ISS_PSK_LIST:
			iss_option_add_psk(err, config, &table[i], "", 0,
			    option->value, strlen(option->value));
			break;
		default:
			iss_option_set_text(err, config, &table[i],
			    option->value, strlen(option->value));
		}
		return true;
	}
	return false;
}

/* A config by options, at most PAIR_OPTIONS_MAX, the last one without a name
 * where there are less. */
static inline void
pair_config(
    struct iss_config *config, bool server, const struct pair_options *options)
{
	struct iss_identity *identity = NULL;
	const struct iss_option *contexts, *identities;
	size_t n_contexts, n_identities, i;
	struct iss_error err;

	iss_error_clear(&err);
	iss_config_init(config, server);
	contexts = iss_config_options(&n_contexts);
	identities = iss_config_identity_options(&n_identities);
	for (i = 0; i < PAIR_OPTIONS_MAX && options[i].name != NULL; i++) {
		if (pair_set(&err, config, contexts, n_contexts, &options[i]))
			continue;
		if (identity == NULL)
			identity = iss_config_add_identity(&err, config);
		if (!pair_set(
			&err, identity, identities, n_identities, &options[i]))
			iss_error_set(&err, "no option %s", options[i].name);
	}
	if (iss_error_is_set(&err)) {
		printf("Bail out! %s\n", err.text);
		exit(2);
	}
}

/* A context by options; *err and NULL where that fails. */
static inline struct iss_ctx *
pair_try_ctx(struct iss_error *err, bool server,
    const struct pair_options *options, const struct iss_link *link)
{
	const struct iss_link nobody = { 0 };
	struct iss_config config;
	struct iss_ctx *ctx = NULL;

	iss_error_clear(err);
	pair_config(&config, server, options);
	if (iss_ctx_new(err, &ctx, &config, link != NULL ? link : &nobody) !=
	    ISS_OK)
		ctx = NULL;
	iss_config_release(&config);
	return ctx;
}

/* The same where it must not fail. */
static inline struct iss_ctx *
pair_ctx(bool server, const struct pair_options *options)
{
	struct iss_error err;
	struct iss_ctx *ctx = pair_try_ctx(&err, server, options, NULL);

	if (ctx == NULL) {
		printf("Bail out! %s\n", err.text);
		exit(2);
	}
	return ctx;
}

/* The usual ones: a client that trusts t/certs/ca.pem, a server with
 * t/certs/server.pem.  A version of NULL: the default. */
static inline struct iss_ctx *
pair_client_ctx(const char *version)
{
	const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_ca_file", CERTS "ca.pem" },
		{ version != NULL ? "SSL_version" : NULL, version },
	};

	return pair_ctx(false, options);
}

static inline struct iss_ctx *
pair_server_ctx(const char *version)
{
	const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_cert_file", CERTS "server.pem" },
		{ "SSL_key_file", CERTS "server.key" },
		{ version != NULL ? "SSL_version" : NULL, version },
	};

	return pair_ctx(true, options);
}

/* ---- connections ---- */

struct pair_side {
	/* to be set between pair_init and pair_open */
	struct iss_peer_config config;
	const struct iss_callbacks *callbacks;
	void *handle;
	/* then */
	int fd; /* -1: closed */
	struct iss_conn *conn;
	int rv; /* of the handshake */
};

struct pair {
	struct pair_side client, server;
};

static inline void
pair_init(struct pair *pair)
{
	memset(pair, 0, sizeof(*pair));
	iss_peer_config_init(&pair->client.config);
	iss_peer_config_init(&pair->server.config);
}

static inline void
pair_open_side(struct pair_side *side, struct iss_ctx *ctx, int fd)
{
	struct iss_error err;

	iss_error_clear(&err);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	side->fd = fd;
	if (iss_conn_new(&err, &side->conn, ctx, fd, &side->config,
		side->callbacks) != ISS_OK) {
		printf("Bail out! %s\n", err.text);
		exit(2);
	}
	side->conn->link.handle = side->handle;
	iss_peer_config_release(&side->config);
}

static inline void
pair_open(struct pair *pair, struct iss_ctx *client, struct iss_ctx *server)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) {
		printf("Bail out! socketpair: %s\n", strerror(errno));
		exit(2);
	}
	pair_open_side(&pair->client, client, fds[0]);
	pair_open_side(&pair->server, server, fds[1]);
}

static inline bool
pair_wants(int rv)
{
	return rv == ISS_WANT_READ || rv == ISS_WANT_WRITE;
}

/* Take turns until neither side wants to go on; the results are in rv. */
static inline void
pair_handshake(struct pair *pair)
{
	int i;

	pair->client.rv = pair->server.rv = ISS_WANT_READ;
	for (i = 0; i < PAIR_TURNS && (pair_wants(pair->client.rv) ||
					  pair_wants(pair->server.rv));
	     i++) {
		if (pair_wants(pair->client.rv))
			pair->client.rv = iss_conn_handshake(
			    pair->client.conn, false, ISS_NO_DEADLINE);
		if (pair_wants(pair->server.rv))
			pair->server.rv = iss_conn_handshake(
			    pair->server.conn, true, ISS_NO_DEADLINE);
	}
}

/* End the stream of a side; what its peer writes stays in the socket. */
static inline void
pair_end_stream(const struct pair_side *side)
{
	shutdown(side->fd, SHUT_WR);
}

/* Close the descriptor of a side: its peer sees the end of the stream, or,
 * with bytes of its own unread, a connection that was reset. */
static inline void
pair_hang_up(struct pair_side *side)
{
	if (side->fd >= 0)
		close(side->fd);
	side->fd = -1;
}

static inline void
pair_close(struct pair *pair)
{
	iss_conn_free(pair->client.conn);
	iss_conn_free(pair->server.conn);
	pair_hang_up(&pair->client);
	pair_hang_up(&pair->server);
}

/* A usual pair before its handshake; the contexts are freed with it. */
static inline void
pair_connect_later(struct pair *pair, const char *version)
{
	struct iss_ctx *client = pair_client_ctx(version);
	struct iss_ctx *server = pair_server_ctx(version);

	pair_open(pair, client, server);
	iss_ctx_free(client);
	iss_ctx_free(server);
}

/* A handshake that must succeed. */
static inline void
pair_finish(struct pair *pair)
{
	pair_handshake(pair);
	if (pair->client.rv != ISS_OK || pair->server.rv != ISS_OK) {
		printf("Bail out! handshake: %s%s\n",
		    iss_conn_error(pair->client.conn)->text,
		    iss_conn_error(pair->server.conn)->text);
		exit(2);
	}
}

/* A usual pair after a successful handshake. */
static inline void
pair_connect(struct pair *pair, const char *version)
{
	pair_connect_later(pair, version);
	pair_finish(pair);
}

/* ---- OpenSSL alone ---- */

/* Two SSLs on contexts that the test made, in memory. */
struct raw_pair {
	SSL *client, *server;
	int client_done, server_done; /* 1: the handshake is done */
};

static inline void
raw_pair_open(struct raw_pair *pair, SSL_CTX *client, SSL_CTX *server)
{
	BIO *ours, *theirs;

	pair->client = SSL_new(client);
	pair->server = SSL_new(server);
	if (pair->client == NULL || pair->server == NULL ||
	    !BIO_new_bio_pair(&ours, 0, &theirs, 0)) {
		printf("Bail out! no memory for a pair\n");
		exit(2);
	}
	SSL_set_bio(pair->client, ours, ours);
	SSL_set_bio(pair->server, theirs, theirs);
	SSL_set_connect_state(pair->client);
	SSL_set_accept_state(pair->server);
}

/* Are both sides done?  OpenSSL's queue is left empty. */
static inline bool
raw_pair_handshake(struct raw_pair *pair)
{
	int i;

	pair->client_done = pair->server_done = 0;
	for (i = 0; i < PAIR_TURNS; i++) {
		if (pair->client_done != 1)
			pair->client_done = SSL_do_handshake(pair->client);
		if (pair->server_done != 1)
			pair->server_done = SSL_do_handshake(pair->server);
		ERR_clear_error();
		if (pair->client_done == 1 && pair->server_done == 1)
			return true;
	}
	return false;
}

/* As if both had said close_notify, so that OpenSSL does not call the session
 * a bad one. */
static inline void
raw_pair_close(struct raw_pair *pair)
{
	SSL_set_shutdown(
	    pair->client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_set_shutdown(
	    pair->server, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(pair->client);
	SSL_free(pair->server);
}

/* Contexts for that: a client that verifies nobody, a server with
 * t/certs/server.pem. */
static inline SSL_CTX *
raw_ctx(bool server, int version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	if (ctx == NULL ||
	    (server && (!SSL_CTX_use_certificate_file(
			    ctx, CERTS "server.pem", SSL_FILETYPE_PEM) ||
			   !SSL_CTX_use_PrivateKey_file(
			       ctx, CERTS "server.key", SSL_FILETYPE_PEM)))) {
		printf("Bail out! cannot read the certificate\n");
		exit(2);
	}
	SSL_CTX_set_min_proto_version(ctx, version);
	SSL_CTX_set_max_proto_version(ctx, version);
	return ctx;
}

#endif
