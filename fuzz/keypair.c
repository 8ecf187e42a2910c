/*
 * Any bytes as a file with a certificate and a key; the first byte selects
 * which parts are wanted.  Success returns exactly the wanted parts; failure
 * returns an error and nothing else.
 */
#include "x509/keypair.h"

#include <stdint.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* With a password, a count of iterations in the input would keep OpenSSL busy
 * for hours. */
static int
no_password(void *arg, char *buf, size_t size)
{
	++*(int *)arg;
	memset(buf, 'x', size);
	return -1;
}

/* The same may happen with the empty password of a PKCS#12. */
static bool
is_slow(const uint8_t *data, size_t size)
{
	const ASN1_INTEGER *iterations = NULL;
	const unsigned char *at = data;
	PKCS12 *p12 = d2i_PKCS12(NULL, &at, (long)size);
	bool slow = false;

	if (p12 != NULL) {
		PKCS12_get0_mac(NULL, NULL, NULL, &iterations, p12);
		slow =
		    !PKCS12_mac_present(p12) ||
		    (iterations != NULL && ASN1_INTEGER_get(iterations) > 16);
	}
	PKCS12_free(p12);
	ERR_clear_error();
	return slow;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned want = size > 0 ? data[0] % 6u : 0;
	struct iss_keypair pair;
	struct iss_error err;
	int asked = 0, rv;

	if (size == 0 || is_slow(data + 1, size - 1))
		return 0;
	iss_error_clear(&err);
	iss_keypair_init(&pair);
	rv = iss_keypair_parse(&err, &pair, "input", data + 1, size - 1, want,
	    no_password, &asked);
	claim(asked <= 1);
	claim(ERR_peek_error() == 0);
	claim((rv != 0) == iss_error_is_set(&err));
	if (rv != 0) {
		claim(strncmp(err.text, "input: ", 7) == 0);
		claim(!pair.cert && !pair.chain && !pair.key);
	} else {
		claim((want & ISS_KEYPAIR_CERT) ? pair.cert != NULL
						: !pair.cert && !pair.chain);
		claim(!(want & ISS_KEYPAIR_KEY) || pair.key != NULL);
		claim(want > ISS_KEYPAIR_CERT || pair.key == NULL);
	}
	iss_keypair_release(&pair);
	return 0;
}
