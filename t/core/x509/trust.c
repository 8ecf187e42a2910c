/*
 * What a store trusts: files shared between stores, directories, handles,
 * revocation lists, and where the defaults are.
 */
#include "x509/trust.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "x509/ca_cache.h"
#include "fixture.h"
#include "tap.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	REVOKED = X509_V_ERR_CERT_REVOKED,
	NO_ISSUER = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
	NO_CRL = X509_V_ERR_UNABLE_TO_GET_CRL,
	CRL_LEAF = X509_V_FLAG_CRL_CHECK,
	CRL_ALL = X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL,
	PARTIAL = X509_V_FLAG_PARTIAL_CHAIN
};

static struct iss_error err;

/* The verdict of the store, X509_V_*, on a server's certificate, which came
 * with another one or with none. */
static int
verdict(
    X509_STORE *store, const char *name, const char *with, unsigned long flags)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *cert = fixture_cert(name);
	int rv;

	if (with != NULL)
		sk_X509_push(chain, fixture_cert(with));
	if (ctx == NULL || !X509_STORE_CTX_init(ctx, store, cert, chain)) {
		printf("Bail out! no X509_STORE_CTX\n");
		exit(2);
	}
	X509_STORE_CTX_set_default(ctx, "ssl_server");
	X509_STORE_CTX_set_flags(ctx, flags);
	rv = X509_verify_cert(ctx) == 1 ? X509_V_OK
					: X509_STORE_CTX_get_error(ctx);
	X509_STORE_CTX_free(ctx);
	X509_free(cert);
	sk_X509_pop_free(chain, X509_free);
	ERR_clear_error();
	return rv;
}

/* Does the store's verdict come out as it should? */
static void
is_verdict(X509_STORE *store, const char *name, const char *with,
    unsigned long flags, int want, const char *about)
{
	int got = verdict(store, name, with, flags);

	if (!is_int(got, want, "%s: %s", about, name))
		diag("%s", X509_verify_cert_error_string(got));
}

static int
add_dirs(struct iss_error *error, X509_STORE *store, const char *dirs)
{
	return iss_trust_add_dirs(error, store, &dirs, 1);
}

/* A store with things in it, named by letter: f: file, c: certificate of
 * that name, d: directories, r: revocation lists. */
static X509_STORE *
store_with(const char *const *things)
{
	X509_STORE *store = X509_STORE_new();
	char path[256];
	X509 *cert;
	int rv = 0;

	for (; rv == 0 && *things != NULL; things++) {
		snprintf(path, sizeof(path), CERTS "%s", *things + 2);
		switch (**things) {
		case 'f':
			rv = iss_trust_add_file(&err, store, path);
			break;
		case 'd':
			rv = add_dirs(&err, store, path);
			break;
		case 'r':
			rv = iss_trust_add_crl_file(&err, store, path);
			break;
		default:
			cert = fixture_cert(*things + 2);
			rv = iss_trust_add_cert(&err, store, cert);
			X509_free(cert);
		}
	}
	if (!is_int(rv, 0, "filled"))
		diag("%s", err.text);
	return store;
}

