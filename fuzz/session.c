/*
 * Any bytes as a session of a client that was kept elsewhere, and as one that
 * was exported.
 */
#include "sessions/exported.h"
#include "sessions/packed.h"
#include "sessions/session.h"

#include <stdint.h>
#include <string.h>

#include <openssl/err.h>

#include "claim.h"

enum { PACKED_MAX = 32 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
opens(const struct iss_seal_secret *secret, const void *bytes, size_t len)
{
	const char *why = NULL;
	SSL_SESSION *session = iss_exported_read(secret, bytes, len, &why);
	bool good = session != NULL;

	claim(good || why != NULL);
	SSL_SESSION_free(session);
	return good;
}

/* What was exported opens with its secret, unless any byte is another. */
static void
claim_exported(const SSL_SESSION *session, size_t at)
{
	struct iss_seal_secret secret = { NULL, 0 };
	struct iss_buf bytes;
	char key[ISS_SEAL_SECRET_MIN] = "a secret";

	claim(iss_seal_secret_set(&secret, key, sizeof(key)));
	iss_buf_init(&bytes, ISS_SEAL_MAX);
	if (iss_exported_write(&bytes, &secret, session, NULL)) {
		claim(opens(&secret, bytes.data, bytes.len));
		bytes.data[at % bytes.len] ^= 1;
		claim(!opens(&secret, bytes.data, bytes.len));
	}
	iss_buf_release(&bytes);
	iss_seal_secret_release(&secret);
}

/* What was read can be written, and read again. */
static void
claim_packed(const SSL_SESSION *session)
{
	SSL_SESSION *again;
	struct iss_buf bytes;

	iss_buf_init(&bytes, 2 * PACKED_MAX);
	claim(iss_packed_write(&bytes, session, NULL));
	again = iss_packed_read(bytes.data, bytes.len);
	claim(again != NULL);
	claim(iss_session_is_single_use(again) ==
	      iss_session_is_single_use(session));
	SSL_SESSION_free(again);
	iss_buf_release(&bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct iss_seal_secret secret = { NULL, 0 };
	char key[ISS_SEAL_SECRET_MIN] = "another one";
	SSL_SESSION *session;

	if (size > PACKED_MAX)
		return 0;
	claim(iss_seal_secret_set(&secret, key, sizeof(key)));
	claim(!opens(&secret, data, size));
	iss_seal_secret_release(&secret);
	session = iss_packed_read(data, size);
	if (session != NULL) {
		claim(iss_session_seconds_left(session) > 0 ||
		      !iss_session_is_usable(session));
		claim_packed(session);
		claim_exported(session, data[size - 1]);
		SSL_SESSION_free(session);
	}
	claim(ERR_peek_error() == 0);
	return 0;
}
