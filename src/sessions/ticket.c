/*
 * Owns where a key comes from, and how it encrypts and authenticates.
 */
#include "sessions/ticket.h"

#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/compat.h"
#include "link/link.h"
#include "sessions/shared_keys.h"
#include "sessions/ticket_files.h"

/* The results of OpenSSL's callback. */
enum { TICKET_ERROR = -1, TICKET_NONE = 0, TICKET_GOOD = 1, TICKET_RENEW = 2 };

/* RFC 5077, 4: AES-CBC and HMAC-SHA-256. */
enum { HALF = ISS_TICKET_SECRET_LEN / 2, IV_LEN = 16 };

enum { KEYS_MAX = 128 }; /* OpenSSL's own; 80 today */

/* The secret of SSL_ticket_keycb: AES-128 and HMAC, half of it for each. */
static void
divide(const unsigned char *secret, struct iss_ticket_secret *out)
{
	out->len = HALF;
	memcpy(out->hmac, secret, HALF);
	memcpy(out->aes, secret + HALF, HALF);
}

static bool
ask_program(SSL *ssl, const unsigned char *name, struct iss_ticket_secret *out,
    bool *current)
{
	const struct iss_link *link = iss_link_of(ssl);
	const struct iss_callbacks *ask;
	struct iss_ticket_key key;
	bool found;

	if (link == NULL)
		return false;
	ask = iss_link_callbacks(link);
	found = ask->ticket_key != NULL &&
		ask->ticket_key(link->handle, name, &key);
	if (found) {
		divide(key.secret, out);
		memcpy(out->name, key.name, sizeof(out->name));
		*current = name == NULL ||
			   memcmp(name, key.name, sizeof(key.name)) == 0;
	}
	OPENSSL_cleanse(&key, sizeof(key));
	return found;
}

/* In any order, as only one of the three can be given. */
static bool
find_key(SSL *ssl, const unsigned char *name, struct iss_ticket_secret *out,
    bool *current)
{
	struct iss_shared_keys *shared = iss_shared_keys_of(ssl);
	const struct iss_link *link = iss_link_of(ssl);

	if (iss_ticket_files_exist(ssl))
		return iss_ticket_files_key(ssl, name, out, current);
	if (shared != NULL)
		return link != NULL && iss_shared_keys_find(shared, link,
					   time(NULL), name, out, current);
	return ask_program(ssl, name, out, current);
}

static int
set_keys(const struct iss_ticket_secret *key, const unsigned char *iv,
    EVP_CIPHER_CTX *cipher, iss_compat_ticket_mac *mac, int encrypt)
{
	const EVP_CIPHER *aes =
	    key->len == HALF ? EVP_aes_128_cbc() : EVP_aes_256_cbc();

	if (EVP_CipherInit_ex(cipher, aes, NULL, key->aes, iv, encrypt) &&
	    iss_compat_ticket_mac_init(mac, key->hmac, key->len))
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

static bool
make_random(struct iss_ticket_secret *key)
{
	key->len = HALF;
	return RAND_bytes(key->name, sizeof(key->name)) == 1 &&
	       RAND_bytes(key->aes, HALF) == 1 &&
	       RAND_bytes(key->hmac, HALF) == 1;
}

static int
encrypt_ticket(SSL *ssl, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, iss_compat_ticket_mac *mac)
{
	struct iss_ticket_secret key;
	int rv = TICKET_ERROR;
	bool current;

	if (!find_key(ssl, NULL, &key, &current)) {
		if (!must_send(ssl))
			return TICKET_NONE;
		if (!make_random(&key))
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
static int
decrypt_ticket(SSL *ssl, const unsigned char *name, const unsigned char *iv,
    EVP_CIPHER_CTX *cipher, iss_compat_ticket_mac *mac)
{
	struct iss_ticket_secret key;
	bool current;
	int rv;

	if (!find_key(ssl, name, &key, &current))
		return TICKET_NONE;
	if (!current && iss_link_of(ssl) != NULL)
		iss_stats_add(iss_link_of(ssl)->stats, ISS_STATS_RENEWED, 1);
	rv = set_keys(&key, iv, cipher, mac, 0);
	if (rv == TICKET_GOOD &&
	    (SSL_version(ssl) >= TLS1_3_VERSION || !current))
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

int
iss_ticket_keep_keys(struct iss_error *err, SSL_CTX *to, SSL_CTX *from)
{
	unsigned char keys[KEYS_MAX];
	long len = SSL_CTX_get_tlsext_ticket_keys(to, NULL, 0);
	int rv = ISS_OK;

	if (len <= 0 || len > (long)sizeof(keys) ||
	    !SSL_CTX_get_tlsext_ticket_keys(from, keys, len) ||
	    !SSL_CTX_set_tlsext_ticket_keys(to, keys, len))
		rv = iss_error_openssl(err, "cannot keep the ticket keys");
	OPENSSL_cleanse(keys, sizeof(keys));
	return rv;
}