static const struct trust_case {
	const char *about;
	const char *things[4];
	struct {
		const char *cert;
		const char *with; /* an intermediate, or NULL */
		unsigned long flags;
		int want;
	} verdicts[6];
} trust_cases[] = {
	{ "a file", { "f:ca.pem" },
	    { { "server", NULL, 0, X509_V_OK },
		{ "server-ecdsa", NULL, 0, X509_V_OK },
		{ "server-sub", "sub-ca", 0, X509_V_OK },
		{ "server-sub", NULL, 0, NO_ISSUER },
		{ "other-server", NULL, 0, NO_ISSUER },
		{ "self-signed", NULL, 0,
		    X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT } } },
	{ "nothing", { NULL }, { { "server", NULL, 0, NO_ISSUER } } },
	{ "two files", { "f:ca.pem", "f:other-ca.pem" },
	    { { "server", NULL, 0, X509_V_OK },
		{ "other-server", NULL, 0, X509_V_OK } } },
	{ "a file of several", { "f:bundle.pem" },
	    { { "server", NULL, 0, X509_V_OK },
		{ "other-server", NULL, 0, X509_V_OK },
		{ "expired", NULL, 0, X509_V_ERR_CERT_HAS_EXPIRED } } },
	{ "namesakes in one file", { "f:namesakes.pem" },
	    { { "server", NULL, 0, X509_V_OK },
		{ "namesake-server", NULL, 0, X509_V_OK } } },
	{ "a file, its namesake at hand", { "f:ca.pem", "c:namesake-ca" },
	    { { "namesake-server", NULL, 0, X509_V_OK },
		{ "server", NULL, 0, X509_V_OK } } },
	{ "at hand, its namesake in a file", { "c:namesake-ca", "f:ca.pem" },
	    { { "namesake-server", NULL, 0, X509_V_OK },
		{ "server", NULL, 0, X509_V_OK } } },
	{ "namesakes in two files", { "f:ca.pem", "f:namesake-ca.pem" },
	    { { "namesake-server", NULL, 0, X509_V_OK },
		{ "server", NULL, 0, X509_V_OK } } },
	{ "an intermediate in the file", { "f:sub-ca.pem" },
	    { { "server-sub", NULL, 0, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT },
		{ "server-sub", NULL, PARTIAL, X509_V_OK },
		{ "server-sub", "sub-ca", PARTIAL, X509_V_OK },
		{ "server", NULL, PARTIAL, NO_ISSUER } } },
	{ "a self-signed leaf in the file", { "f:self-signed.pem" },
	    { { "self-signed", NULL, 0, X509_V_OK },
		{ "server", NULL, 0, NO_ISSUER } } },
	{ "a leaf in the file", { "f:server.pem" },
	    { { "server", NULL, PARTIAL, X509_V_OK },
		{ "server", NULL, 0, NO_ISSUER },
		{ "server-ecdsa", NULL, PARTIAL, NO_ISSUER } } },
	{ "trusted for servers", { "f:trusted-server.pem" },
	    { { "server", NULL, 0, X509_V_OK } } },
	{ "rejected for servers", { "f:trusted-not-server.pem" },
	    { { "server", NULL, 0, X509_V_ERR_CERT_REJECTED } } },
	{ "a certificate at hand", { "c:ca" },
	    { { "server", NULL, 0, X509_V_OK },
		{ "other-server", NULL, 0, NO_ISSUER } } },
	{ "a directory", { "d:ca-dir" },
	    { { "server", NULL, 0, X509_V_OK },
		{ "other-server", NULL, 0, NO_ISSUER },
		{ "revoked", NULL, 0, X509_V_OK },
		{ "revoked", NULL, CRL_LEAF, REVOKED },
		{ "server", NULL, CRL_LEAF, X509_V_OK } } },
	{ "two directories", { "d::" CERTS "ca-dir:/" },
	    { { "server", NULL, 0, X509_V_OK } } },
	{ "a directory, others are missing",
	    { "d:none:" CERTS "ca-dir:" CERTS "ca.pem" },
	    { { "server", NULL, 0, X509_V_OK } } },
	{ "a directory and a file", { "d:ca-dir", "f:other-ca.pem" },
	    { { "server", NULL, 0, X509_V_OK },
		{ "other-server", NULL, 0, X509_V_OK } } },
	{ "a revocation list", { "f:ca.pem", "r:crl.pem" },
	    { { "revoked", NULL, CRL_LEAF, REVOKED },
		{ "revoked", NULL, 0, X509_V_OK },
		{ "server", NULL, CRL_LEAF, X509_V_OK },
		{ "revoked-sub", "sub-ca", CRL_LEAF, NO_CRL } } },
	{ "a revocation list in DER", { "f:ca.pem", "r:crl.der" },
	    { { "revoked", NULL, CRL_LEAF, REVOKED } } },
	{ "several revocation lists in a file", { "f:ca.pem", "r:crls.pem" },
	    { { "revoked", NULL, CRL_ALL, REVOKED },
		{ "revoked-sub", "sub-ca", CRL_ALL, REVOKED },
		{ "server-sub", "sub-ca", CRL_ALL, X509_V_OK } } },
	{ "an outdated revocation list", { "f:ca.pem", "r:crl-expired.pem" },
	    { { "server", NULL, CRL_LEAF, X509_V_ERR_CRL_HAS_EXPIRED } } },
	{ "a revocation list in the CA file", { "f:ca-with-crl.pem" },
	    { { "revoked", NULL, CRL_LEAF, REVOKED },
		{ "server", NULL, CRL_LEAF, X509_V_OK } } },
	{ "a certificate in the file of revocation lists",
	    { "r:ca-with-crl.pem" }, { { "server", NULL, 0, NO_ISSUER } } },
	{ "a CA in DER", { "f:server.der" },
	    { { "server", NULL, PARTIAL, X509_V_OK } } },
};

