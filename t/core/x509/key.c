/*
 * New keys: sizes and curves that are made, and those that are refused.
 */
#include "x509/key.h"

#include "tap.h"

static struct iss_error err;

static void
test_rsa(void)
{
	static const struct {
		int bits;
		const char *why; /* NULL: it is made */
	} cases[] = {
		{ 512, NULL },
		{ 1024, NULL },
		{ 0, "invalid RSA key size 0 (must be 1-16384 bits)" },
		{ -1, "size -1 " },
		{ -2048, "size -2048 " },
		{ 16385, "size 16385 " },
		{ 2147483647, "size 2147483647 " },
		{ 1, "cannot create an RSA key of 1 bits" },
	};
	EVP_PKEY *made;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		iss_error_clear(&err);
		made = NULL;
		is_int(iss_key_new_rsa(&err, &made, cases[i].bits),
		    cases[i].why == NULL ? ISS_OK : ISS_ERROR, "RSA of %d bits",
		    cases[i].bits);
		if (cases[i].why == NULL) {
			is_int(EVP_PKEY_bits(made), cases[i].bits,
			    "... has that size");
		} else {
			ok(made == NULL, "... is not made");
			has_text(err.text, cases[i].why, "... says why");
		}
		EVP_PKEY_free(made);
	}
}

static void
test_ec(void)
{
	static const struct {
		const char *curve;
		int bits; /* 0: it is refused */
		const char *why;
	} cases[] = {
		{ "prime256v1", 256, "" },
		{ "P-256", 256, "" },
		{ "P-384", 384, "" },
		{ "secp384r1", 384, "" },
		{ "1.2.840.10045.3.1.7", 256, "" },
		{ "no-such-curve", 0, "unknown curve no-such-curve" },
		{ "", 0, "unknown curve " },
		{ "1.2.3.4.5", 0, "curve 1.2.3.4.5" },
		{ "sha256", 0, "curve sha256: " },
		{ "rsaEncryption", 0, "curve rsaEncryption: " },
	};
	EVP_PKEY *made;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		iss_error_clear(&err);
		made = NULL;
		is_int(iss_key_new_ec(&err, &made, cases[i].curve),
		    cases[i].bits > 0 ? ISS_OK : ISS_ERROR, "curve '%s'",
		    cases[i].curve);
		has_text(err.text, cases[i].why, "... why");
		is_int(made == NULL ? 0 : EVP_PKEY_bits(made), cases[i].bits,
		    "... its size");
		EVP_PKEY_free(made);
	}
}

int
main(void)
{
	test_rsa();
	test_ec();
	return tap_done();
}
