/*
 * Pre-shared keys as plain values: identities and secrets.  context/psk.h uses
 * them in handshakes.
 */
#ifndef ISS_PSK_LIST_H
#define ISS_PSK_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct iss_psk {
	char *identity; /* NULL: any that has no key of its own */
	unsigned char *key;
	size_t len;
};

/* A list that owns its elements; zeroed it is empty. */
struct iss_psk_list {
	struct iss_psk *list;
	size_t count;
};

/*
 * Append a copy of a key.  With identity "" it is for all that have no key of
 * their own.  Returns ISS_OK, or ISS_ERROR with the list unchanged and err
 * naming the option: the key or the identity is longer than OpenSSL allows, the
 * key is empty, or the identity has a NUL in it.
 */
int iss_psk_list_add(struct iss_error *err, struct iss_psk_list *psks,
    const char *option, const char *identity, size_t identity_len,
    const char *key, size_t key_len);

/* Copy a list into an empty one; false when memory runs out. */
bool iss_psk_list_copy(
    struct iss_psk_list *to, const struct iss_psk_list *from);

/* Wipe and free everything and leave the list empty. */
void iss_psk_list_release(struct iss_psk_list *psks);

#endif
