/*
 * Any bytes as what a peer shows and says in a handshake: one of many
 * certificates, a stapled response, a host name, a list of protocols, an
 * identity, and what somebody on the way changes.  We are a client or a server
 * with one of many sets of options, over a socket or a handle of the program's,
 * perhaps for a second time with the session of the first.
 *
 * A handshake succeeds only with a peer that the options let pass, whatever
 * else comes; a failure has a text.
 */
#include "connection/handshake.h"
#include "connection/io.h"
#include "connection/shutdown.h"

#include <stdint.h>

#include <openssl/ocsp.h>

#include "claim.h"
#include "ocspmake.h"
#include "pair.h"
#include "sessions/session_cache.h"
#include "told.h"

enum { CHUNK = 8192, TURNS = 12, BLOB_MAX = 255, YEAR_2100 = 4102444800U };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- who we are ---- */

static const struct kind {
	bool server;
	struct pair_options options[PAIR_OPTIONS_MAX];
	const char *name;    /* that the peer must have; NULL: any */
	const char *accepts; /* only these certificates, in blanks */
	int ocsp_mode;
	bool pinned;
} kinds[] = {
	{ false, { { "SSL_ca_file", CERTS "ca.pem" } }, "localhost",
	    " server server-ecdsa revoked bad-ip-san ", .ocsp_mode = -1 },
	{ false,
	    { { "SSL_ca_file", CERTS "ca.pem" },
		{ "SSL_crl_file", CERTS "crl.pem" }, { "SSL_check_crl", "1" } },
	    NULL,
	    " server server-ecdsa cn-only many-san nul-san bad-ip-san ip-cn "
	    "server-sub ",
	    .ocsp_mode = -1 },
	{ false, { { "SSL_ca_file", CERTS "ca.pem" } }, "localhost", " server ",
	    .ocsp_mode = ISS_OCSP_MUST_STAPLE },
	{ false,
	    { { "SSL_ca_file", CERTS "ca.pem" },
		{ "SSL_alpn_protocols", "http/1.1" },
		{ "SSL_npn_protocols", "http/1.1" } },
	    "127.0.0.1", " server server-ecdsa revoked bad-ip-san ip-cn ",
	    .ocsp_mode = -1 },
	{ false, { { "SSL_psk", "0123456789abcdef" } }, NULL, " - ",
	    .ocsp_mode = -1 },
	{ false,
	    { { "SSL_ca_file", CERTS "bundle.pem" },
		{ "SSL_crl_file", CERTS "crls-sub-ca-revoked.pem" },
		{ "SSL_crl_check_all", "1" } },
	    NULL, NULL,
	    .ocsp_mode = ISS_OCSP_FULL_CHAIN | ISS_OCSP_TRY_STAPLE },
	{ false, { { "SSL_ca_path", CERTS "ca-dir" } }, "a.example.test",
	    " server server-ecdsa revoked many-san ", .ocsp_mode = -1 },
	{ false, { { "SSL_verify_mode", "0" } }, NULL, NULL, .ocsp_mode = -1 },
	{ false,
	    { { "SSL_ca_file", CERTS "ca.pem" },
		{ "SSL_force_fingerprint", "1" } },
	    "localhost", " self-signed ", .ocsp_mode = -1, .pinned = true },
	{ true,
	    { { "SSL_cert_file", CERTS "server-ecdsa.pem" },
		{ "SSL_key_file", CERTS "server-ecdsa.key" },
		{ "SSL_verify_mode", "3" }, { "SSL_ca_file", CERTS "ca.pem" },
		{ "SSL_crl_file", CERTS "crl.pem" }, { "SSL_check_crl", "1" },
		{ "SSL_client_ca_file", CERTS "ca.pem" } },
	    NULL,
	    " server server-ecdsa cn-only many-san nul-san bad-ip-san ip-cn "
	    "server-sub client client-only ",
	    .ocsp_mode = -1 },
	{ true, { { "SSL_psk", "0123456789abcdef" } }, NULL, " - ",
	    .ocsp_mode = -1 },
	{ true,
	    { { "SSL_cert_file", CERTS "server-ecdsa.pem" },
		{ "SSL_key_file", CERTS "server-ecdsa.key" },
		{ "SSL_alpn_protocols", "http/1.1" },
		{ "SSL_npn_protocols", "http/1.1" },
		{ "SSL_session_id_context", "fuzz" } },
	    NULL, NULL, .ocsp_mode = -1 },
	{ true,
	    { { "SSL_cert_file", CERTS "server-sub.p12" },
		{ "SSL_dh_file", CERTS "dh-1024.pem" },
		{ "SSL_cipher_list", "DHE:@SECLEVEL=0" } },
	    NULL, NULL, .ocsp_mode = -1 },
};

