/*
 * Fingerprints as users write them: the name of a digest, whether it is of the
 * certificate or of its public key, and the value.
 */
#ifndef ISS_FINGERPRINT_H
#define ISS_FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>

#include "base/error.h"

enum { ISS_DIGEST_NAME_MAX = 31 };

struct iss_fingerprint {
	char algo[ISS_DIGEST_NAME_MAX + 1]; /* as EVP_get_digestbyname(3) */
	bool pubkey;                        /* of the public key */
	unsigned char digest[EVP_MAX_MD_SIZE];
	size_t len;
};

/* A list that owns its elements; zeroed it is empty. */
struct iss_fingerprint_list {
	struct iss_fingerprint *list;
	size_t count;
};

/*
 * Append "[algo$][pub$]HEX" to the list.  Colons between the digits are
 * ignored.  Without algo, the number of digits selects md5, sha1, sha256 or
 * sha512.  Returns ISS_OK, or ISS_ERROR with the list unchanged and err naming
 * the option and what is wrong with the text.
 */
int iss_fingerprint_list_add(struct iss_error *err,
    struct iss_fingerprint_list *fingerprints, const char *option,
    const char *text, size_t len);

/* Copy a list into an empty one; false when memory runs out. */
bool iss_fingerprint_list_copy(
    struct iss_fingerprint_list *to, const struct iss_fingerprint_list *from);

/* Is the first of them that of a public key?  Then show those of keys. */
bool iss_fingerprint_list_is_of_keys(
    const struct iss_fingerprint_list *fingerprints);

/* Free everything and leave the list empty. */
void iss_fingerprint_list_release(struct iss_fingerprint_list *fingerprints);

#endif
