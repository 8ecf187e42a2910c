/*
 * Any bytes as SSL_fingerprint.  One that is taken has as many bytes as its
 * digest; one that is not leaves the list as it was.
 */
#include "options/fingerprint.h"

#include <stdint.h>
#include <string.h>

#include "claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
claim_same(const struct iss_fingerprint *a, const struct iss_fingerprint *b)
{
	claim(strcmp(a->algo, b->algo) == 0 && a->pubkey == b->pubkey);
	claim(a->len == b->len && memcmp(a->digest, b->digest, a->len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct iss_fingerprint_list list = { 0 }, copy = { 0 };
	const EVP_MD *md;
	struct iss_error err;
	int rv;

	iss_error_clear(&err);
	rv = iss_fingerprint_list_add(
	    &err, &list, "SSL_fingerprint", (const char *)data, size);
	claim((rv != ISS_OK) == iss_error_is_set(&err));
	claim(list.count == (rv == ISS_OK ? 1 : 0));
	if (rv == ISS_OK) {
		md = EVP_get_digestbyname(list.list[0].algo);
		claim(md != NULL);
		claim((size_t)EVP_MD_size(md) == list.list[0].len);
		claim(iss_fingerprint_list_copy(&copy, &list));
		claim_same(&list.list[0], &copy.list[0]);
	} else {
		claim(strncmp(err.text, "SSL_fingerprint: ", 17) == 0);
	}
	iss_fingerprint_list_release(&copy);
	iss_fingerprint_list_release(&list);
	return 0;
}
