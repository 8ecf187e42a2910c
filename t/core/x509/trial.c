/*
 * Trial signatures: of keys that fit, that do not, and that show no public
 * half.
 */
#include "x509/trial.h"

#include <openssl/err.h>

#include "edwards.h"
#include "hidden.h"
#include "tap.h"

static void
test_signs(void)
{
	static const char *const names[] = { "server", "server-ecdsa",
		"server2" };
	EVP_PKEY *key;
	X509 *cert;
	size_t i, n;

	for (i = 0; i < ROWS(names); i++) {
		key = fixture_key(names[i]);
		ok(!iss_trial_is_needed(key), "%s shows its public half",
		    names[i]);
		ok(!iss_trial_is_foreign(key), "... and is OpenSSL's own");
		for (n = 0; n < ROWS(names); n++) {
			cert = fixture_cert(names[n]);
			is_int(iss_trial_signs(key, cert), i == n,
			    "... with the certificate of %s", names[n]);
			X509_free(cert);
		}
		EVP_PKEY_free(key);
	}
}

static void
test_hidden(void)
{
	EVP_PKEY *key = hidden_key("server-ecdsa");
	X509 *cert = fixture_cert("server-ecdsa");
	X509 *other = fixture_cert("server");

	if (key == NULL) {
		ok(true, "# SKIP this OpenSSL always knows the public half");
	} else {
		ok(iss_trial_is_needed(key), "no public half");
		ok(iss_trial_signs(key, cert), "... it signs");
		ok(!iss_trial_signs(key, other), "... not for another one");
	}
	X509_free(other);
	X509_free(cert);
	EVP_PKEY_free(key);
}

/* Keys whose algorithm has a digest of its own. */
static void
test_edwards(int type)
{
	EVP_PKEY *key = edwards_key(type), *second = edwards_key(type);
	X509 *cert = edwards_cert(key), *other = edwards_cert(second);

	ok(iss_trial_signs(key, cert), "%s signs", OBJ_nid2sn(type));
	ok(!iss_trial_signs(key, other), "... not for another one");
	ok(!iss_trial_signs(second, cert), "... nor another for it");
	EVP_PKEY_free(second);
	EVP_PKEY_free(key);
	X509_free(other);
	X509_free(cert);
}

int
main(void)
{
	test_signs();
	test_hidden();
	test_edwards(EVP_PKEY_ED25519);
	test_edwards(EVP_PKEY_ED448);
	ERR_clear_error();
	return tap_done();
}
