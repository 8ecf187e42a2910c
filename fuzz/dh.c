/*
 * Any bytes as a file of SSL_dh_file.
 */
#include "context/dh.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "claim.h"

enum { BITS_MAX = 8192 / 8 * 2 }; /* of PEM; larger groups take seconds */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[] = "/tmp/iss-fuzz-dh-XXXXXX";

static void
remove_file(void)
{
	unlink(path);
}

static int
file_with(const uint8_t *data, size_t size)
{
	static int fd = -1;

	if (fd < 0) {
		fd = mkstemp(path);
		atexit(remove_file);
	}
	claim(fd >= 0 && ftruncate(fd, 0) == 0);
	claim(pwrite(fd, data, size, 0) == (ssize_t)size);
	return fd;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	struct iss_error err;
	int rv;

	claim(ctx != NULL);
	if (size <= BITS_MAX) {
		file_with(data, size);
		iss_error_clear(&err);
		rv = iss_dh_use_file(&err, ctx, path);
		claim((rv != ISS_OK) == iss_error_is_set(&err));
		claim(
		    rv == ISS_OK || strncmp(err.text, path, strlen(path)) == 0);
	}
	SSL_CTX_free(ctx);
	claim(ERR_peek_error() == 0);
	return 0;
}