/* What the peer shows: t/certs/NAME.pem. */
static const char *const shown[] = { "server", "server-ecdsa", "revoked",
	"expired", "not-yet-valid", "other-server", "self-signed", "cn-only",
	"many-san", "nul-san", "bad-ip-san", "ip-cn", "server-sub",
	"revoked-sub", "client", "client-only", "other-client",
	"namesake-server" };

/* The third byte. */
enum flags {
	TLS12 = 1,
	TWICE = 2,  /* again, with the session */
	PUMPED = 4, /* over a handle of the program's */
	STAPLES_BLOB = 8,
	STAPLES_GOOD = 16,
	STAPLES_REVOKED = 24,
	STAPLES = 24, /* the three above, and 0 for none */
	NO_CERT = 32, /* a client that shows none */
	TALKS = 64    /* data after the handshake */
};

/* The input, taken apart. */
static struct input {
	const struct kind *kind;
	const char *cert;
	uint8_t flags;
	unsigned char blob[BLOB_MAX + 1];
	size_t blob_len;
	const uint8_t *changes; /* 4 bytes each: two of a place, how, which */
	size_t n_changes;
} input;

/* ---- the peer's callbacks ---- */

/* A response of our CA about the certificate of t/certs/server.pem. */
static const unsigned char *
response(bool revoked, size_t *len)
{
	static unsigned char *made[2];
	static size_t lens[2];
	struct made_response how = {
		.status = revoked ? V_OCSP_CERTSTATUS_REVOKED
				  : V_OCSP_CERTSTATUS_GOOD,
		.reason = -1,
		.this_update = 1577836800,
		.next_update = YEAR_2100,
	};
	OCSP_BASICRESP *basic;
	X509 *cert, *ca;

	if (made[revoked] == NULL) {
		cert = fixture_cert("server");
		ca = fixture_cert("ca");
		basic = made_basic(cert, ca, &how);
		made[revoked] = made_der(
		    basic, OCSP_RESPONSE_STATUS_SUCCESSFUL, &lens[revoked]);
		OCSP_BASICRESP_free(basic);
		X509_free(cert);
		X509_free(ca);
	}
	*len = lens[revoked];
	return made[revoked];
}

static int
peer_staples(SSL *ssl, void *arg)
{
	const unsigned char *from = input.blob;
	size_t len = input.blob_len;
	unsigned char *copy;

	(void)arg;
	if ((input.flags & STAPLES) == 0)
		return SSL_TLSEXT_ERR_NOACK;
	if ((input.flags & STAPLES) != STAPLES_BLOB)
		from =
		    response((input.flags & STAPLES) == STAPLES_REVOKED, &len);
	copy = OPENSSL_malloc(len + 1);
	claim(copy != NULL);
	memcpy(copy, from, len);
	SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)len);
	return SSL_TLSEXT_ERR_OK;
}

static unsigned
peer_psk_client(SSL *ssl, const char *hint, char *identity, unsigned max,
    unsigned char *psk, unsigned psk_max)
{
	(void)ssl;
	(void)hint;
	(void)psk_max;
	snprintf(identity, max, "%s", (const char *)input.blob);
	memcpy(psk, "0123456789abcdef", 16);
	return 16;
}

static unsigned
peer_psk_server(
    SSL *ssl, const char *identity, unsigned char *psk, unsigned max)
{
	(void)ssl;
	(void)identity;
	(void)max;
	memcpy(psk, "0123456789abcdef", 16);
	return 16;
}