static void
test_trust(const struct trust_case *c)
{
	X509_STORE *store = store_with(c->things);
	size_t i, round;

	/* the second round finds what the first fetched */
	for (round = 0; round < 2; round++)
		for (i = 0; i < 6 && c->verdicts[i].cert != NULL; i++)
			is_verdict(store, c->verdicts[i].cert,
			    c->verdicts[i].with, c->verdicts[i].flags,
			    c->verdicts[i].want, c->about);
	is_text(err.text, "", "%s: no error", c->about);
	iss_error_clear(&err);
	X509_STORE_free(store);
}

typedef int add_fn(struct iss_error *, X509_STORE *, const char *);

static int
subjects(struct iss_error *e, X509_STORE *store, const char *file)
{
	STACK_OF(X509_NAME) *names = NULL;
	int rv = iss_trust_subjects(e, file, &names);

	(void)store;
	sk_X509_NAME_pop_free(names, X509_NAME_free);
	return rv;
}

static const struct bad_case {
	add_fn *add;
	const char *path;
	const char *reason;
	const char *names; /* NULL: path */
	int sys_errno;
} bad_cases[] = {
	{ iss_trust_add_file, CERTS "none.pem", "No such file", NULL, ENOENT },
	{ iss_trust_add_file, CERTS "ca-dir", "s a directory", NULL, EISDIR },
	{ iss_trust_add_file, CERTS "empty.pem", "is empty", NULL, 0 },
	{ iss_trust_add_file, CERTS "garbage.txt", "neither PEM nor DER", NULL,
	    0 },
	{ iss_trust_add_file, CERTS "garbage-block.pem",
	    "certificate in PEM block 1 is damaged", NULL, 0 },
	{ iss_trust_add_file, CERTS "cut-off.pem", "PEM block 1 is damaged",
	    NULL, 0 },
	{ iss_trust_add_file, CERTS "server.key",
	    "no certificate or revocation list found", NULL, 0 },
	{ iss_trust_add_file, CERTS "crl.pem", "no certificate found", NULL,
	    0 },
	{ iss_trust_add_crl_file, CERTS "none.pem", "No such file", NULL,
	    ENOENT },
	{ iss_trust_add_crl_file, CERTS "ca.pem", "no revocation list found",
	    NULL, 0 },
	{ iss_trust_add_crl_file, CERTS "garbage.der", "neither PEM nor DER",
	    NULL, 0 },
	{ add_dirs, CERTS "none", "No such file", NULL, ENOENT },
	{ add_dirs, CERTS "ca.pem", "ot a directory", NULL, ENOTDIR },
	{ add_dirs, CERTS "none:" CERTS "none2", "No such file", CERTS "none",
	    ENOENT },
	{ subjects, CERTS "none.pem", "No such file", NULL, ENOENT },
	{ subjects, CERTS "crl.pem", "no certificate found", NULL, 0 },
	{ subjects, CERTS "garbage.txt", "neither PEM nor DER", NULL, 0 },
};

/* A directory may be missing if there is another one, but not be unusable. */
static void
test_unusable_dir(void)
{
	static char lists[2][5000];
	const char *dirs[2] = { CERTS "ca-dir", lists[0] };
	X509_STORE *store = X509_STORE_new();
	size_t i;

	memset(lists[0], 'x', sizeof(lists[0]) - 1);
	memset(lists[1], 'x', sizeof(lists[1]) - 1);
	strcpy(lists[1] + 4500, ":" CERTS "ca-dir");
	iss_error_clear(&err);
	is_int(iss_trust_add_dirs(&err, store, dirs, 2), ISS_ERROR,
	    "a directory and a name that is too long");
	is_int(err.sys_errno, ENAMETOOLONG, "... errno");
	dirs[0] = lists[1];
	for (i = 1; i <= 2; i++) {
		iss_error_clear(&err);
		is_int(iss_trust_add_dirs(&err, store, dirs, i), ISS_ERROR,
		    "... in the other order, %zu", i);
		is_int(err.sys_errno, ENAMETOOLONG, "... errno");
	}
	X509_STORE_free(store);
}

