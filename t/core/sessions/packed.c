/*
 * A client's session as bytes: nothing is lost, and damage is noticed.
 */
#include "sessions/packed.h"

#include <string.h>
#include <time.h>

#include "base/compat.h"
#include "pair.h"
#include "revocation/staple.h"
#include "sessions/session.h"
#include "tap.h"
#include "x509/chain.h"

/* The session of a client that read its tickets; its SSL stays in *pair. */
static SSL_SESSION *
session_of(struct raw_pair *pair, SSL_CTX *client, SSL_CTX *server)
{
	size_t got;
	char byte;

	raw_pair_open(pair, client, server);
	ok(raw_pair_handshake(pair), "a handshake");
	SSL_read_ex(pair->client, &byte, 1, &got);
	ERR_clear_error();
	return SSL_get1_session(pair->client);
}

static void
test_damage(const struct iss_buf *bytes)
{
	char *copy = malloc(bytes->len), *cut;
	SSL_SESSION *session;
	size_t i, read = 0;

	ok(copy != NULL, "a copy");
	for (i = 0; i < bytes->len; i++) {
		cut = malloc(i + 1); /* so that memcheck sees what is behind */
		memcpy(cut + 1, iss_buf_text(bytes), i);
		session = iss_packed_read(cut + 1, i);
		read += session != NULL;
		SSL_SESSION_free(session);
		free(cut);
		memcpy(copy, iss_buf_text(bytes), bytes->len);
		copy[i] ^= 0x40;
		SSL_SESSION_free(iss_packed_read(copy, bytes->len));
	}
	/* It may end after the note, or after a certificate. */
	ok(read <= 2, "a session that is cut off is not read");
	is_int((long long)ERR_peek_error(), 0, "... the queue is empty");
	free(copy);
}

/* OpenSSL's DER of a session begins with the version of its format. */
static void
test_newer(const struct iss_buf *bytes)
{
	static const char version[] = { 0x02, 0x01, 0x01 };
	char *copy = malloc(bytes->len);
	size_t i;

	ok(copy != NULL, "a copy");
	memcpy(copy, iss_buf_text(bytes), bytes->len);
	for (i = 0; i < 40; i++)
		if (memcmp(copy + i, version, sizeof(version)) == 0)
			break;
	ok(i < 40, "where the format has its version");
	copy[i + 2] = 2;
	ok(iss_packed_read(copy, bytes->len) == NULL,
	    "a session of a newer OpenSSL's format is not read");
	is_int((long long)ERR_peek_error(), 0, "... the queue is empty");
	free(copy);
}

static void
test_version(int version)
{
	SSL_CTX *client = raw_ctx(false, version);
	SSL_CTX *server = raw_ctx(true, version);
	STACK_OF(X509) * chain;
	struct raw_pair pair, again;
	SSL_SESSION *session, *read, *copy;
	struct iss_buf bytes;

	session = session_of(&pair, client, server);
	iss_staple_set_note(session, 12345);
	chain = SSL_get_peer_cert_chain(pair.client);
	iss_buf_init(&bytes, 1 << 16);
	ok(iss_packed_write(&bytes, session, chain), "packed");
	read = iss_packed_read(iss_buf_text(&bytes), bytes.len);
	ok(read != NULL, "... read");
	is_int(iss_staple_note_of(read), 12345, "... with its note");
	ok(iss_session_is_usable(read), "... and good");
	copy = SSL_SESSION_dup(read);
	raw_pair_open(&again, client, server);
	SSL_set_session(again.client, copy);
	is_int(sk_X509_num(iss_chain_get0_sent(again.client)),
	    sk_X509_num(chain), "... and the chain, also of a copy");
	ok(raw_pair_handshake(&again), "... a handshake");
	ok(SSL_session_reused(again.client), "... which resumes it");
	raw_pair_close(&again);
	SSL_SESSION_free(copy);
	SSL_SESSION_free(read);

	iss_compat_set_session_time(session, time(NULL) + 600);
	iss_buf_clear(&bytes);
	iss_packed_write(&bytes, session, NULL);
	read = iss_packed_read(iss_buf_text(&bytes), bytes.len);
	ok(iss_compat_session_time(read) <= time(NULL),
	    "a time in the future becomes now");
	SSL_SESSION_free(read);
	test_damage(&bytes);
	test_newer(&bytes);
	iss_buf_release(&bytes);
	iss_buf_init(&bytes, 20);
	ok(!iss_packed_write(&bytes, session, NULL), "no room");
	iss_buf_release(&bytes);
	SSL_SESSION_free(session);
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
