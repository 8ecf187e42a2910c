/*
 * Pre-shared keys as a list of plain values: identities and secrets.  What a
 * connection does with them is in psk.h.
 */
#ifndef ISS_PSK_LIST_H
#define ISS_PSK_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct iss_psk {
	char *identity; /* NULL: of whoever is not named otherwise */
	unsigned char *key;
	size_t len;
};

/* A list, owned; zeroed it is empty. */
struct iss_psk_list {
	struct iss_psk *list;
	size_t count;
};

/*
 * Append a key, of which a copy is taken; with identity "" it is that of all
 * others.  Returns ISS_OK; or ISS_ERROR, with the list as it was, where the
 * key or the identity is longer than OpenSSL allows, the key is empty or the
 * identity has a NUL in it.
 */
int iss_psk_list_add(struct iss_error *err, struct iss_psk_list *psks,
    const char *option, const char *identity, size_t identity_len,
    const char *key, size_t key_len);

/* An empty list becomes a copy of another; false when memory runs out. */
bool iss_psk_list_copy(
    struct iss_psk_list *to, const struct iss_psk_list *from);

/* Free everything, wiping the keys; the list is empty afterwards. */
void iss_psk_list_release(struct iss_psk_list *psks);

#endif
