/* The certificate of a refusal, and the chain as it was sent. */
#include "verification/blame.h"

#include "connection/io.h"
#include "pair.h"
#include "tap.h"

int
main(void)
{
	const struct pair_options others[PAIR_OPTIONS_MAX] = {
		{ "SSL_ca_file", CERTS "other-ca.pem" },
	};
	struct iss_ctx *client = pair_ctx(false, others);
	struct iss_ctx *server = pair_server_ctx(NULL);
	struct iss_blame *blame, copy = { NULL, NULL };
	struct pair pair;

	pair_init(&pair);
	pair_open(&pair, client, server);
	pair_handshake(&pair);
	is_int(pair.client.rv, ISS_ERROR, "a server of another CA");
	blame = &pair.client.conn->verify.blame;
	ok(blame->cert != NULL, "... whose certificate is at fault");
	is_int(sk_X509_num(blame->chain), 1, "... the only one that it sent");
	ok(X509_cmp(blame->cert, sk_X509_value(blame->chain, 0)) == 0,
	    "... which is its own");
	iss_blame_copy(&copy, blame);
	pair_close(&pair);
	is_int(sk_X509_num(copy.chain), 1, "a copy outlives the connection");
	ok(X509_get_version(copy.cert) == 2, "... with its certificate");
	iss_blame_release(&copy);
	ok(copy.cert == NULL && copy.chain == NULL, "... until it is released");
	iss_blame_release(&copy);
	iss_ctx_free(client);

	client = pair_client_ctx(NULL);
	pair_init(&pair);
	pair_open(&pair, client, server);
	pair_handshake(&pair);
	is_int(pair.client.rv, ISS_OK, "a server that is accepted");
	ok(pair.client.conn->verify.blame.cert == NULL, "... has no blame");
	pair_close(&pair);
	iss_ctx_free(client);
	iss_ctx_free(server);
	return tap_done();
}
