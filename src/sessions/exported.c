#include "sessions/exported.h"

#include <string.h>

#include <openssl/crypto.h>

#include "sessions/packed.h"

static const char role[] = "export";

bool
iss_exported_write(struct iss_buf *out, const struct iss_seal_secret *secret,
    const SSL_SESSION *session, const STACK_OF(X509) * chain)
{
	char name[ISS_SEAL_KEY_LEN + 1];
	struct iss_buf packed;
	bool good;

	iss_buf_init(&packed, ISS_SEAL_MAX);
	good = iss_seal_key(secret, role, "", 0, name) &&
	       iss_packed_write(&packed, session, chain) &&
	       iss_buf_append(out, name, ISS_SEAL_KEY_LEN) &&
	       iss_seal_close(
		   secret, role, name, iss_buf_text(&packed), packed.len, out);
	iss_buf_release(&packed);
	return good;
}

SSL_SESSION *
iss_exported_read(const struct iss_seal_secret *secret, const void *bytes,
    size_t len, const char **why)
{
	const char *text = bytes;
	char name[ISS_SEAL_KEY_LEN + 1];
	SSL_SESSION *session = NULL;
	struct iss_buf packed;

	*why = "damaged";
	if (len < ISS_SEAL_KEY_LEN || !iss_seal_key(secret, role, "", 0, name))
		return NULL;
	if (CRYPTO_memcmp(name, bytes, ISS_SEAL_KEY_LEN) != 0) {
		*why = "other secret";
		return NULL;
	}
	iss_buf_init(&packed, ISS_SEAL_MAX);
	if (iss_seal_open(secret, role, name, text + ISS_SEAL_KEY_LEN,
		len - ISS_SEAL_KEY_LEN, &packed))
		session = iss_packed_read(iss_buf_text(&packed), packed.len);
	iss_buf_release(&packed);
	return session;
}
