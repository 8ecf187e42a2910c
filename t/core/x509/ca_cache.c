/*
 * CA files that are remembered: when one is read again, and which is forgotten.
 */
#define _XOPEN_SOURCE 700 /* realpath */
#include "x509/ca_cache.h"

#include <poll.h>
#include <unistd.h>

#include <openssl/err.h>

#include "fixture.h"
#include "tap.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct iss_error err;

static struct iss_ca_file *
set_of(const char *path)
{
	struct iss_ca_file *set = NULL;

	if (iss_ca_cache_get1(&err, path, &set) != 0)
		diag("%s", err.text);
	iss_error_clear(&err);
	return set;
}

/* A file that changed in the last seconds is not remembered: wait until it
 * is, which a checkout of this second makes necessary. */
static void
wait_until_remembered(const char *path)
{
	struct iss_ca_file *a, *b;
	bool same = false;
	int i;

	for (i = 0; !same && i < 100; i++) {
		if (i > 0)
			poll(NULL, 0, 50);
		a = set_of(path);
		b = set_of(path);
		same = a == b;
		iss_ca_file_free(a);
		iss_ca_file_free(b);
	}
	ok(same, "an unchanged file is parsed once");
}

/* Append t/certs/NAME.pem, then blank lines up to a size. */
static void
append_cert(FILE *out, const char *name, long size)
{
	X509 *cert = fixture_cert(name);

	if (out == NULL || !PEM_write_X509(out, cert)) {
		printf("Bail out! cannot write %s\n", name);
		exit(2);
	}
	X509_free(cert);
	while (ftell(out) < size)
		fputc('\n', out);
}

/* Files which this writes differ neither in size nor in inode. */
static void
write_cert(const char *path, const char *name)
{
	FILE *out = fopen(path, "w");

	append_cert(out, name, 8192);
	fclose(out);
}

static bool
is_number(struct iss_ca_file *set, size_t number, const X509 *want)
{
	X509 *cert = number < iss_ca_file_count(set)
			 ? iss_ca_file_get0_cert(set, number)
			 : NULL;

	return cert != NULL && X509_cmp(cert, want) == 0;
}

/* Is this the one certificate of the set? */
static bool
is_set_of(struct iss_ca_file *set, const char *name)
{
	X509 *want = fixture_cert(name);
	bool same = set != NULL && iss_ca_file_count(set) == 1 &&
		    is_number(set, 0, want);

	X509_free(want);
	return same;
}

/* Let the link lead to this file, wherever it led before. */
static void
relink(const char *link, const char *file)
{
	char *path = realpath(file, NULL);

	unlink(link);
	if (path == NULL || symlink(path, link) != 0) {
		printf("Bail out! cannot link %s to %s\n", link, file);
		exit(2);
	}
	free(path);
}

/* Whatever way a file changes, the next look sees it; who holds the old set
 * keeps it. */
static void
test_changes(const char *path)
{
	struct iss_ca_file *before, *after;
	int i, good = 0;

	/* often: where the clock of files is coarse, some of both have
	 * the same time */
	for (i = 0; i < 50; i++) {
		write_cert(path, "ca");
		before = set_of(path);
		write_cert(path, "other-ca");
		after = set_of(path);
		good += is_set_of(after, "other-ca") && is_set_of(before, "ca");
		iss_ca_file_free(before);
		iss_ca_file_free(after);
	}
	is_int(good, 50, "each time it is written it is read anew");

	relink(path, CERTS "ca.pem");
	before = set_of(path);
	after = set_of(CERTS "ca.pem");
	ok(before == after, "the same file by another name");
	iss_ca_file_free(after);
	relink(path, CERTS "other-ca.pem");
	after = set_of(path);
	ok(is_set_of(after, "other-ca"), "another file by the same name");
	ok(is_set_of(before, "ca"), "the old set is as it was");
	iss_ca_file_free(before);
	iss_ca_file_free(after);

	unlink(path);
	is_int(iss_ca_cache_get1(&err, path, &after), ISS_ERROR,
	    "a file that is gone is gone");
	iss_error_clear(&err);
}

/* More files than are remembered. */
static void
test_many_files(void)
{
	static const char *const names[] = { "sub-ca", "other-ca",
		"namesake-ca", "server", "server-ecdsa", "server-sub",
		"server2", "wrong-name", "expired", "not-yet-valid",
		"self-signed", "other-server", "namesake-server", "weak-rsa",
		"weak-sha1", "weak-md5", "client", "other-client", "revoked",
		"cn-only" };
	struct iss_ca_file *first = set_of(CERTS "ca.pem"), *set;
	char path[256];
	size_t i, good = 0;

	for (i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), CERTS "%s.pem", names[i]);
		set = set_of(path);
		good += is_set_of(set, names[i]);
		iss_ca_file_free(set);
	}
	is_int((long long)good, COUNT(names), "each file gives its own set");
	set = set_of(CERTS "ca.pem");
	ok(set != first, "the least recently used was forgotten");
	ok(is_set_of(first, "ca") && is_set_of(set, "ca"),
	    "by the memory, not by its holders");
	iss_ca_file_free(first);
	iss_ca_file_free(set);
}

int
main(void)
{
	char dir[] = "/tmp/iss-caset-XXXXXX", path[64];

	wait_until_remembered(CERTS "ca.pem");
	test_many_files();
	if (ok(mkdtemp(dir) != NULL, "a folder")) {
		snprintf(path, sizeof(path), "%s/ca.pem", dir);
		test_changes(path);
		rmdir(dir);
	}
	is_int((long long)ERR_peek_error(), 0, "the queue is left empty");
	return tap_done();
}
