/*
 * Owns how one secret serves both encryption and authentication.
 */
#include "sessions/ticket.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/compat.h"
#include "link/link.h"

/* The results of OpenSSL's callback. */
enum { TICKET_ERROR = -1, TICKET_NONE = 0, TICKET_GOOD = 1, TICKET_RENEW = 2 };

/* RFC 5077, 4: AES-128-CBC and HMAC-SHA-256; half of the secret for each. */
enum { HALF = ISS_TICKET_SECRET_LEN / 2, IV_LEN = 16 };

static bool
ask_for_key(SSL *ssl, const unsigned char *name, struct iss_ticket_key *key)
{
	const struct iss_link *link = iss_link_of(ssl);
	const struct iss_callbacks *ask;

	if (link == NULL)
		return false;
	ask = iss_link_callbacks(link);
	return ask->ticket_key != NULL &&
	       ask->ticket_key(link->handle, name, key);
}

static int
set_keys(const struct iss_ticket_key *key, const unsigned char *iv,
    EVP_CIPHER_CTX *cipher, iss_compat_ticket_mac *mac, int encrypt)
{
	if (EVP_CipherInit_ex(cipher, EVP_aes_128_cbc(), NULL,
		key->secret + HALF, iv, encrypt) &&
	    iss_compat_ticket_mac_init(mac, key->secret, HALF))
		return TICKET_GOOD;
	return TICKET_ERROR;
}

/*
 * Without a key no ticket should be sent.  But OpenSSL 1.1.1 would send an
 * empty one in TLS 1.3, which is an error (RFC 8446, 4.6.1): there it gets a
 * random key.
 */
static bool
must_send(const SSL *ssl)
{
	return !ISS_COMPAT_CAN_OMIT_TICKETS &&
	       SSL_version(ssl) >= TLS1_3_VERSION;
}

static int
encrypt_ticket(SSL *ssl, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, iss_compat_ticket_mac *mac)
{
	struct iss_ticket_key key;
	int rv = TICKET_ERROR;

	if (!ask_for_key(ssl, NULL, &key)) {
		if (!must_send(ssl))
			return TICKET_NONE;
		if (RAND_bytes((unsigned char *)&key, sizeof(key)) != 1)
			return TICKET_ERROR;
	}
	if (RAND_bytes(iv, IV_LEN) == 1) {
		memcpy(name, key.name, sizeof(key.name));
		rv = set_keys(&key, iv, cipher, mac, 1);
	}
	OPENSSL_cleanse(&key, sizeof(key));
	return rv;
}

/* A client of TLS 1.3 uses a ticket once (RFC 8446, C.4), so it needs another
 * one, as OpenSSL sends them under keys of its own. */
static bool
must_renew(const SSL *ssl, const unsigned char *name,
    const struct iss_ticket_key *current)
{
	return SSL_version(ssl) >= TLS1_3_VERSION ||
	       memcmp(name, current->name, sizeof(current->name)) != 0;
}

static int
decrypt_ticket(SSL *ssl, const unsigned char *name, const unsigned char *iv,
    EVP_CIPHER_CTX *cipher, iss_compat_ticket_mac *mac)
{
	struct iss_ticket_key key;
	int rv;

	if (!ask_for_key(ssl, name, &key))
		return TICKET_NONE;
	rv = set_keys(&key, iv, cipher, mac, 0);
	if (rv == TICKET_GOOD && must_renew(ssl, name, &key))
		rv = TICKET_RENEW;
	OPENSSL_cleanse(&key, sizeof(key));
	return rv;
}

static int
choose_key(SSL *ssl, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, iss_compat_ticket_mac *mac, int encrypt)
{
	return encrypt ? encrypt_ticket(ssl, name, iv, cipher, mac)
		       : decrypt_ticket(ssl, name, iv, cipher, mac);
}

void
iss_ticket_install(SSL_CTX *ctx)
{
	iss_compat_set_ticket_key_cb(ctx, choose_key);
}
