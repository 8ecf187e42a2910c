/*
 * Any bytes as the certificate of a CA file.  A certificate that OpenSSL can
 * decode must be found by its subject.
 */
#include "x509/ca_cache.h"

#include <stdint.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[] = "/tmp/iss-fuzz-caset-XXXXXX";

static void
remove_file(void)
{
	unlink(path);
}

/* Writes these bytes to the file as a PEM block. */
static void
write_file(const uint8_t *data, size_t size)
{
	static int fd = -1;
	FILE *out;

	if (fd < 0) {
		fd = mkstemp(path);
		atexit(remove_file);
	}
	claim(fd >= 0 && (out = fopen(path, "w")) != NULL);
	claim(PEM_write(out, "CERTIFICATE", "", data, (long)size) > 0);
	claim(fclose(out) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const unsigned char *at = data;
	struct iss_ca_file *set = NULL;
	struct iss_error err;
	size_t first;
	X509 *cert, *got;

	if (size == 0)
		return 0;
	cert = d2i_X509(NULL, &at, (long)size);
	if (cert != NULL && at != data + size) { /* then it may have settings */
		X509_free(cert);
		cert = NULL;
	}
	write_file(data, size);
	iss_error_clear(&err);
	if (iss_ca_cache_get1(&err, path, &set) != 0) {
		claim(cert == NULL && iss_error_is_set(&err) && set == NULL);
		return 0;
	}
	claim(iss_ca_file_count(set) == 1);
	got = iss_ca_file_get0_cert(set, 0);
	claim(ERR_peek_error() == 0 || cert == NULL);
	if (cert != NULL) {
		claim(iss_ca_file_find(
			  set, X509_get_subject_name(cert), &first) == 1);
		claim(got != NULL && X509_cmp(got, cert) == 0);
	}
	ERR_clear_error();
	iss_ca_file_free(set);
	X509_free(cert);
	return 0;
}
