#include "sessions/seal.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

enum { VERSION = 1, SALT = 32, TAG = 16, AES_KEY = 32, IV = 12 };
enum { BEFORE = 1 + SALT, AROUND = BEFORE + TAG };

bool
iss_seal_secret_set(
    struct iss_seal_secret *secret, const void *bytes, size_t len)
{
	if ((secret->bytes = malloc(len)) == NULL)
		return false;
	memcpy(secret->bytes, bytes, len);
	secret->len = len;
	return true;
}

void
iss_seal_secret_release(struct iss_seal_secret *secret)
{
	if (secret->bytes != NULL)
		OPENSSL_cleanse(secret->bytes, secret->len);
	free(secret->bytes);
	secret->bytes = NULL;
}

static void
to_base64url(const unsigned char *digest, char *out)
{
	unsigned char text[48] = { 0 };
	char *c;

	EVP_EncodeBlock(text, digest, 32);
	memcpy(out, text, ISS_SEAL_KEY_LEN); /* without the padding */
	out[ISS_SEAL_KEY_LEN] = '\0';
	for (c = out; *c != '\0'; c++)
		*c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
}

bool
iss_seal_key(const struct iss_seal_secret *secret, const char *role,
    const void *key, size_t len, char out[ISS_SEAL_KEY_LEN + 1])
{
	size_t role_len = strlen(role) + 1;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned char *text = malloc(role_len + len);
	bool good;

	if (text == NULL)
		return false;
	memcpy(text, role, role_len);
	memcpy(text + role_len, key, len);
	good = HMAC(EVP_sha256(), secret->bytes, (int)secret->len, text,
		   role_len + len, digest, NULL) != NULL;
	free(text);
	if (good)
		to_base64url(digest, out);
	return good;
}

/* The key for AES and, after it, the nonce. */
static bool
derive(const struct iss_seal_secret *secret, const unsigned char *salt,
    const char *role, unsigned char out[AES_KEY + IV])
{
	EVP_PKEY_CTX *hkdf = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);
	size_t len = AES_KEY + IV;
	bool good = hkdf != NULL && EVP_PKEY_derive_init(hkdf) > 0 &&
		    EVP_PKEY_CTX_set_hkdf_md(hkdf, EVP_sha256()) > 0 &&
		    EVP_PKEY_CTX_set1_hkdf_salt(hkdf, salt, SALT) > 0 &&
		    EVP_PKEY_CTX_set1_hkdf_key(
			hkdf, secret->bytes, (int)secret->len) > 0 &&
		    EVP_PKEY_CTX_add1_hkdf_info(hkdf,
			(const unsigned char *)role, (int)strlen(role)) > 0 &&
		    EVP_PKEY_derive(hkdf, out, &len) > 0;

	EVP_PKEY_CTX_free(hkdf);
	return good;
}

/* AES-256-GCM from in to out, of the same length. */
static bool
crypt(const unsigned char *key, bool encrypt, const char *name,
    const unsigned char *in, size_t len, unsigned char *out, unsigned char *tag)
{
	EVP_CIPHER_CTX *aes = EVP_CIPHER_CTX_new();
	unsigned char none;
	int got;
	bool good = aes != NULL &&
		    EVP_CipherInit_ex(aes, EVP_aes_256_gcm(), NULL, key,
			key + AES_KEY, encrypt) &&
		    EVP_CipherUpdate(aes, NULL, &got,
			(const unsigned char *)name, (int)strlen(name)) &&
		    EVP_CipherUpdate(aes, out, &got, in, (int)len) &&
		    (encrypt || EVP_CIPHER_CTX_ctrl(
				    aes, EVP_CTRL_GCM_SET_TAG, TAG, tag)) &&
		    EVP_CipherFinal_ex(aes, &none, &got) > 0 &&
		    (!encrypt || EVP_CIPHER_CTX_ctrl(
				     aes, EVP_CTRL_GCM_GET_TAG, TAG, tag));

	EVP_CIPHER_CTX_free(aes);
	return good;
}

static bool
append_crypted(const unsigned char *key, bool encrypt, const char *name,
    const unsigned char *in, size_t len, unsigned char *tag,
    struct iss_buf *out)
{
	unsigned char *bytes = malloc(len + 1);
	bool good = bytes != NULL &&
		    crypt(key, encrypt, name, in, len, bytes, tag) &&
		    iss_buf_append(out, bytes, len);

	if (bytes != NULL)
		OPENSSL_cleanse(bytes, len);
	free(bytes);
	return good;
}

bool
iss_seal_close(const struct iss_seal_secret *secret, const char *role,
    const char *key, const void *bytes, size_t len, struct iss_buf *out)
{
	unsigned char head[BEFORE] = { VERSION }, keys[AES_KEY + IV], tag[TAG];
	bool good = len <= ISS_SEAL_MAX - AROUND &&
		    RAND_bytes(head + 1, SALT) == 1 &&
		    derive(secret, head + 1, role, keys) &&
		    iss_buf_append(out, head, sizeof(head)) &&
		    append_crypted(keys, true, key, bytes, len, tag, out) &&
		    iss_buf_append(out, tag, sizeof(tag));

	OPENSSL_cleanse(keys, sizeof(keys));
	return good;
}

bool
iss_seal_open(const struct iss_seal_secret *secret, const char *role,
    const char *key, const void *bytes, size_t len, struct iss_buf *out)
{
	const unsigned char *sealed = bytes;
	unsigned char keys[AES_KEY + IV], tag[TAG];
	bool good;

	if (len < AROUND || len > ISS_SEAL_MAX || sealed[0] != VERSION)
		return false;
	memcpy(tag, sealed + len - TAG, TAG);
	good = derive(secret, sealed + 1, role, keys) &&
	       append_crypted(
		   keys, false, key, sealed + BEFORE, len - AROUND, tag, out);
	OPENSSL_cleanse(keys, sizeof(keys));
	return good;
}
