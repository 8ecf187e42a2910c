/*
 * Filling an X509_STORE.
 *
 * The shared CA files hang on the store's ex_data.  Two callbacks of the store
 * first copy all certificates of the wanted name from the files into the store,
 * then do what OpenSSL does.  An X509_LOOKUP would not do: OpenSSL asks it only
 * for names of which the store has no certificate, so one that a program adds
 * would hide those of the same name in the file (a CA with a new key).
 */
#include "x509/trust.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base/buf.h"
#include "base/file.h"
#include "x509/ca_cache.h"
#include "base/compat.h"
#include "base/ex_index.h"

#define PATH_LIST_SEPARATOR ":"

/* The sets of one store. */
struct sets {
	size_t count;
	struct iss_ca_file **list;
};

static void
sets_free(struct sets *sets)
{
	size_t i;

	if (sets == NULL)
		return;
	for (i = 0; i < sets->count; i++)
		iss_ca_file_free(sets->list[i]);
	free(sets->list);
	free(sets);
}

ISS_EX_INDEX_OWNED(store_index, X509_STORE, sets_free);

/*
 * Add to the store all certificates of this name in its files; the store drops
 * those that it has already.  False when memory runs out.
 */
static bool
fetch_certs(X509_STORE *store, const X509_NAME *name)
{
	const struct sets *sets = X509_STORE_get_ex_data(store, store_index());
	size_t i, n, count;
	X509 *cert;

	for (i = 0; sets != NULL && i < sets->count; i++) {
		count = iss_ca_file_find(sets->list[i], name, &n);
		for (; count > 0; count--, n++) {
			cert = iss_ca_file_get0_cert(sets->list[i], n);
			if (cert != NULL && !X509_STORE_add_cert(store, cert))
				return false;
		}
	}
	return true;
}

static int
get_issuer(X509 **issuer, X509_STORE_CTX *ctx, iss_compat_store_cert *cert)
{
	if (!fetch_certs(
		X509_STORE_CTX_get0_store(ctx), X509_get_issuer_name(cert)))
		return -1;
	return X509_STORE_CTX_get1_issuer(issuer, ctx, cert);
}

static STACK_OF(X509) *
    lookup_certs(iss_compat_lookup_ctx *ctx, iss_compat_store_name *name)
{
	if (!fetch_certs(X509_STORE_CTX_get0_store(ctx), name))
		return NULL;
	return X509_STORE_CTX_get1_certs(ctx, name);
}

/* The sets of the store; made, and the callbacks set, at the first call. */
static struct sets *
sets_of(X509_STORE *store)
{
	struct sets *sets;

	if ((sets = X509_STORE_get_ex_data(store, store_index())) != NULL)
		return sets;
	if ((sets = calloc(1, sizeof(*sets))) == NULL)
		return NULL;
	if (!X509_STORE_set_ex_data(store, store_index(), sets)) {
		free(sets);
		return NULL;
	}
	X509_STORE_set_get_issuer(store, get_issuer);
	X509_STORE_set_lookup_certs(store, lookup_certs);
	return sets;
}

/* Attach the file, taking a reference. */
static int
attach_file(struct iss_error *err, X509_STORE *store, struct iss_ca_file *set)
{
	struct sets *sets = sets_of(store);
	struct iss_ca_file **list;

	if (sets == NULL)
		return iss_error_set(err, "out of memory");
	list = realloc(sets->list, (sets->count + 1) * sizeof(*list));
	if (list == NULL)
		return iss_error_set(err, "out of memory");
	iss_ca_file_up_ref(set);
	sets->list = list;
	sets->list[sets->count++] = set;
	return ISS_OK;
}

static int
add_crls(struct iss_error *err, X509_STORE *store,
    const struct iss_ca_file *set, const char *file)
{
	const STACK_OF(X509_CRL) *crls = iss_ca_file_get0_crls(set);
	int i;

	for (i = 0; i < sk_X509_CRL_num(crls); i++)
		if (!X509_STORE_add_crl(store, sk_X509_CRL_value(crls, i)))
			return iss_error_openssl(err, "%s", file);
	return ISS_OK;
}