static void
test_bad(const struct bad_case *c)
{
	const char *names = c->names != NULL ? c->names : c->path;
	X509_STORE *store = X509_STORE_new();

	is_int(c->add(&err, store, c->path), ISS_ERROR, "%s: refused", c->path);
	ok(strncmp(err.text, names, strlen(names)) == 0,
	    "%s: error begins with what is bad", c->path);
	has_text(err.text, c->reason, "%s: reason", c->path);
	is_int(err.sys_errno, c->sys_errno, "%s: errno", c->path);
	is_int((long long)ERR_peek_error(), 0, "%s: empty queue", c->path);
	iss_error_clear(&err);
	X509_STORE_free(store);
}

/* What a program adds to one store, by its handle, is that store's alone. */
static void
test_stores_apart(void)
{
	static const char *const things[] = { "f:ca.pem", NULL };
	X509_STORE *one = store_with(things);
	X509_STORE *two = store_with(things);
	X509 *other = fixture_cert("other-ca");
	X509 *namesake = fixture_cert("namesake-ca");

	X509_STORE_add_cert(one, other);
	X509_STORE_add_cert(one, namesake);
	is_verdict(one, "other-server", NULL, 0, X509_V_OK, "added to it");
	is_verdict(one, "namesake-server", NULL, 0, X509_V_OK, "added to it");
	is_verdict(one, "server", NULL, 0, X509_V_OK, "still in the file");
	is_verdict(
	    two, "other-server", NULL, 0, NO_ISSUER, "added to another store");
	is_verdict(two, "namesake-server", NULL, 0, NO_ISSUER,
	    "added to another store");
	X509_STORE_free(one);
	is_verdict(two, "server", NULL, 0, X509_V_OK, "the other is gone");
	X509_STORE_free(two);
	X509_free(other);
	X509_free(namesake);
}

/* The store of an SSL_CTX, filled in place and made before. */
static void
test_ssl_ctx(void)
{
	static const char *const things[] = { "f:ca.pem", NULL };
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	X509_STORE *store;

	iss_trust_add_file(&err, SSL_CTX_get_cert_store(ctx), CERTS "ca.pem");
	is_verdict(SSL_CTX_get_cert_store(ctx), "server", NULL, 0, X509_V_OK,
	    "store of a context");
	store = store_with(things);
	SSL_CTX_set_cert_store(ctx, store);
	X509_STORE_up_ref(store);
	SSL_CTX_free(ctx);
	is_verdict(store, "server", NULL, 0, X509_V_OK,
	    "store that outlives its context");
	X509_STORE_free(store);
}

/* Write a certificate that is damaged behind its subject, then a good one. */
static void
write_damaged(FILE *out, const char *damaged, const char *good)
{
	X509 *cert = fixture_cert(damaged);
	unsigned char *der = NULL;
	int i, len = i2d_X509(cert, &der);

	for (i = 0; i < 8; i++)
		der[len - 270 - i] ^= 0xff; /* around its signature's type */
	PEM_write(out, "CERTIFICATE", "", der, len);
	OPENSSL_free(der);
	X509_free(cert);
	cert = fixture_cert(good);
	PEM_write_X509(out, cert);
	X509_free(cert);
	fclose(out);
}

/* It is as if the damaged one were not there. */
static void
test_damaged(void)
{
	X509_STORE *store = X509_STORE_new();
	char path[] = "/tmp/iss-trust-XXXXXX";
	struct iss_ca_file *set = NULL;
	X509 *cert = fixture_cert("ca");
	size_t first;

	write_damaged(fdopen(mkstemp(path), "w"), "ca", "other-ca");
	is_int(iss_ca_cache_get1(&err, path, &set), 0, "set with damage in it");
	is_int((long long)iss_ca_file_find(
		   set, X509_get_subject_name(cert), &first),
	    1, "a damaged certificate has its subject");
	ok(iss_ca_file_get0_cert(set, first) == NULL, "and cannot be had");
	ok(iss_ca_file_get0_cert(set, first) == NULL, "nor the second time");
	is_int((long long)ERR_peek_error(), 0, "the queue is left empty");

	is_int(iss_trust_add_file(&err, store, path), 0, "it can be trusted");
	is_verdict(store, "server", NULL, 0, NO_ISSUER, "damaged CA");
	is_verdict(store, "other-server", NULL, 0, X509_V_OK, "the next CA");
	unlink(path);
	iss_ca_file_free(set);
	X509_STORE_free(store);
	X509_free(cert);
}

