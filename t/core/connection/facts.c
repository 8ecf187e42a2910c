/* Facts of a connection: both sides agree, and bytes are counted. */
#include "connection/facts.h"

#include <string.h>

#include "connection/io.h"
#include "pair.h"
#include "tap.h"

static const char *const versions[] = { "TLSv1_2", "TLSv1_3" };

static void
exchange(struct iss_conn *from, struct iss_conn *to, const char *text)
{
	char buf[64];
	size_t n = 0;

	iss_io_write(from, text, strlen(text), &n);
	is_int((long long)n, (long long)strlen(text), "written");
	while (iss_io_read(to, buf, sizeof(buf), &n) == ISS_OK)
		if (n > 0)
			break;
}

static void
test_facts(const char *version)
{
	struct iss_facts ours, theirs;
	struct pair pair;

	pair_init(&pair);
	pair_connect(&pair, version);
	exchange(pair.client.conn, pair.server.conn, "question");
	exchange(pair.server.conn, pair.client.conn, "the answer");
	iss_facts_get(pair.client.conn, &ours);
	iss_facts_get(pair.server.conn, &theirs);
	is_text(ours.version, version, "version");
	is_text(theirs.cipher, ours.cipher, "cipher");
	ok(ours.bits >= 128 && ours.bits == theirs.bits, "bits");
	if (ours.group != NULL)
		is_text(theirs.group, ours.group, "group");
	is_text(theirs.sigalg, ours.peer_sigalg, "signature of the server");
	ok(ours.peer_sigalg[0] != '\0', "... is known");
	is_text(ours.sigalg, "", "the client made none");
	ok(!ours.server && theirs.server, "roles");
	ok(!ours.resumed && !theirs.resumed, "not resumed");
	ok(ours.extended_master_secret && theirs.extended_master_secret,
	    "extended master secret");
	ok(ours.verified && !theirs.verified, "the client verified");
	is_int(sk_X509_num(ours.verified_chain), 2, "... up to the CA");
	ok(theirs.verified_chain == NULL, "... the server nobody");
	is_int(sk_X509_num(ours.peer_chain), 1, "what the server sent");
	is_int((long long)ours.data_out, 8, "data out");
	is_int((long long)theirs.data_in, 8, "... in");
	is_int((long long)theirs.data_out, 10, "data out of the server");
	is_int((long long)ours.data_in, 10, "... in");
	is_int((long long)ours.bytes_out, (long long)theirs.bytes_in,
	    "bytes on the wire");
	ok(ours.bytes_out > ours.data_out, "... are more than the data");
	ok(ours.handshake_ms >= 0 && theirs.handshake_ms >= 0, "time");
	pair_close(&pair);
}

static void
test_too_early(void)
{
	struct iss_ctx *client = pair_client_ctx(NULL);
	struct iss_ctx *server = pair_server_ctx(NULL);
	struct iss_facts facts;
	struct pair pair;

	pair_init(&pair);
	pair_open(&pair, client, server);
	iss_facts_get(pair.client.conn, &facts);
	ok(facts.version == NULL && facts.cipher == NULL,
	    "before the handshake nothing was agreed on");
	ok(!facts.verified && facts.peer_chain == NULL, "... nor verified");
	ok(facts.handshake_ms < 0, "... it took no time");
	pair_close(&pair);
	iss_ctx_free(client);
	iss_ctx_free(server);
}

int
main(void)
{
	size_t v;

	for (v = 0; v < ROWS(versions); v++)
		test_facts(versions[v]);
	test_too_early();
	return tap_done();
}