static int
peer_selects(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *arg)
{
	(void)ssl;
	(void)in_len;
	(void)arg;
	*out = in + 1;
	*out_len = in[0];
	return SSL_TLSEXT_ERR_OK;
}

/* ---- our program's callbacks ---- */

static bool
ticket_key(void *handle, const unsigned char *name, struct iss_ticket_key *key)
{
	(void)handle;
	memset(key, 'k', sizeof(*key));
	return name == NULL ||
	       memcmp(name, key->name, ISS_TICKET_NAME_LEN) == 0;
}

static int
pump_read(void *handle, void *buf, size_t len, size_t *got)
{
	ssize_t n = recv(*(int *)handle, buf, len, MSG_DONTWAIT);

	*got = n > 0 ? (size_t)n : 0;
	return n > 0 ? ISS_OK : n == 0 ? ISS_EOF : ISS_WANT_READ;
}

static int
pump_write(void *handle, const void *buf, size_t len, size_t *put)
{
	ssize_t n = send(*(int *)handle, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	*put = n > 0 ? (size_t)n : 0;
	return n > 0 ? ISS_OK : ISS_WANT_WRITE;
}

static size_t
pump_pending(void *handle)
{
	(void)handle;
	return 0;
}

static const struct iss_callbacks callbacks = {
	.ticket_key = ticket_key,
	.pump_read = pump_read,
	.pump_write = pump_write,
	.pump_pending = pump_pending,
};

/* ---- contexts, made once ---- */

static struct iss_ctx *
make_ours(const struct kind *kind)
{
	struct iss_link link = { .callbacks = &callbacks, .handle = &link };
	struct iss_config config, *vhost;
	struct iss_ctx *ctx = NULL;
	struct iss_error err;
	X509 *pinned;
	char text[128];
	size_t count, i;
	const struct iss_option *table = iss_config_options(&count);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len;

	iss_error_clear(&err);
	pair_config(&config, kind->server, kind->options);
	if (kind->pinned) {
		pinned = fixture_cert("self-signed");
		X509_digest(pinned, EVP_sha256(), digest, &len);
		snprintf(text, sizeof(text), "sha256$");
		for (i = 0; i < len; i++)
			snprintf(text + strlen(text), 3, "%02x", digest[i]);
		pair_set(&err, &config, table, count,
		    &(struct pair_options){ "SSL_fingerprint", text });
		X509_free(pinned);
	}
	/* another host, which verifies nobody either */
	if (kind->server && kind->accepts == NULL &&
	    (vhost = iss_config_add_vhost(&err, &config, "b.test")) != NULL) {
		struct iss_identity *identity =
		    iss_config_add_identity(&err, vhost);

		table = iss_config_identity_options(&count);
		pair_set(&err, identity, table, count,
		    &(struct pair_options){
			"SSL_cert_file", CERTS "server-ecdsa.pem" });
		pair_set(&err, identity, table, count,
		    &(struct pair_options){
			"SSL_key_file", CERTS "server-ecdsa.key" });
	}
	(void)iss_ctx_new(&err, &ctx, &config, &link);
	iss_config_release(&config);
	return ctx;
}

/* NULL where this OpenSSL cannot do it. */
static struct iss_ctx *
ours(void)
{
	static struct iss_ctx *made[ROWS(kinds)];
	struct iss_ctx **ctx = &made[input.kind - kinds];

	if (*ctx == NULL)
		*ctx = make_ours(input.kind);
	return *ctx;
}

static SSL_CTX *
make_theirs(const char *cert, bool psk)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	char path[128];

	claim(ctx != NULL);
	SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0");
	SSL_CTX_set_tlsext_status_cb(ctx, peer_staples);
	SSL_CTX_set_alpn_select_cb(ctx, peer_selects, NULL);
	SSL_CTX_set_dh_auto(ctx, 1);
	SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"p", 1);
	if (psk) {
		SSL_CTX_set_psk_client_callback(ctx, peer_psk_client);
		SSL_CTX_set_psk_server_callback(ctx, peer_psk_server);
		return ctx;
	}
	snprintf(path, sizeof(path), CERTS "%s.pem", cert);
	claim(SSL_CTX_use_certificate_chain_file(ctx, path));
	snprintf(path, sizeof(path), CERTS "%s.key", cert);
	claim(SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM));
	return ctx;
}