static void
test_subjects(void)
{
	STACK_OF(X509_NAME) *names = NULL;
	char line[256];

	is_int(iss_trust_subjects(&err, CERTS "bundle.pem", &names), 0,
	    "subjects of a file");
	is_int(sk_X509_NAME_num(names), 2, "each comes once");
	if (sk_X509_NAME_num(names) == 2) {
		X509_NAME_oneline(
		    sk_X509_NAME_value(names, 0), line, sizeof(line));
		is_text(line, "/C=DE/O=IO-Socket-SSL/CN=Test CA", "first");
		X509_NAME_oneline(
		    sk_X509_NAME_value(names, 1), line, sizeof(line));
		is_text(line, "/C=DE/O=IO-Socket-SSL/CN=Other CA", "second");
	}
	sk_X509_NAME_pop_free(names, X509_NAME_free);
}

static void
is_default(const char *file, const char *dirs, const char *about)
{
	struct iss_trust_default where;

	is_int(iss_trust_default_init(&err, &where), 0, "%s", about);
	is_text(where.file, file, "%s: file", about);
	is_text(where.dirs, dirs, "%s: directories", about);
	iss_trust_default_release(&where);
}

/* Are the variables of the environment followed? */
static void
is_followed(bool wanted, const char *about)
{
	struct iss_trust_default where;

	is_int(iss_trust_default_init(&err, &where), 0, "%s", about);
	ok((where.file != NULL && strcmp(where.file, CERTS "ca.pem") == 0) ==
		wanted,
	    "... the file is %s", where.file != NULL ? where.file : "none");
	ok((where.dirs != NULL && strcmp(where.dirs, CERTS "ca-dir") == 0) ==
		wanted,
	    "... the directory is %s",
	    where.dirs != NULL ? where.dirs : "none");
	iss_trust_default_release(&where);
}

/* A program with more rights than its user does not trust his environment. */
static void
test_other_rights(void)
{
	setenv("SSL_CERT_FILE", CERTS "ca.pem", 1);
	setenv("SSL_CERT_DIR", CERTS "ca-dir", 1);
	is_followed(true, "the rights of the user");
	if (setegid(getegid() + 1) == 0) {
		is_followed(false, "those of another group");
		is_int(setegid(getgid()), 0, "... and back");
	} else {
		diag("no other rights: %s", strerror(errno));
	}
	if (seteuid(geteuid() + 1) == 0) {
		is_followed(false, "those of another user");
		is_int(seteuid(getuid()), 0, "... and back");
	}
	unsetenv("SSL_CERT_FILE");
	unsetenv("SSL_CERT_DIR");
}

/* What is set to something stands for both variables, so that no place of
 * the machine's own is looked at. */
static const struct default_case {
	const char *about;
	const char *env_file, *env_dir;
	const char *file, *dirs;
} default_cases[] = {
	{ "both", CERTS "ca.pem", CERTS "ca-dir", CERTS "ca.pem",
	    CERTS "ca-dir" },
	{ "no such file", CERTS "none.pem", CERTS "ca-dir", NULL,
	    CERTS "ca-dir" },
	{ "an empty file", CERTS "empty.pem", CERTS "ca-dir", NULL,
	    CERTS "ca-dir" },
	{ "a file without a certificate", CERTS "garbage.txt", CERTS "ca-dir",
	    NULL, CERTS "ca-dir" },
	{ "a key alone", CERTS "server.key", CERTS "ca-dir", NULL,
	    CERTS "ca-dir" },
	{ "DER", CERTS "server.der", CERTS "none", CERTS "server.der", NULL },
	{ "a directory as file", CERTS "ca-dir", CERTS "ca-dir", NULL,
	    CERTS "ca-dir" },
	{ "no such directory", CERTS "ca.pem", CERTS "none", CERTS "ca.pem",
	    NULL },
	{ "no hashed name", CERTS "ca.pem", CERTS, CERTS "ca.pem", NULL },
	{ "some of several directories", CERTS "none.pem",
	    ":" CERTS "none:" CERTS "ca-dir:" CERTS ":" CERTS "ca-dir", NULL,
	    CERTS "ca-dir:" CERTS "ca-dir" },
	{ "neither", CERTS "none.pem", CERTS "none", NULL, NULL },
};

