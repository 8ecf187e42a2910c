/*
 * Digests of files and folders: the content counts, the place does not.
 */
#include "base/file_digest.h"

#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"
#include "tap.h"

typedef unsigned char digest[ISS_FILE_DIGEST_LEN];

static bool
same(const char *one, const char *other)
{
	digest a, b;

	return iss_file_digest(one, a) && iss_file_digest(other, b) &&
	       memcmp(a, b, sizeof(a)) == 0;
}

static void
test_files(void)
{
	const char *a = scratch_write("a", "one", 3);
	const char *b = scratch_write("b", "one", 3);
	digest before, after;

	ok(same(a, b), "two files with one content");
	ok(iss_file_digest(b, before), "a digest");
	b = scratch_write("b", "two", 3);
	ok(!same(a, b), "... which changes with the content");
	ok(iss_file_digest(b, after) &&
		memcmp(before, after, sizeof(before)) != 0,
	    "... although it was just asked for");
	ok(!iss_file_digest(scratch_path("none"), after), "no such file");
	ok(!iss_file_digest(scratch_write("empty", "", 0), after),
	    "an empty file");
	ok(!iss_file_digest("/dev/null", after), "a device");
}

/* A settled file is remembered by its stamp, not by its path. */
static void
test_remembered(void)
{
	const char *system = "/etc/passwd";
	digest first, second;

	ok(iss_file_digest(system, first) && iss_file_digest(system, second) &&
		memcmp(first, second, sizeof(first)) == 0,
	    "a file that is asked for twice");
}

static void
write_in(const char *folder, const char *name, const char *text)
{
	char path[600];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if ((out = fopen(path, "wb")) == NULL)
		return;
	fputs(text, out);
	fclose(out);
}

static void
remove_in(const char *folder, const char *name)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
}

/* It counts by its name; whoever read it would wait for a writer. */
static void
test_fifo_in(const char *folder)
{
	digest before, after;
	char path[600];

	ok(iss_file_digest(folder, before), "a folder");
	snprintf(path, sizeof(path), "%s/12ab34cd.0", folder);
	ok(mkfifo(path, 0600) == 0 && iss_file_digest(folder, after) &&
		memcmp(before, after, sizeof(before)) != 0,
	    "... with a fifo in it");
	unlink(path);
}

static void
test_folders(void)
{
	static const char *const names[] = { "12ab34cd.0", "12ab34cd.r0",
		"12ab34cd.x", "readme" };
	const char *a = scratch_path("da"), *b = scratch_path("db");
	size_t i;

	ok(mkdir(a, 0700) == 0 && mkdir(b, 0700) == 0, "two folders");
	ok(same(a, b), "... without anything");
	write_in(a, names[0], "ca");
	ok(!same(a, b), "a CA in one of them");
	write_in(b, names[0], "ca");
	ok(same(a, b), "... in both");
	write_in(b, names[0], "CA");
	ok(!same(a, b), "... another one");
	write_in(b, names[0], "ca");
	write_in(b, names[1], "crl");
	ok(!same(a, b), "a revocation list");
	remove_in(b, names[1]);
	write_in(b, names[2], "x");
	write_in(b, names[3], "x");
	ok(same(a, b), "files that OpenSSL does not take");
	for (i = 0; i < ROWS(names); i++) {
		remove_in(a, names[i]);
		remove_in(b, names[i]);
	}
	test_fifo_in(a);
	rmdir(a);
	rmdir(b);
}

int
main(void)
{
	test_files();
	test_remembered();
	test_folders();
	return tap_done();
}
