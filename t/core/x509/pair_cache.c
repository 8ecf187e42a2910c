/*
 * Pairs of certificate and key that are remembered: which ones, until when, and
 * which is forgotten first.
 */
#define _XOPEN_SOURCE 700
#include "x509/pair_cache.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "fixture.h"
#include "tap.h"

enum { SIZE = 8192, MANY = ISS_PAIR_CACHE_MAX + 1 };

static struct iss_error err;
static char dir[] = "/tmp/iss-pairs-XXXXXX";
static int freed; /* certificates that were watched */

static void
bail(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(2);
}

/* A path in the folder, in one of a few buffers. */
static const char *
in_dir(const char *name, int number)
{
	static char paths[8][128];
	static int next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s%d.pem", dir, name, number);
	return path;
}

/*
 * Write certificate and key of t/certs/NAME to one file, whose size and time of
 * modification are always the same.
 */
static void
write_pair(const char *path, const char *name)
{
	static const struct timespec times[2] = { { 1000000000, 0 },
		{ 1000000000, 0 } };
	X509 *cert = fixture_cert(name);
	EVP_PKEY *key = fixture_key(name);
	FILE *out = fopen(path, "w");

	if (out == NULL || !PEM_write_X509(out, cert) ||
	    !PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL))
		bail(path);
	while (ftell(out) < SIZE)
		fputc('\n', out);
	if (fclose(out) != 0 || utimensat(AT_FDCWD, path, times, 0) != 0)
		bail(path);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static bool
is_of(const struct iss_keypair *pair, const char *name)
{
	X509 *want = fixture_cert(name);
	bool same = pair->cert != NULL && X509_cmp(pair->cert, want) == 0 &&
		    X509_check_private_key(want, pair->key);

	X509_free(want);
	return same;
}

static bool
is_remembered(const char *cert, const char *key)
{
	const struct iss_pair_files files = { cert, key };
	struct iss_keypair pair;
	bool found;

	iss_keypair_init(&pair);
	found = iss_pair_cache_get1(&files, &pair);
	iss_keypair_release(&pair);
	return found;
}

/* Give the memory what the files hold; false if it cannot be loaded. */
static bool
load(const char *cert, const char *key, iss_keypair_password_fn *password,
    struct iss_keypair *pair)
{
	const struct iss_pair_files files = { cert, key };
	unsigned want = key == NULL ? ISS_KEYPAIR_BOTH : ISS_KEYPAIR_CERT;

	iss_keypair_init(pair);
	iss_error_clear(&err);
	if (iss_keypair_load(&err, pair, cert, want, password, NULL) != 0 ||
	    (key != NULL && iss_keypair_load(&err, pair, key, ISS_KEYPAIR_KEY,
				password, NULL) != 0) ||
	    iss_keypair_check(&err, pair, cert, cert) != 0) {
		iss_pair_cache_keep(&files, pair);
		iss_keypair_release(pair);
		return false;
	}
	iss_pair_cache_keep(&files, pair);
	return true;
}

static bool
keep(const char *cert, const char *key)
{
	struct iss_keypair pair;
	bool good;

	if (is_remembered(cert, key))
		return true;
	good = load(cert, key, NULL, &pair);
	iss_keypair_release(&pair);
	return good;
}

/* Files that changed in the last seconds are not remembered: wait until this
 * one is. */
static void
wait_until_remembered(const char *path)
{
	bool found = false;
	int i;

	for (i = 0; !found && i < 200; i++) {
		if (i > 0)
			poll(NULL, 0, 50);
		keep(path, NULL);
		found = is_remembered(path, NULL);
	}
	ok(found, "files that are as they were some seconds ago count");
}

static void
test_fresh_files(void)
{
	const char *path = in_dir("fresh", 0);

	write_pair(path, "server");
	ok(keep(path, NULL), "a file of this second is read");
	ok(!is_remembered(path, NULL), "... and not remembered");
}

static int
tell_password(void *arg, char *buf, size_t size)
{
	(void)arg;
	(void)size;
	memcpy(buf, "secret", 6);
	return 6;
}

static void
test_guarded(void)
{
	static const struct {
		const char *name, *cert, *key;
	} cases[] = {
		{ "a key with a pass phrase", CERTS "server.pem",
		    CERTS "encrypted.key" },
		{ "... in the traditional form", CERTS "server.pem",
		    CERTS "encrypted-rsa.key" },
		{ "PKCS#12 without a password", CERTS "server-sub.p12", NULL },
		{ "PKCS#12 with a password", CERTS "server-sub-secret.p12",
		    NULL },
	};
	struct iss_keypair pair;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		ok(load(cases[i].cert, cases[i].key, tell_password, &pair),
		    "%s is loaded", cases[i].name);
		iss_keypair_release(&pair);
		ok(!is_remembered(cases[i].cert, cases[i].key),
		    "... and not remembered");
	}
}