/* OpenSSL's own places depend on the machine: what is told must be there. */
static void
test_default(void)
{
	const struct default_case *c;
	struct iss_trust_default own;

	unsetenv("SSL_CERT_FILE");
	unsetenv("SSL_CERT_DIR");
	is_int(iss_trust_default_init(&err, &own), 0, "OpenSSL's own");
	ok(own.file == NULL || access(own.file, R_OK) == 0, "file is there");
	ok(own.dirs == NULL || access(own.dirs, R_OK | X_OK) == 0,
	    "directory is there");
	diag("default: file %s, directory %s", own.file ? own.file : "none",
	    own.dirs ? own.dirs : "none");

	for (c = default_cases; c < default_cases + COUNT(default_cases); c++) {
		setenv("SSL_CERT_FILE", c->env_file, 1);
		setenv("SSL_CERT_DIR", c->env_dir, 1);
		is_default(c->file, c->dirs, c->about);
	}
	setenv("SSL_CERT_FILE", "", 1);
	is_default(own.file, NULL, "an empty variable is none");
	iss_trust_default_release(&own);
	ok(own.file == NULL && own.dirs == NULL, "released");
	unsetenv("SSL_CERT_FILE");
	unsetenv("SSL_CERT_DIR");
}

enum { THREADS = 4, ROUNDS = 40, LOOKS = 2000 };

static X509_STORE *shared_store;

/* Held until all threads are there. */
static pthread_mutex_t start = PTHREAD_MUTEX_INITIALIZER;

/* Looks at the memory of sets with nothing between them that would order the
 * threads; then a store of this thread's own, and one that all fill while
 * they verify. */
static void *
thread_run(void *arg)
{
	static const char *const files[] = { CERTS "ca.pem", CERTS "bundle.pem",
		CERTS "namesakes.pem" };
	struct iss_error e = { 0 };
	struct iss_ca_file *set;
	int *bad = arg;
	int i;

	pthread_mutex_lock(&start);
	pthread_mutex_unlock(&start);
	for (i = 0; i < LOOKS; i++) {
		*bad += iss_ca_cache_get1(&e, files[i % 3], &set) != 0;
		iss_ca_file_free(set);
	}
	for (i = 0; i < ROUNDS; i++) {
		X509_STORE *store = X509_STORE_new();

		*bad += iss_trust_add_file(&e, store, files[i % 3]) != 0;
		*bad += verdict(store, "server", NULL, 0) != X509_V_OK;
		*bad += verdict(shared_store, "server", NULL, 0) != X509_V_OK;
		*bad +=
		    verdict(shared_store, "other-server", NULL, 0) != X509_V_OK;
		X509_STORE_free(store);
	}
	return NULL;
}

static void
test_threads(void)
{
	static const char *const things[] = { "f:bundle.pem", NULL };
	pthread_t threads[THREADS];
	int i, bad[THREADS] = { 0 }, sum = 0;

	shared_store = store_with(things);
	pthread_mutex_lock(&start);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, thread_run, &bad[i]))
			printf("Bail out! no threads\n");
	pthread_mutex_unlock(&start);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		sum += bad[i];
	}
	is_int(sum, 0, "verdicts in %d threads at once", THREADS);
	X509_STORE_free(shared_store);
}

int
main(void)
{
	size_t i;

	test_threads(); /* while nothing is remembered */
	for (i = 0; i < COUNT(trust_cases); i++)
		test_trust(&trust_cases[i]);
	for (i = 0; i < COUNT(bad_cases); i++)
		test_bad(&bad_cases[i]);
	test_unusable_dir();
	test_stores_apart();
	test_ssl_ctx();
	test_damaged();
	test_subjects();
	test_default();
	test_other_rights();
	is_int((long long)ERR_peek_error(), 0, "the queue is left empty");
	return tap_done();
}
