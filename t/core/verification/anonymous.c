/*
 * Anonymous ciphers: refused by who verifies, also in a renegotiation.
 */
#include "verification/anonymous.h"

#include "connection/io.h"
#include "pair.h"
#include "tap.h"

static void
expect_refusal(struct iss_conn *conn)
{
	size_t n;

	has_text(iss_conn_error(conn)->text,
	    "the peer sent no certificate, because the cipher AECDH",
	    "... why");
	is_int(conn->state, ISS_CONN_FAILED, "... for good");
	is_int(iss_conn_handshake(conn, false, ISS_NO_DEADLINE), ISS_ERROR,
	    "... another attempt fails, too");
	is_int(iss_io_write(conn, "secret", 6, &n), ISS_ERROR,
	    "... as does a write");
}

static void
test_anonymous(void)
{
	static const struct {
		const char *mode;
		int rv;
	} cases[] = { { "1", ISS_ERROR }, { "0", ISS_OK } };
	static const struct pair_options server[PAIR_OPTIONS_MAX] = {
		{ "SSL_version", "TLSv1_2" },
		{ "SSL_cipher_list", "AECDH:@SECLEVEL=0" },
	};
	struct pair_options client[PAIR_OPTIONS_MAX] = {
		{ "SSL_version", "TLSv1_2" },
		{ "SSL_cipher_list", "AECDH:@SECLEVEL=0" },
		{ "SSL_verify_mode", NULL },
	};
	struct iss_ctx *ours, *theirs = pair_ctx(true, server);
	struct pair pair;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		client[2].value = cases[i].mode;
		ours = pair_ctx(false, client);
		pair_init(&pair);
		pair_open(&pair, ours, theirs);
		pair_handshake(&pair);
		is_int(pair.client.rv, cases[i].rv,
		    "an anonymous server, verify mode %s", cases[i].mode);
		if (cases[i].rv != ISS_OK)
			expect_refusal(pair.client.conn);
		pair_close(&pair);
		iss_ctx_free(ours);
	}
	iss_ctx_free(theirs);
}

/* Both sides know ordinary and anonymous ciphers; then one of them wants to go
 * on with an anonymous one. */
static void
test_renegotiation(const char *mode, bool good)
{
	struct pair_options server[PAIR_OPTIONS_MAX] = {
		{ "SSL_cert_file", CERTS "server.pem" },
		{ "SSL_key_file", CERTS "server.key" },
		{ "SSL_version", "TLSv1_2" },
		{ "SSL_cipher_list", "ECDHE-RSA-AES128-GCM-SHA256:AECDH:"
				     "@SECLEVEL=0" },
	};
	struct pair_options client[PAIR_OPTIONS_MAX] = {
		{ "SSL_ca_file", CERTS "ca.pem" },
		{ "SSL_version", "TLSv1_2" },
		{ "SSL_cipher_list", "ECDHE-RSA-AES128-GCM-SHA256:AECDH:"
				     "@SECLEVEL=0" },
		{ "SSL_verify_mode", mode },
	};
	struct iss_ctx *ours = pair_ctx(false, client);
	struct iss_ctx *theirs = pair_ctx(true, server);
	struct pair pair;
	char bytes[8];
	size_t n;
	SSL *ssl;
	int i, rv = ISS_WANT_READ;

	pair_init(&pair);
	pair_open(&pair, ours, theirs);
	pair_handshake(&pair);
	is_int(pair.client.rv, ISS_OK, "verify mode %s: a handshake", mode);
	ssl = pair.server.conn->ssl;
	SSL_set_options(ssl, SSL_OP_NO_TICKET); /* or it would resume */
	SSL_clear_options(ssl, SSL_OP_NO_RENEGOTIATION);
	ok(SSL_set_cipher_list(ssl, "AECDH:@SECLEVEL=0") &&
		SSL_renegotiate(ssl) && SSL_do_handshake(ssl) == 1,
	    "... then the server wants an anonymous cipher");
	for (i = 0; i < PAIR_TURNS && rv == ISS_WANT_READ; i++) {
		rv = iss_io_read(pair.client.conn, bytes, sizeof(bytes), &n);
		iss_io_read(pair.server.conn, bytes, 1, &n);
		if (!SSL_in_init(ssl))
			iss_io_write(pair.server.conn, "data", 4, &n);
	}
	if (good) {
		is_int(rv, ISS_OK, "... which is accepted");
	} else {
		is_int(rv, ISS_ERROR, "... which is refused");
		has_text(iss_conn_error(pair.client.conn)->text,
		    "handshake failure", "... why");
	}
	pair_close(&pair);
	iss_ctx_free(ours);
	iss_ctx_free(theirs);
}

int
main(void)
{
	test_anonymous();
	test_renegotiation("0", true);
	test_renegotiation("1", false);
	return tap_done();
}