static void
test_failures(void)
{
	ok(!keep(CERTS "server.pem", CERTS "server2.key"),
	    "a key of another certificate");
	ok(!is_remembered(CERTS "server.pem", CERTS "server2.key"),
	    "... is not remembered");
	ok(!keep(CERTS "server.pem", CERTS "garbage.txt"), "no key");
	ok(!is_remembered(CERTS "server.pem", CERTS "garbage.txt"),
	    "... is not remembered");
	ok(!is_remembered("/nowhere", NULL) &&
		!is_remembered("/dev/null", NULL),
	    "nor what is not a file");
}

static void
test_found(void)
{
	const struct iss_pair_files files = { CERTS "server-sub-chain.pem",
		CERTS "server-sub.key" };
	struct iss_keypair first, again;

	ok(load(files.cert, files.key, NULL, &first), "certificate and key");
	iss_keypair_init(&again);
	ok(iss_pair_cache_get1(&files, &again), "... are remembered");
	ok(again.cert == first.cert && again.key == first.key && again.matched,
	    "... and shared");
	is_int(sk_X509_num(again.chain), sk_X509_num(first.chain),
	    "with the chain");
	ok(again.chain != first.chain, "in a list of its own");
	iss_keypair_release(&first);
	ok(is_of(&again, "server-sub"), "by whoever holds them");
	iss_keypair_release(&again);
}

/* The inode, size and time of modification stay; the content changes. */
static void
test_replaced(const char *path)
{
	struct iss_keypair pair;

	ok(is_remembered(path, NULL), "a file");
	write_pair(path, "server2");
	ok(!is_remembered(path, NULL), "is not taken for what it was before");
	ok(load(path, NULL, NULL, &pair) && is_of(&pair, "server2"),
	    "its new content counts");
	iss_keypair_release(&pair);
}

static void
count_freed(
    void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	(void)parent;
	(void)ad;
	(void)idx;
	(void)argl;
	(void)argp;
	freed += ptr != NULL;
}

/* Count it in freed when the last reference to the file's certificate goes. */
static void
watch(const char *path)
{
	static int index = -1;
	const struct iss_pair_files files = { path, NULL };
	struct iss_keypair pair;

	if (index < 0)
		index = CRYPTO_get_ex_new_index(
		    CRYPTO_EX_INDEX_X509, 0, NULL, NULL, NULL, count_freed);
	iss_keypair_init(&pair);
	if (!iss_pair_cache_get1(&files, &pair) ||
	    !X509_set_ex_data(pair.cert, index, &freed))
		bail("cannot watch a certificate");
	iss_keypair_release(&pair);
	freed = 0;
}

static void
test_gone(const char *path)
{
	watch(path);
	unlink(path);
	ok(!is_remembered(path, NULL), "a file that is gone is gone");
	is_int(freed, 1, "... and its key no longer in memory");
}

/* More pairs than are remembered. */
static void
test_many(void)
{
	int i, kept = 0;

	keep(in_dir("many", 0), NULL);
	keep(in_dir("many", 1), NULL);
	watch(in_dir("many", 1));
	ok(is_remembered(in_dir("many", 0), NULL), "the first is used again");
	for (i = 2; i < MANY; i++)
		keep(in_dir("many", i), NULL);
	is_int(freed, 1, "the least recently used went, and was freed");
	for (i = 0; i < MANY; i++)
		kept += is_remembered(in_dir("many", i), NULL);
	is_int(kept, ISS_PAIR_CACHE_MAX, "the others stay");
}

/* The child of a process that remembers a pair does, too. */
static void
test_fork(const char *path)
{
	int status = -1;
	pid_t pid;

	keep(path, NULL);
	fflush(stdout);
	if ((pid = fork()) == 0)
		_exit(is_remembered(path, NULL) ? 0 : 1);
	waitpid(pid, &status, 0);
	is_int(status, 0, "remembered after fork");
	ok(is_remembered(path, NULL), "on both sides");
}

/* A process that dropped its privileges gets no key that it may not read. */
static void
test_privileges(const char *path)
{
	bool found;

	if (geteuid() != 0) {
		ok(1, "skipped: only root can drop privileges");
		return;
	}
	keep(path, NULL);
	if (chmod(dir, 0755) != 0 || seteuid(65534) != 0)
		bail("cannot drop privileges");
	found = is_remembered(path, NULL);
	if (seteuid(0) != 0)
		bail("cannot be root again");
	ok(!found, "a key that may not be read is not handed out");
	ok(is_remembered(path, NULL), "... but to who may");
}

static void
make_files(void)
{
	int i;

	umask(077);
	if (mkdtemp(dir) == NULL)
		bail("no folder");
	for (i = 0; i < MANY; i++)
		write_pair(in_dir("many", i), "server");
}

int
main(void)
{
	int i;

	make_files();
	test_fresh_files();
	wait_until_remembered(in_dir("many", MANY - 1));
	test_guarded();
	test_failures();
	test_found();
	test_fork(in_dir("many", 5));
	test_privileges(in_dir("many", 6));
	test_many();
	test_replaced(in_dir("many", 7));
	test_gone(in_dir("many", 8));
	for (i = 0; i < MANY; i++)
		unlink(in_dir("many", i));
	unlink(in_dir("fresh", 0));
	rmdir(dir);
	is_int((long long)ERR_peek_error(), 0, "the queue is left empty");
	return tap_done();
}
