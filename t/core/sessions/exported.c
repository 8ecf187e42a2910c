/*
 * An exported session: one secret opens it, and every byte counts.
 */
#include "sessions/exported.h"

#include <string.h>

#include "pair.h"
#include "tap.h"

static struct iss_seal_secret
secret_of(char letter)
{
	struct iss_seal_secret secret = { NULL, 0 };
	char bytes[ISS_SEAL_SECRET_MIN];

	memset(bytes, letter, sizeof(bytes));
	ok(iss_seal_secret_set(&secret, bytes, sizeof(bytes)), "a secret");
	return secret;
}

static const char *
flaw_of(const struct iss_seal_secret *secret, const void *bytes, size_t len)
{
	const char *why = "none";
	SSL_SESSION *session = iss_exported_read(secret, bytes, len, &why);
	bool read = session != NULL;

	SSL_SESSION_free(session);
	return read ? "none" : why;
}

static void
test_damage(const struct iss_seal_secret *secret, const struct iss_buf *bytes)
{
	char *copy = malloc(bytes->len);
	size_t i, opened = 0;

	ok(copy != NULL, "a copy");
	for (i = 0; i < bytes->len; i++) {
		memcpy(copy, iss_buf_text(bytes), bytes->len);
		copy[i] ^= 1;
		opened +=
		    strcmp(flaw_of(secret, copy, bytes->len), "none") == 0;
		opened += strcmp(flaw_of(secret, iss_buf_text(bytes), i),
			      "none") == 0;
	}
	is_int((long long)opened, 0, "each byte counts");
	free(copy);
}

static void
test_version(int version)
{
	SSL_CTX *client = raw_ctx(false, version);
	SSL_CTX *server = raw_ctx(true, version);
	struct iss_seal_secret secret = secret_of('a'), other = secret_of('b');
	struct raw_pair pair;
	struct iss_buf bytes;
	size_t got;
	char byte;

	raw_pair_open(&pair, client, server);
	ok(raw_pair_handshake(&pair), "a handshake");
	SSL_read_ex(pair.client, &byte, 1, &got);
	ERR_clear_error();
	iss_buf_init(&bytes, 2 * ISS_SEAL_MAX);
	ok(iss_exported_write(&bytes, &secret, SSL_get0_session(pair.client),
	       SSL_get_peer_cert_chain(pair.client)),
	    "exported");
	is_text(flaw_of(&secret, iss_buf_text(&bytes), bytes.len), "none",
	    "... and read");
	is_text(flaw_of(&other, iss_buf_text(&bytes), bytes.len),
	    "other secret", "... not by another secret");
	is_text(flaw_of(&secret, "", 0), "damaged", "... nothing");
	test_damage(&secret, &bytes);
	iss_buf_release(&bytes);
	iss_seal_secret_release(&secret);
	iss_seal_secret_release(&other);
	raw_pair_close(&pair);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
}

int
main(void)
{
	test_version(TLS1_2_VERSION);
	test_version(TLS1_3_VERSION);
	return tap_done();
}
