/*
 * Lines read from a connection: where they end, in which pieces they may
 * arrive, and that nothing behind them is read.
 */
#include "connection/lines.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "connection/handshake.h"
#include "connection/io.h"
#include "fixture.h"
#include "tap.h"

enum { TURNS = 100, LONG = 40000, ROOM = 1 << 17 };

static const struct iss_callbacks no_callbacks = { 0 };

/* A connection of ours and the OpenSSL server at its other end. */
struct pair {
	int fds[2];
	SSL_CTX *server_ctx;
	SSL *server;
	struct iss_ctx *ctx;
	struct iss_conn *conn;
};

static void
bail_out(const char *why)
{
	printf("Bail out! %s\n", why);
	exit(2);
}

static void
open_server(struct pair *pair)
{
	pair->server_ctx = SSL_CTX_new(TLS_server_method());
	if (!SSL_CTX_use_certificate_file(
		pair->server_ctx, CERTS "server.pem", SSL_FILETYPE_PEM) ||
	    !SSL_CTX_use_PrivateKey_file(
		pair->server_ctx, CERTS "server.key", SSL_FILETYPE_PEM))
		bail_out("no certificate");
	pair->server = SSL_new(pair->server_ctx);
	SSL_set_fd(pair->server, pair->fds[1]);
}

static void
open_client(struct pair *pair)
{
	struct iss_link nobody = { 0 };
	struct iss_peer_config peer_config;
	struct iss_config config;
	struct iss_error err;

	iss_error_clear(&err);
	iss_config_init(&config, false);
	config.verify_mode = SSL_VERIFY_NONE;
	iss_peer_config_init(&peer_config);
	if (iss_ctx_new(&err, &pair->ctx, &config, &nobody) != ISS_OK ||
	    iss_conn_new(&err, &pair->conn, pair->ctx, pair->fds[0],
		&peer_config, &no_callbacks) != ISS_OK)
		bail_out(err.text);
	iss_peer_config_release(&peer_config);
	iss_config_release(&config);
}

static void
pair_open(struct pair *pair)
{
	int rv = ISS_WANT_READ;
	int i;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair->fds) != 0)
		bail_out("no pair of sockets");
	for (i = 0; i < 2; i++)
		fcntl(pair->fds[i], F_SETFL, O_NONBLOCK);
	open_server(pair);
	open_client(pair);
	for (i = 0; i < TURNS && rv == ISS_WANT_READ; i++) {
		rv = iss_conn_handshake(pair->conn, false, ISS_NO_DEADLINE);
		SSL_accept(pair->server);
		ERR_clear_error();
	}
	if (rv != ISS_OK)
		bail_out("no handshake");
}

static void
pair_close(struct pair *pair)
{
	SSL_free(pair->server);
	SSL_CTX_free(pair->server_ctx);
	iss_conn_free(pair->conn);
	iss_ctx_free(pair->ctx);
	close(pair->fds[0]);
	close(pair->fds[1]);
}

/* The server sends these bytes, as one record if they fit. */
static void
say(struct pair *pair, const char *bytes, size_t len)
{
	size_t put;

	if (!SSL_write_ex(pair->server, bytes, len, &put) || put != len)
		bail_out("the server cannot write");
}

/* ---- reading ---- */

static char text[ROOM];
static size_t had;

/* Go on with a line in text; the last status. */
static int
go_on(struct pair *pair, struct iss_lines *lines)
{
	size_t got;
	int rv = ISS_OK;

	while (rv == ISS_OK && !lines->ended) {
		if (iss_lines_room(lines) > sizeof(text) - had)
			bail_out("the line is too long");
		rv = iss_lines_step(lines, pair->conn, text, had, &got);
		had += got;
	}
	return rv;
}

static int
read_line(struct pair *pair, const struct iss_line *line)
{
	struct iss_lines lines;

	had = 0;
	iss_lines_begin(&lines, line);
	return go_on(pair, &lines);
}

static bool
read_is(const char *want)
{
	return had == strlen(want) && memcmp(text, want, had) == 0;
}

static const struct iss_line by_newline = {
	.kind = ISS_LINE_TEXT, .sep = "\n", .sep_len = 1
};
static const struct iss_line by_crlf = {
	.kind = ISS_LINE_TEXT, .sep = "\r\n", .sep_len = 2
};
static const struct iss_line by_paragraph = { .kind = ISS_LINE_PARAGRAPH };
static const struct iss_line by_four = { .kind = ISS_LINE_RECORD, .record = 4 };
static const struct iss_line to_the_end = { .kind = ISS_LINE_ALL };

