/*
 * Fingerprints as a user writes them down: which digest, of the certificate
 * or of its key, and its value.  Pure: knows no certificate (verify.h does).
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
	bool pubkey;                        /* of the key alone */
	unsigned char digest[EVP_MAX_MD_SIZE];
	size_t len;
};

/* A list, owned; zeroed it is empty. */
struct iss_fingerprint_list {
	struct iss_fingerprint *list;
	size_t count;
};

/*
 * Append "[algo$][pub$]HEX" to the list.  Colons between the digits do not
 * count; without algo the number of digits tells md5, sha1, sha256 or sha512.
 * Returns ISS_OK; or ISS_ERROR, with the list as it was and err saying what
 * is wrong with the text, for the option.
 */
int iss_fingerprint_list_add(struct iss_error *err,
    struct iss_fingerprint_list *fingerprints, const char *option,
    const char *text, size_t len);

/* An empty list becomes a copy of another; false when memory runs out. */
bool iss_fingerprint_list_copy(
    struct iss_fingerprint_list *to, const struct iss_fingerprint_list *from);

/* Free everything; the list is empty afterwards. */
void iss_fingerprint_list_release(struct iss_fingerprint_list *fingerprints);

#endif
