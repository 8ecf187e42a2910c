/*
 * Any bytes as the life of a connection.  The first byte is the role and the
 * version; then come steps: what we do, what a peer on plain OpenSSL does, and
 * what somebody on the way does to the bytes.
 *
 * Whatever they do: a read returns what the peer has written, in its order,
 * nothing that was printed stands on the wire in the clear, and an error has a
 * text.
 */
#include "connection/handshake.h"
#include "connection/io.h"
#include "connection/lines.h"
#include "connection/shutdown.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "claim.h"
#include "context/ctx.h"
#include "options/config.h"

#define CERTS "t/certs/"
#define SECRET "never-in-the-clear"

enum { STEPS_MAX = 64, STREAM_MAX = 1 << 16, CHUNK = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The script that is left. */
struct script {
	const uint8_t *at;
	size_t len;
};

struct life {
	struct iss_conn *conn; /* ours */
	int ours, theirs;      /* a socketpair(2) */
	SSL *peer;             /* over memory */
	bool server;
	size_t written, read; /* bytes of the peer's stream */
	size_t spoil_at;      /* in the peer's next bytes; 0: nowhere */
	uint8_t spoil_by;
	bool hung_up;
	bool ends; /* stop_SSL: drops what comes, and then all is plain */
};

static uint8_t
next_byte(struct script *script)
{
	if (script->len == 0)
		return 0;
	script->len--;
	return *script->at++;
}

/* ---- streams ---- */

/* The peer's stream at an offset: any read can be checked. */
static unsigned char
stream_byte(size_t offset)
{
	return offset % 80 == 79 ? '\n' : (unsigned char)('a' + offset % 23);
}

static void
claim_stream(struct life *life, const unsigned char *bytes, size_t len)
{
	size_t i;

	if (life->ends)
		return;
	claim(life->read + len <= life->written);
	for (i = 0; i < len; i++)
		claim(bytes[i] == stream_byte(life->read + i));
}

/* Nothing that we print may be seen by those on the way. */
static void
claim_no_secret(const unsigned char *bytes, size_t len)
{
	const size_t secret = sizeof(SECRET) - 1;
	size_t i;

	for (i = 0; i + secret <= len; i++)
		claim(memcmp(bytes + i, SECRET, secret) != 0);
}

/* ---- the way ---- */

static void
carry_to_us(struct life *life)
{
	unsigned char bytes[CHUNK];
	int n;

	while ((n = BIO_read(SSL_get_wbio(life->peer), bytes, CHUNK)) > 0) {
		if (life->spoil_at > 0 && life->spoil_at <= (size_t)n) {
			bytes[life->spoil_at - 1] ^= life->spoil_by;
			life->spoil_at = 0;
		}
		/* what does not fit is lost, as if somebody dropped it */
		if (!life->hung_up)
			(void)!send(life->theirs, bytes, (size_t)n,
			    MSG_NOSIGNAL | MSG_DONTWAIT);
	}
}

static void
carry_to_peer(struct life *life)
{
	unsigned char bytes[CHUNK];
	ssize_t n;

	while ((n = recv(life->theirs, bytes, CHUNK, MSG_DONTWAIT)) > 0) {
		if (!life->ends)
			claim_no_secret(bytes, (size_t)n);
		BIO_write(SSL_get_rbio(life->peer), bytes, (int)n);
	}
}

/* ---- our steps ---- */

static void
claim_status(const struct life *life, int status)
{
	claim(status != ISS_ERROR || iss_kept_error_is_set(&life->conn->err));
	claim(status != ISS_TIMEOUT);
	claim(life->conn->state != ISS_CONN_FAILED ||
	      (!iss_conn_can_read(life->conn) &&
		  !iss_conn_can_write(life->conn)));
}

static void
we_read(struct life *life, size_t len, bool peek)
{
	unsigned char bytes[CHUNK];
	size_t got = 0;
	int status = peek ? iss_io_peek(life->conn, bytes, len, &got)
			  : iss_io_read(life->conn, bytes, len, &got);

	claim_status(life, status);
	claim(got <= len && (status == ISS_OK) == (got > 0));
	claim_stream(life, bytes, got);
	if (!peek)
		life->read += got;
	if (status == ISS_EOF) {
		iss_io_end_of_data(life->conn);
		if (iss_shutdown_report_end(life->conn))
			iss_shutdown_answer(life->conn);
	}
}

static void
we_read_line(struct life *life)
{
	const struct iss_line newline = { ISS_LINE_TEXT, "\n", 1, 0 };
	char text[CHUNK + ISS_RECORD_MAX];
	struct iss_lines lines;
	size_t had = 0, got;
	int status = ISS_OK;

	iss_lines_begin(&lines, &newline);
	while (status == ISS_OK && !lines.ended &&
	       had + iss_lines_room(&lines) <= sizeof(text)) {
		got = 0;
		status = iss_lines_step(&lines, life->conn, text, had, &got);
		claim_status(life, status);
		had += got;
	}
	claim_stream(life, (const unsigned char *)text, had);
	claim(!lines.ended || (had > 0 && text[had - 1] == '\n'));
	life->read += had;
}

static void
we_write(struct life *life, bool later)
{
	size_t put = 0;
	int status =
	    later ? iss_io_write_later(
			life->conn, SECRET, sizeof(SECRET) - 1, &put)
		  : iss_io_write(life->conn, SECRET, sizeof(SECRET) - 1, &put);

	claim_status(life, status);
	claim(put <= sizeof(SECRET) - 1);
}

/* ---- the peer's steps ---- */

static void
peer_reads(struct life *life)
{
	unsigned char bytes[CHUNK];

	(void)SSL_read(life->peer, bytes, sizeof(bytes));
	ERR_clear_error();
}

static void
peer_writes(struct life *life, size_t len)
{
	unsigned char bytes[256];
	size_t i;

	if (!SSL_is_init_finished(life->peer) ||
	    life->written + len > STREAM_MAX)
		return;
	for (i = 0; i < len; i++)
		bytes[i] = stream_byte(life->written + i);
	if (len > 0 && SSL_write(life->peer, bytes, (int)len) == (int)len)
		life->written += len;
	ERR_clear_error();
}

static void
peer_changes_keys(struct life *life, uint8_t how)
{
	if (SSL_version(life->peer) == TLS1_3_VERSION) {
		SSL_key_update(life->peer, how & 1
					       ? SSL_KEY_UPDATE_REQUESTED
					       : SSL_KEY_UPDATE_NOT_REQUESTED);
		SSL_write(life->peer, "", 0);
	} else {
		SSL_renegotiate(life->peer);
		SSL_do_handshake(life->peer);
	}
	ERR_clear_error();
}

static void
somebody_sends(struct life *life, struct script *script)
{
	size_t len = next_byte(script);

	if (len > script->len)
		len = script->len;
	if (!life->hung_up)
		(void)!send(
		    life->theirs, script->at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	script->at += len;
	script->len -= len;
}

static void
hang_up(struct life *life)
{
	shutdown(life->theirs, SHUT_WR);
	life->hung_up = true;
}

/* ---- the life ---- */

static void
our_step(struct life *life, uint8_t what, uint8_t arg)
{
	switch (what) {
	case 0:
		claim_status(life, iss_conn_handshake(life->conn, life->server,
				       ISS_NO_DEADLINE));
		break;
	case 1:
		we_read(life, arg + 1u, false);
		break;
	case 2:
		we_read(life, arg + 1u, true);
		break;
	case 3:
		we_read_line(life);
		break;
	case 4:
		we_write(life, arg & 1);
		break;
	case 5:
		claim_status(life, iss_io_flush(life->conn));
		claim(iss_io_pending(life->conn) <= ISS_RECORD_MAX);
		break;
	case 6:
		claim_status(
		    life, iss_shutdown_notify(life->conn, ISS_NO_DEADLINE));
		break;
	default:
		life->ends = true;
		claim_status(
		    life, iss_shutdown_both(life->conn, ISS_NO_DEADLINE));
	}
}

static void
their_step(struct life *life, struct script *script, uint8_t what, uint8_t arg)
{
	switch (what) {
	case 0:
		peer_reads(life);
		break;
	case 1:
		peer_writes(life, arg);
		break;
	case 2:
		peer_changes_keys(life, arg);
		break;
	case 3:
		SSL_shutdown(life->peer);
		ERR_clear_error();
		break;
	case 4:
		somebody_sends(life, script);
		break;
	case 5:
		life->spoil_at = arg + 1u;
		life->spoil_by = next_byte(script) | 1;
		break;
	case 6:
		hang_up(life);
		break;
	default:
		peer_reads(life);
	}
}

/* Both sides as far as they come without a step of the script. */
static void
shake_hands(struct life *life)
{
	int i;

	for (i = 0; i < 8 && life->conn->state != ISS_CONN_OPEN; i++) {
		(void)iss_conn_handshake(
		    life->conn, life->server, ISS_NO_DEADLINE);
		carry_to_peer(life);
		peer_reads(life);
		carry_to_us(life);
	}
}

static void
live(struct life *life, struct script *script)
{
	uint8_t step;
	int steps;

	for (steps = 0; steps < STEPS_MAX && script->len > 0; steps++) {
		step = next_byte(script);
		if (step == 0xff)
			shake_hands(life);
		else if (step & 0x80)
			their_step(life, script, step & 7, step >> 3 & 15);
		else
			our_step(life, step & 7, step >> 3);
		carry_to_peer(life);
		carry_to_us(life);
	}
}

/* ---- contexts, made once ---- */

static void
set(struct iss_config *config, bool identity, const char *name,
    const char *value)
{
	static struct iss_identity *of_config;
	const struct iss_option *options;
	struct iss_error err;
	size_t count, i;
	void *target = config;

	iss_error_clear(&err);
	options = identity ? iss_config_identity_options(&count)
			   : iss_config_options(&count);
	if (identity) {
		if (strcmp(name, "SSL_cert_file") == 0)
			of_config = iss_config_add_identity(&err, config);
		target = of_config;
	}
	for (i = 0; i < count; i++)
		if (strcmp(options[i].name, name) == 0)
			iss_option_set_text(
			    &err, target, &options[i], value, strlen(value));
	claim(!iss_error_is_set(&err));
}

static struct iss_ctx *
our_ctx(bool server)
{
	static struct iss_ctx *made[2];
	const struct iss_link nobody = { 0 };
	struct iss_config config;
	struct iss_error err;

	if (made[server] != NULL)
		return made[server];
	iss_error_clear(&err);
	iss_config_init(&config, server);
	if (server) {
		set(&config, true, "SSL_cert_file", CERTS "server-ecdsa.pem");
		set(&config, true, "SSL_key_file", CERTS "server-ecdsa.key");
	} else {
		set(&config, false, "SSL_ca_file", CERTS "ca.pem");
	}
	claim(iss_ctx_new(&err, &made[server], &config, &nobody) == ISS_OK);
	iss_config_release(&config);
	return made[server];
}

static SSL_CTX *
their_ctx(void)
{
	static SSL_CTX *ctx;

	if (ctx == NULL) {
		claim((ctx = SSL_CTX_new(TLS_method())) != NULL);
		claim(SSL_CTX_use_certificate_file(
		    ctx, CERTS "server-ecdsa.pem", SSL_FILETYPE_PEM));
		claim(SSL_CTX_use_PrivateKey_file(
		    ctx, CERTS "server-ecdsa.key", SSL_FILETYPE_PEM));
	}
	return ctx;
}

static void
begin(struct life *life, uint8_t how)
{
	struct iss_peer_config config;
	struct iss_error err;
	int fds[2];

	memset(life, 0, sizeof(*life));
	claim(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	life->ours = fds[0];
	life->theirs = fds[1];
	life->server = how & 1;
	fcntl(life->ours, F_SETFL, O_NONBLOCK);

	iss_error_clear(&err);
	iss_peer_config_init(&config);
	claim(iss_conn_new(&err, &life->conn, our_ctx(life->server), life->ours,
		  &config, NULL) == ISS_OK);
	iss_peer_config_release(&config);

	claim((life->peer = SSL_new(their_ctx())) != NULL);
	SSL_set_bio(life->peer, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	if (how & 2)
		SSL_set_max_proto_version(life->peer, TLS1_2_VERSION);
	if (life->server)
		SSL_set_connect_state(life->peer);
	else
		SSL_set_accept_state(life->peer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = { data, size };
	struct life life;

	if (size == 0)
		return 0;
	begin(&life, next_byte(&script));
	live(&life, &script);
	iss_conn_free(life.conn);
	SSL_free(life.peer);
	close(life.ours);
	close(life.theirs);
	ERR_clear_error();
	return 0;
}
