/*
 * What the tests of certificates share: the files of t/certs.
 */
#ifndef ISS_FIXTURE_H
#define ISS_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

#define CERTS "t/certs/"

/* The first certificate of t/certs/NAME.pem, the caller's; without it there
 * is nothing to test. */
static inline X509 *
fixture_cert(const char *name)
{
	char path[256];
	X509 *cert = NULL;
	FILE *in;

	snprintf(path, sizeof(path), CERTS "%s.pem", name);
	if ((in = fopen(path, "r")) != NULL) {
		cert = PEM_read_X509_AUX(in, NULL, NULL, NULL);
		fclose(in);
	}
	if (cert == NULL) {
		printf("Bail out! cannot read %s\n", path);
		exit(2);
	}
	return cert;
}

/* The private key of t/certs/NAME.key, the caller's. */
static inline EVP_PKEY *
fixture_key(const char *name)
{
	char path[256];
	EVP_PKEY *key = NULL;
	FILE *in;

	snprintf(path, sizeof(path), CERTS "%s.key", name);
	if ((in = fopen(path, "r")) != NULL) {
		key = PEM_read_PrivateKey(in, NULL, NULL, NULL);
		fclose(in);
	}
	if (key == NULL) {
		printf("Bail out! cannot read %s\n", path);
		exit(2);
	}
	return key;
}

#endif
