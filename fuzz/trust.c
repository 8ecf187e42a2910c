/*
 * Any bytes as a file of what a context trusts: certificates, revocation lists,
 * the names that a server shows to its clients, and the file of SSL_CERT_FILE.
 * The first byte selects whether they are the content of a block in PEM, and of
 * which one.  What was read counts in a verification; a failure has a text.
 */
#include "x509/trust.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "claim.h"
#include "fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const blocks[] = { NULL, "CERTIFICATE",
	"TRUSTED CERTIFICATE", "X509 CRL" };
enum { N_BLOCKS = sizeof(blocks) / sizeof(blocks[0]) };

static char path[] = "/tmp/iss-fuzz-trust-XXXXXX";

static void
remove_file(void)
{
	unlink(path);
}

static void
write_file(const char *block, const uint8_t *data, size_t size)
{
	static int fd = -1;
	FILE *out;

	if (fd < 0) {
		fd = mkstemp(path);
		atexit(remove_file);
		setenv("SSL_CERT_FILE", path, 1);
		setenv("SSL_CERT_DIR", CERTS "ca-dir", 1);
	}
	claim(fd >= 0 && (out = fopen(path, "w")) != NULL);
	if (block != NULL)
		claim(PEM_write(out, block, "", data, (long)size) > 0);
	else
		claim(fwrite(data, 1, size, out) == size);
	claim(fclose(out) == 0);
}

/* Verify one of our certificates with whatever is trusted now. */
static void
verify(X509_STORE *store)
{
	static X509 *leaf;
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();

	if (leaf == NULL)
		leaf = fixture_cert("server");
	claim(ctx != NULL && X509_STORE_CTX_init(ctx, store, leaf, NULL));
	(void)X509_verify_cert(ctx);
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
}

static X509_STORE *
new_store(bool checks)
{
	X509_STORE *store = X509_STORE_new();

	claim(store != NULL);
	if (checks)
		X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
	return store;
}

static void
claim_told(int rv, const struct iss_error *err)
{
	claim((rv != 0) == iss_error_is_set(err));
	claim(rv == 0 || strncmp(err->text, path, strlen(path)) == 0);
	claim(ERR_peek_error() == 0);
}

static void
as_cas(bool checks)
{
	X509_STORE *store = new_store(checks);
	struct iss_error err;
	int rv;

	iss_error_clear(&err);
	rv = iss_trust_add_file(&err, store, path);
	claim_told(rv, &err);
	verify(store);
	X509_STORE_free(store);
}

static void
as_lists(void)
{
	X509_STORE *store = new_store(true);
	struct iss_error err;
	int rv;

	iss_error_clear(&err);
	claim(iss_trust_add_file(&err, store, CERTS "ca.pem") == 0);
	rv = iss_trust_add_crl_file(&err, store, path);
	claim_told(rv, &err);
	verify(store);
	X509_STORE_free(store);
}

static void
as_names(void)
{
	STACK_OF(X509_NAME) *names = NULL;
	struct iss_error err;
	int rv;

	iss_error_clear(&err);
	rv = iss_trust_subjects(&err, path, &names);
	claim_told(rv, &err);
	claim((rv == 0) == (names != NULL));
	claim(rv != 0 || sk_X509_NAME_num(names) > 0);
	sk_X509_NAME_pop_free(names, X509_NAME_free);
}

static void
as_default(void)
{
	struct iss_trust_default where;
	X509_STORE *store = new_store(false);
	const char *dirs;
	struct iss_error err;
	int rv;

	iss_error_clear(&err);
	claim(iss_trust_default_init(&err, &where) == 0);
	if (where.file != NULL) { /* which was not parsed yet */
		claim(strcmp(where.file, path) == 0);
		rv = iss_trust_add_file(&err, store, where.file);
		claim_told(rv, &err);
	}
	if ((dirs = where.dirs) != NULL)
		claim(iss_trust_add_dirs(&err, store, &dirs, 1) == 0);
	iss_trust_default_release(&where);
	verify(store);
	X509_STORE_free(store);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *block = size > 0 ? blocks[data[0] % N_BLOCKS] : NULL;

	if (size == 0 || (size == 1 && block != NULL))
		return 0;
	write_file(block, data + 1, size - 1);
	as_cas(data[0] & 4);
	as_lists();
	as_names();
	as_default();
	return 0;
}