static SSL_CTX *
theirs(void)
{
	static SSL_CTX *made[ROWS(shown)], *with_psk, *without;
	size_t i = 0;

	if (strcmp(input.kind->options[0].name, "SSL_psk") == 0) {
		if (with_psk == NULL)
			with_psk = make_theirs(NULL, true);
		return with_psk;
	}
	if (input.kind->server && (input.flags & NO_CERT)) {
		if (without == NULL)
			without = SSL_CTX_new(TLS_method());
		return without;
	}
	while (shown[i] != input.cert)
		i++;
	if (made[i] == NULL)
		made[i] = make_theirs(input.cert, false);
	return made[i];
}

/* ---- one connection ---- */

struct life {
	struct pair_side us;
	int way; /* the other end of our socket */
	SSL *peer;
	size_t sent; /* by the peer so far */
};

static void
carry_to_us(struct life *life)
{
	unsigned char bytes[CHUNK];
	const uint8_t *change;
	size_t i, at;
	int n;

	while ((n = BIO_read(SSL_get_wbio(life->peer), bytes, CHUNK)) > 0) {
		for (i = 0; i < input.n_changes; i++) {
			change = input.changes + 4 * i;
			at = (size_t)change[0] << 8 | change[1];
			if (at < life->sent || at - life->sent >= (size_t)n)
				continue;
			if (change[3] & 1)
				bytes[at - life->sent] = change[2];
			else
				bytes[at - life->sent] ^= change[2];
		}
		life->sent += (size_t)n;
		(void)!send(
		    life->way, bytes, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
}

static void
carry_to_peer(struct life *life)
{
	unsigned char bytes[CHUNK];
	ssize_t n;

	while ((n = recv(life->way, bytes, CHUNK, MSG_DONTWAIT)) > 0)
		BIO_write(SSL_get_rbio(life->peer), bytes, (int)n);
}

static void
peer_says(SSL *ssl)
{
	if (input.kind->server && input.blob_len > 0) {
		SSL_set_tlsext_host_name(ssl, (const char *)input.blob);
		SSL_set_alpn_protos(ssl, input.blob, (unsigned)input.blob_len);
		SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp);
	}
	if (input.flags & TLS12)
		SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
	if (input.kind->server)
		SSL_set_connect_state(ssl);
	else
		SSL_set_accept_state(ssl);
}

static void
open_life(struct life *life, SSL_SESSION *theirs_to_resume)
{
	struct iss_error err;
	int fds[2];

	memset(life, 0, sizeof(*life));
	iss_error_clear(&err);
	claim(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	life->way = fds[1];
	life->us.handle = &life->us.fd;
	life->us.callbacks = &callbacks;
	iss_peer_config_init(&life->us.config);
	life->us.config.usebio = (input.flags & PUMPED) != 0;
	life->us.config.ocsp_mode = input.kind->ocsp_mode;
	pair_open_side(&life->us, ours(), fds[0]);
	if (input.kind->name != NULL)
		claim(iss_verify_set_name(&err, &life->us.conn->verify,
			  input.kind->name, strlen(input.kind->name),
			  iss_scheme_find("http")) == ISS_OK);

	claim((life->peer = SSL_new(theirs())) != NULL);
	SSL_set_bio(life->peer, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	peer_says(life->peer);
	if (theirs_to_resume != NULL)
		SSL_set_session(life->peer, theirs_to_resume);
}

static void
close_life(struct life *life)
{
	iss_conn_free(life->us.conn);
	SSL_set_quiet_shutdown(life->peer, 1);
	SSL_shutdown(life->peer); /* so that its session can be resumed */
	SSL_free(life->peer);
	close(life->us.fd);
	close(life->way);
	ERR_clear_error();
}

static void
shake_hands(struct life *life)
{
	char byte;
	int i;

	life->us.rv = ISS_WANT_READ;
	for (i = 0; i < TURNS && pair_wants(life->us.rv); i++) {
		life->us.rv = iss_conn_handshake(
		    life->us.conn, input.kind->server, ISS_NO_DEADLINE);
		carry_to_peer(life);
		(void)SSL_read(life->peer, &byte, 1);
		ERR_clear_error();
		carry_to_us(life);
	}
	claim(life->us.rv != ISS_ERROR ||
	      iss_kept_error_is_set(&life->us.conn->err));
}

/* Who is let in shows one of the right certificates, or has the key. */
static void
claim_right_peer(const struct life *life)
{
	char name[64];

	if (life->us.conn->state != ISS_CONN_OPEN ||
	    input.kind->accepts == NULL)
		return;
	snprintf(name, sizeof(name), " %s ", input.cert);
	if (strcmp(input.kind->accepts, " - ") != 0)
		claim(strstr(input.kind->accepts, name) != NULL);
	claim(!(input.flags & NO_CERT) || !input.kind->server ||
	      strcmp(input.kind->accepts, " - ") == 0);
	claim(input.kind->pinned ||
	      SSL_get_verify_result(life->us.conn->ssl) == X509_V_OK);
	if (input.kind->ocsp_mode == ISS_OCSP_MUST_STAPLE)
		claim((input.flags & STAPLES) != STAPLES_REVOKED &&
		      (input.flags & STAPLES) != 0);
}

static void
talk(struct life *life)
{
	size_t n;
	char byte;

	(void)SSL_write(life->peer, "a", 1);
	carry_to_us(life);
	if (iss_io_read(life->us.conn, &byte, 1, &n) == ISS_OK)
		claim(byte == 'a' && n == 1);
	(void)iss_io_write(life->us.conn, "b", 1, &n);
	carry_to_peer(life);
}

/* One connection; the session that the peer can resume, or NULL. */
static SSL_SESSION *
live(struct iss_session_cache *cache, SSL_SESSION *theirs_to_resume)
{
	const struct iss_session_key key = { "a.test:443", 10 };
	SSL_SESSION *session, *for_peer;
	struct life life;

	open_life(&life, theirs_to_resume);
	if (!input.kind->server) {
		claim(iss_conn_keep_sessions(
			  life.us.conn, input.flags & TALKS) == ISS_OK);
		iss_conn_offer_from(life.us.conn, cache, key);
	}
	shake_hands(&life);
	claim_right_peer(&life);
	claim_told(life.us.conn);
	if (life.us.conn->state == ISS_CONN_OPEN && (input.flags & TALKS))
		talk(&life);
	(void)iss_shutdown_notify(life.us.conn, ISS_NO_DEADLINE);
	carry_to_peer(&life);
	while ((session = iss_new_sessions_take(
		    &life.us.conn->resume.new_sessions)) != NULL)
		iss_session_cache_add0(cache, key, session);
	for_peer = input.kind->server ? SSL_get1_session(life.peer) : NULL;
	close_life(&life);
	return for_peer;
}

static bool
take_apart(const uint8_t *data, size_t size)
{
	if (size < 4)
		return false;
	input.kind = &kinds[data[0] % ROWS(kinds)];
	input.cert = shown[data[1] % ROWS(shown)];
	input.flags = data[2];
	input.blob_len = data[3];
	data += 4;
	size -= 4;
	if (input.blob_len > size)
		input.blob_len = size;
	memcpy(input.blob, data, input.blob_len);
	input.blob[input.blob_len] = '\0';
	input.changes = data + input.blob_len;
	input.n_changes = (size - input.blob_len) / 4;
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct iss_session_cache *cache;
	struct iss_error err;
	SSL_SESSION *session;

	if (!take_apart(data, size) || ours() == NULL)
		return 0;
	iss_error_clear(&err);
	claim(iss_session_cache_new(&err, &cache, 4) == ISS_OK);
	session = live(cache, NULL);
	if (input.flags & TWICE)
		SSL_SESSION_free(live(cache, session));
	SSL_SESSION_free(session);
	iss_session_cache_free(cache);
	return 0;
}
