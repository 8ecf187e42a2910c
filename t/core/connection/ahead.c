/*
 * Short reads within a record come from a look ahead: the SSL gets its reads
 * later, in one piece, and before anything else happens to it.
 */
#include "connection/ahead.h"

#include "connection/io.h"
#include "pair.h"
#include "tap.h"

static const char *const versions[] = { "TLSv1_2", "TLSv1_3" };

static void
write_text(struct iss_conn *conn, const char *text)
{
	size_t put;

	is_int(iss_io_write(conn, text, strlen(text), &put), ISS_OK,
	    "'%s' is written", text);
}

static void
expect(struct iss_conn *conn, size_t len, const char *want)
{
	char bytes[64];
	size_t got = 0;

	is_int(iss_io_read(conn, bytes, len, &got), ISS_OK, "a read of %d",
	    (int)len);
	is_bytes(bytes, got, want, strlen(want), "... gives '%s'", want);
}

static void
test_debt(const char *version)
{
	struct pair pair;
	struct iss_conn *client;
	char bytes[64];
	size_t got, len;

	pair_init(&pair);
	pair_connect(&pair, version);
	client = pair.client.conn;
	write_text(pair.server.conn, "0123456789");
	write_text(pair.server.conn, "abc");

	expect(client, 2, "01");
	ok(client->ahead.bytes == NULL, "the first read looks at nothing");
	expect(client, 2, "23");
	ok(client->ahead.bytes != NULL, "the second looks at the record");
	expect(client, 1, "4");
	is_int(SSL_pending(client->ssl), 8, "the SSL knows nothing of it");
	is_int((long long)iss_io_pending(client), 5, "... but pending does");
	is_int(
	    iss_io_peek(client, bytes, sizeof(bytes), &got), ISS_OK, "a peek");
	is_bytes(bytes, got, "56789", 5, "... sees what was not served");
	ok(iss_io_at_hand(client, &len) != NULL && len == 5, "at hand, too");

	write_text(client, "to the server");
	ok(client->ahead.bytes == NULL, "a write settles");
	is_int(SSL_pending(client->ssl), 5, "... what was served");
	expect(client, 3, "567");
	expect(client, 64, "89");
	is_int(SSL_pending(client->ssl), 0, "at its end the record is read");
	ok(client->ahead.bytes == NULL, "... and the copy freed");
	expect(client, 64, "abc");
	pair_close(&pair);
}

static void
test_lent(const char *version)
{
	struct pair pair;
	struct iss_conn *client;
	char bytes[64];
	size_t got;

	pair_init(&pair);
	pair_connect(&pair, version);
	client = pair.client.conn;
	write_text(pair.server.conn, "0123456789");
	expect(client, 2, "01");
	expect(client, 2, "23");
	iss_conn_lend_ssl(client);
	ok(client->ahead.bytes == NULL, "an SSL is settled before it is lent");
	ok(SSL_read_ex(client->ssl, bytes, 2, &got) && got == 2 &&
		memcmp(bytes, "45", 2) == 0,
	    "whoever has it reads what comes next");
	expect(client, 2, "67");
	ok(client->ahead.bytes == NULL, "nothing is looked at any more");
	expect(client, 2, "89");
	pair_close(&pair);
}

/* Somebody reads from an SSL that was not lent. */
static void
test_robbed(const char *version)
{
	struct pair pair;
	struct iss_conn *client;
	char bytes[64];
	size_t got;

	pair_init(&pair);
	pair_connect(&pair, version);
	client = pair.client.conn;
	write_text(pair.server.conn, "0123456789");
	expect(client, 2, "01");
	expect(client, 2, "23");
	ok(SSL_read_ex(client->ssl, bytes, sizeof(bytes), &got),
	    "somebody reads from the SSL");
	is_int(iss_io_write(client, "x", 1, &got), ISS_ERROR,
	    "the connection fails, and serves no byte twice");
	is_int(iss_io_read(client, bytes, sizeof(bytes), &got), ISS_ERROR,
	    "... for good");
	pair_close(&pair);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		test_debt(versions[i]);
		test_lent(versions[i]);
		test_robbed(versions[i]);
	}
	return tap_done();
}