int
iss_trust_add_file(struct iss_error *err, X509_STORE *store, const char *file)
{
	struct iss_ca_file *set;
	int rv;

	if (iss_ca_cache_get1(err, file, &set) != ISS_OK)
		return ISS_ERROR;
	if (iss_ca_file_count(set) == 0)
		rv = iss_error_set(err, "%s: no certificate found", file);
	else if ((rv = add_crls(err, store, set, file)) == ISS_OK)
		rv = attach_file(err, store, set);
	iss_ca_file_free(set);
	return rv;
}

int
iss_trust_add_crl_file(
    struct iss_error *err, X509_STORE *store, const char *file)
{
	struct iss_ca_file *set;
	int rv;

	if (iss_ca_cache_get1(err, file, &set) != ISS_OK)
		return ISS_ERROR;
	if (sk_X509_CRL_num(iss_ca_file_get0_crls(set)) == 0)
		rv = iss_error_set(err, "%s: no revocation list found", file);
	else
		rv = add_crls(err, store, set, file);
	iss_ca_file_free(set);
	return rv;
}

int
iss_trust_add_cert(struct iss_error *err, X509_STORE *store, X509 *cert)
{
	ERR_clear_error();
	if (!X509_STORE_add_cert(store, cert))
		return iss_error_openssl(err, "cannot add a CA certificate");
	return ISS_OK;
}

/* Take the next path off a list; NULL at its end. */
static char *
next_path(char **rest)
{
	return strtok_r(*rest, PATH_LIST_SEPARATOR, rest);
}

/* A missing directory is recorded in err, but not a failure yet. */
static int
add_dir(
    struct iss_error *err, X509_LOOKUP *lookup, const char *path, bool *found)
{
	DIR *dir = opendir(path);

	/* OpenSSL would silently find nothing */
	if (dir == NULL && (errno == ENOENT || errno == ENOTDIR)) {
		iss_error_errno(err, errno, "%s", path);
		return ISS_OK;
	}
	if (dir != NULL) {
		closedir(dir);
		*found = true;
		if (X509_LOOKUP_add_dir(lookup, path, X509_FILETYPE_PEM))
			return ISS_OK;
	}
	iss_error_clear(err);
	return dir == NULL ? iss_error_errno(err, errno, "%s", path)
			   : iss_error_openssl(err, "%s", path);
}

static int
add_dir_list(
    struct iss_error *err, X509_LOOKUP *lookup, const char *dirs, bool *found)
{
	char *copy = OPENSSL_strdup(dirs);
	char *rest = copy, *path;
	int rv = ISS_OK;

	if (copy == NULL)
		return iss_error_set(err, "out of memory");
	while (rv == ISS_OK && (path = next_path(&rest)) != NULL)
		rv = add_dir(err, lookup, path, found);
	OPENSSL_free(copy);
	return rv;
}

int
iss_trust_add_dirs(struct iss_error *err, X509_STORE *store,
    const char *const *dirs, size_t count)
{
	X509_LOOKUP *lookup =
	    X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());
	bool found = false;
	int rv = ISS_OK;
	size_t i;

	if (lookup == NULL)
		return iss_error_set(err, "out of memory");
	for (i = 0; rv == ISS_OK && i < count; i++)
		rv = add_dir_list(err, lookup, dirs[i], &found);
	if (rv == ISS_OK && found)
		iss_error_clear(err);
	return iss_error_is_set(err) ? ISS_ERROR : rv;
}

int
iss_trust_subjects(
    struct iss_error *err, const char *file, STACK_OF(X509_NAME) * *out)
{
	STACK_OF(X509_NAME) *names = sk_X509_NAME_new_null();
	struct iss_ca_file *set = NULL;
	int rv;