static const struct {
	const char *label;
	const struct iss_line *line;
	const char *pieces[4]; /* each is a record */
	const char *want[4];
	const char *rest; /* stays unread with the connection */
} cases[] = {
	{ "a line", &by_newline, { "one\n" }, { "one\n" }, "" },
	{ "two in one record", &by_newline, { "one\ntwo\n" },
	    { "one\n", "two\n" }, "" },
	{ "the rest stays", &by_newline, { "one\nrest" }, { "one\n" }, "rest" },
	{ "in pieces", &by_newline, { "o", "ne", "\n", "rest" }, { "one\n" },
	    "rest" },
	{ "an empty line", &by_newline, { "\n\n" }, { "\n", "\n" }, "" },
	{ "a longer separator", &by_crlf, { "a\rb\nc\r\nrest" },
	    { "a\rb\nc\r\n" }, "rest" },
	{ "a separator in two pieces", &by_crlf, { "one\r", "\nrest" },
	    { "one\r\n" }, "rest" },
	{ "paragraphs", &by_paragraph, { "\n\n\na\nb\n\n\n\nc\n\n" },
	    { "a\nb\n\n", "c\n\n" }, "" },
	{ "newlines of their own record", &by_paragraph,
	    { "\n", "\n", "a\n", "\nrest" }, { "a\n\n" }, "rest" },
	{ "records of four bytes", &by_four, { "abcdefghi" },
	    { "abcd", "efgh" }, "i" },
	{ "a record in pieces", &by_four, { "a", "bc", "defg" }, { "abcd" },
	    "efg" },
};

static void
test_case(size_t n)
{
	struct pair pair;
	char rest[64];
	size_t i, got;

	pair_open(&pair);
	for (i = 0; i < 4 && cases[n].pieces[i] != NULL; i++)
		say(&pair, cases[n].pieces[i], strlen(cases[n].pieces[i]));
	for (i = 0; i < 4 && cases[n].want[i] != NULL; i++) {
		is_int(read_line(&pair, cases[n].line), ISS_OK, "%s: line %zu",
		    cases[n].label, i + 1);
		ok(read_is(cases[n].want[i]), "... is what was sent");
	}
	iss_io_read(pair.conn, rest, sizeof(rest), &got);
	ok(got == strlen(cases[n].rest) &&
		memcmp(rest, cases[n].rest, got) == 0,
	    "... the rest is left");
	pair_close(&pair);
}

/* A line longer than any record, in a stream that the socket cannot hold. */
static void
test_long(void)
{
	static char line[LONG + 1];
	struct iss_lines lines;
	struct pair pair;
	size_t sent = 0, n;
	int rv;

	memset(line, 'x', LONG);
	line[LONG] = '\n';
	pair_open(&pair);
	had = 0;
	iss_lines_begin(&lines, &by_newline);
	do {
		n = sizeof(line) - sent;
		if (n > 5000)
			n = 5000;
		say(&pair, line + sent, n);
		sent += n;
		rv = go_on(&pair, &lines);
	} while (rv == ISS_WANT_READ && sent < sizeof(line));
	is_int(rv, ISS_OK, "a line of %d bytes", LONG);
	ok(had == sizeof(line) && memcmp(text, line, had) == 0,
	    "... is what was sent");
	pair_close(&pair);
}

static void
test_waiting(void)
{
	struct iss_lines lines;
	struct pair pair;
	size_t got;
	char byte;

	pair_open(&pair);
	had = 0;
	iss_lines_begin(&lines, &by_newline);
	is_int(go_on(&pair, &lines), ISS_WANT_READ, "nothing has come");
	say(&pair, "half", 4);
	is_int(go_on(&pair, &lines), ISS_WANT_READ, "half a line has come");
	ok(read_is("half"), "... which is there already");
	say(&pair, " line\n", 6);
	is_int(go_on(&pair, &lines), ISS_OK, "then the rest");
	ok(read_is("half line\n"), "... behind it");

	/* Whoever gives up after looking has lost nothing. */
	say(&pair, "next\n", 5);
	had = 0;
	iss_lines_begin(&lines, &by_newline);
	is_int(iss_lines_step(&lines, pair.conn, text, 0, &got), ISS_OK,
	    "a first step looks");
	is_int((int)got, 0, "... and reads nothing");
	is_int((int)iss_lines_room(&lines), 5, "... but knows how much");
	is_int(iss_io_read(pair.conn, &byte, 1, &got), ISS_OK,
	    "another reader finds all of it");
	ok(byte == 'n', "... from its beginning");
	pair_close(&pair);
}

static void
test_end(void)
{
	struct pair pair;

	pair_open(&pair);
	say(&pair, "no newline", 10);
	SSL_shutdown(pair.server);
	is_int(read_line(&pair, &by_newline), ISS_EOF, "the end ends a line");
	ok(read_is("no newline"), "... which is there");
	is_int(read_line(&pair, &by_newline), ISS_EOF, "then there is none");
	is_int((int)had, 0, "... and no byte");
	pair_close(&pair);

	pair_open(&pair);
	say(&pair, "a\nb\n", 4);
	say(&pair, "c", 1);
	SSL_shutdown(pair.server);
	is_int(read_line(&pair, &to_the_end), ISS_EOF, "all until the end");
	ok(read_is("a\nb\nc"), "... in one");
	pair_close(&pair);

	pair_open(&pair);
	say(&pair, "\n\n", 2);
	SSL_shutdown(pair.server);
	is_int(read_line(&pair, &by_paragraph), ISS_EOF, "newlines at the end");
	is_int((int)had, 0, "... are not a paragraph");
	pair_close(&pair);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		test_case(i);
	test_long();
	test_waiting();
	test_end();
	return tap_done();
}
