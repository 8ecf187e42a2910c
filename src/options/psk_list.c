/*
 * A list of keys, wiped when they are freed.
 */
#include "options/psk_list.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/ssl.h>

static void
release_psk(struct iss_psk *psk)
{
	free(psk->identity);
	if (psk->key != NULL)
		OPENSSL_cleanse(psk->key, psk->len);
	free(psk->key);
}

static bool
append_psk(struct iss_psk_list *psks, const char *identity, const void *key,
    size_t len)
{
	struct iss_psk *larger =
	    realloc(psks->list, (psks->count + 1) * sizeof(*larger));
	struct iss_psk new = { .len = len };

	if (larger == NULL)
		return false;
	psks->list = larger;
	if ((new.key = malloc(len)) != NULL)
		memcpy(new.key, key, len);
	if (identity != NULL)
		new.identity = strdup(identity);
	if (new.key == NULL || (identity != NULL && new.identity == NULL)) {
		release_psk(&new);
		return false;
	}
	larger[psks->count++] = new;
	return true;
}

int
iss_psk_list_add(struct iss_error *err, struct iss_psk_list *psks,
    const char *option, const char *identity, size_t identity_len,
    const char *key, size_t key_len)
{
	char name[PSK_MAX_IDENTITY_LEN + 1];

	if (identity_len > PSK_MAX_IDENTITY_LEN)
		return iss_error_set(err,
		    "%s: the identity is too long (%zu bytes, at most %d)",
		    option, identity_len, PSK_MAX_IDENTITY_LEN);
	if (memchr(identity, '\0', identity_len) != NULL)
		return iss_error_set(
		    err, "%s: the identity contains a NUL character", option);
	if (key_len == 0 || key_len > PSK_MAX_PSK_LEN)
		return iss_error_set(err,
		    "%s: invalid key length %zu (must be 1-%d bytes)", option,
		    key_len, PSK_MAX_PSK_LEN);
	memcpy(name, identity, identity_len);
	name[identity_len] = '\0';
	if (!append_psk(psks, identity_len > 0 ? name : NULL, key, key_len))
		return iss_error_set(err, "%s: out of memory", option);
	return ISS_OK;
}

bool
iss_psk_list_copy(struct iss_psk_list *to, const struct iss_psk_list *from)
{
	size_t i;

	for (i = 0; i < from->count; i++)
		if (!append_psk(to, from->list[i].identity, from->list[i].key,
			from->list[i].len))
			return false;
	return true;
}

void
iss_psk_list_release(struct iss_psk_list *psks)
{
	size_t i;

	for (i = 0; i < psks->count; i++)
		release_psk(&psks->list[i]);
	free(psks->list);
	psks->list = NULL;
	psks->count = 0;
}