	if (names == NULL)
		return iss_error_set(err, "out of memory");
	rv = iss_ca_cache_get1(err, file, &set);
	if (rv == ISS_OK && !iss_ca_file_copy_subjects(set, names))
		rv = iss_error_set(err, "out of memory");
	if (rv == ISS_OK && sk_X509_NAME_num(names) == 0)
		rv = iss_error_set(err, "%s: no certificate found", file);
	if (rv == ISS_OK) {
		*out = names;
		names = NULL;
	}
	sk_X509_NAME_pop_free(names, X509_NAME_free);
	iss_ca_file_free(set);
	return rv;
}

/* A variable of the environment, if it is set and can be trusted; else the
 * built-in value. */
static const char *
env_or(const char *name, const char *built_in)
{
	const char *value;

	if (getuid() != geteuid() || getgid() != getegid())
		return built_in;
	value = getenv(name);
	return value != NULL && *value != '\0' ? value : built_in;
}

/* Is there the end of a PEM block of a certificate, or the beginning of DER?
 * Damaged ones count: whoever loads the file reports them. */
static bool
has_certificate(const struct iss_buf *bytes)
{
	static const char mark[] = "CERTIFICATE-----";
	const size_t len = sizeof(mark) - 1;
	const char *text = iss_buf_text(bytes);
	size_t i;

	if (bytes->len > 0 && text[0] == 0x30)
		return true;
	for (i = 0; i + len <= bytes->len; i++)
		if (text[i] == mark[0] && memcmp(text + i, mark, len) == 0)
			return true;
	return false;
}

static bool
is_usable_file(const char *path)
{
	struct iss_error err;
	struct iss_buf bytes;
	struct stat st;
	bool usable;

	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return false;
	iss_error_clear(&err);
	iss_buf_init(&bytes, ISS_FILE_MAX);
	usable = iss_file_read(&err, path, &bytes, NULL) == ISS_OK &&
		 has_certificate(&bytes);
	iss_buf_release(&bytes);
	return usable;
}

/* A name that openssl-rehash(1) gives to a certificate: "5ed36f99.0".
 * Revocation lists ("5ed36f99.r0") do not count. */
static bool
is_hashed_name(const char *name)
{
	size_t digits = strspn(name, "0123456789abcdef");
	const char *number = name + digits + 1;

	return digits == 8 && name[8] == '.' && *number != '\0' &&
	       number[strspn(number, "0123456789")] == '\0';
}

static bool
is_usable_dir(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	bool found = false;

	if (dir == NULL)
		return false;
	while (!found && (entry = readdir(dir)) != NULL)
		found = is_hashed_name(entry->d_name);
	closedir(dir);
	return found;
}

/* Those of the directories that are usable, NULL if there are none.  False
 * when memory runs out. */
static bool
usable_dirs(const char *dirs, char **out)
{
	char *kept = OPENSSL_zalloc(strlen(dirs) + 1);
	char *copy = OPENSSL_strdup(dirs), *rest = copy, *dir;
	bool ok = kept != NULL && copy != NULL;

	while (ok && (dir = next_path(&rest)) != NULL) {
		if (!is_usable_dir(dir))
			continue;
		if (*kept != '\0')
			strcat(kept, PATH_LIST_SEPARATOR);
		strcat(kept, dir);
	}
	OPENSSL_free(copy);
	if (!ok || *kept == '\0') {
		OPENSSL_free(kept);
		kept = NULL;
	}
	*out = kept;
	return ok;
}

int
iss_trust_default_init(struct iss_error *err, struct iss_trust_default *where)
{
	const char *file = env_or(
	    X509_get_default_cert_file_env(), X509_get_default_cert_file());
	const char *dirs = env_or(
	    X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
	bool ok = usable_dirs(dirs, &where->dirs);

	where->file = NULL;
	if (is_usable_file(file))
		ok = (where->file = OPENSSL_strdup(file)) != NULL && ok;
	if (ok)
		return ISS_OK;
	iss_trust_default_release(where);
	return iss_error_set(err, "out of memory");
}

void
iss_trust_default_release(struct iss_trust_default *where)
{
	OPENSSL_free(where->file);
	OPENSSL_free(where->dirs);
	memset(where, 0, sizeof(*where));
}
