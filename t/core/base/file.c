/*
 * Whole files, read and written: bounds, what cannot be opened or is not a
 * file, modes, and stamps that tell a changed file.
 */
#define _XOPEN_SOURCE 700 /* setitimer */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"
#include "signals.h"
#include "tap.h"

static struct iss_error err;

static void
test_read(void)
{
	static const struct {
		const char *name;
		size_t len, max;
		const char *before; /* in the buffer already */
		int rv;
		const char *why;
	} cases[] = {
		{ "a byte", 1, 1, "", ISS_OK, "" },
		{ "a file of the buffer's bound", 100, 100, "", ISS_OK, "" },
		{ "a byte more than the bound", 101, 100, "", ISS_ERROR,
		    "file: the file is too large (at most 100 bytes)" },
		{ "several reads", 40000, 40000, "", ISS_OK, "" },
		{ "... with a byte too many", 40001, 40000, "", ISS_ERROR,
		    "too large (at most 40000 bytes)" },
		{ "an empty file", 0, 100, "", ISS_ERROR,
		    "file: the file is empty" },
		{ "bytes after those that are there", 5, 8, "abc", ISS_OK, "" },
		{ "... with a byte too many", 6, 8, "abc", ISS_ERROR,
		    "too large (at most 5 bytes)" },
		{ "an empty one after bytes", 0, 8, "abc", ISS_ERROR,
		    "the file is empty" },
	};
	char bytes[40001];
	const char *path;
	struct iss_buf buf;
	size_t i, had;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i % 251); /* NUL among them */
	for (i = 0; i < ROWS(cases); i++) {
		path = scratch_write("file", bytes, cases[i].len);
		iss_buf_init(&buf, cases[i].max);
		had = strlen(cases[i].before);
		iss_buf_append(&buf, cases[i].before, had);
		iss_error_clear(&err);
		is_int(iss_file_read(&err, path, &buf, NULL), cases[i].rv, "%s",
		    cases[i].name);
		has_text(err.text, cases[i].why, "... why");
		if (cases[i].rv == ISS_OK)
			ok(buf.len == had + cases[i].len &&
				memcmp(buf.data, cases[i].before, had) == 0 &&
				memcmp(buf.data + had, bytes, cases[i].len) ==
				    0,
			    "... these bytes");
		else
			has_text(err.text, path, "... names the file");
		iss_buf_release(&buf);
	}
}

static void
test_unreadable(void)
{
	static const struct {
		const char *path;
		int sys_errno;
	} cases[] = {
		{ "/nonexistent/file", ENOENT },
		{ "", ENOENT },
		{ "/dev/null/file", ENOTDIR },
		{ "/", EISDIR },
	};
	struct iss_file_stamp stamp;
	struct iss_buf buf;
	size_t i;

	iss_buf_init(&buf, 100);
	for (i = 0; i < ROWS(cases); i++) {
		iss_error_clear(&err);
		is_int(iss_file_read(&err, cases[i].path, &buf, NULL),
		    ISS_ERROR, "'%s' cannot be read", cases[i].path);
		is_int(err.sys_errno, cases[i].sys_errno, "... its errno");
		ok(strncmp(err.text, cases[i].path, strlen(cases[i].path)) == 0,
		    "... its path");
		has_text(err.text, strerror(cases[i].sys_errno), "... why");
		is_int((long long)buf.len, 0, "... no bytes");
	}
	iss_buf_release(&buf);
	errno = 0;
	ok(!iss_file_stamp("/nonexistent", &stamp),
	    "a file that is missing has no stamp");
	is_int(errno, ENOENT, "... its errno");
	iss_error_clear(&err);
	is_int(iss_file_write(&err, "/nonexistent/file", "x", 1, false),
	    ISS_ERROR, "no file in a missing folder");
	is_int(err.sys_errno, ENOENT, "... its errno");
	has_text(err.text, "/nonexistent/file: ", "... its path");
}

/* The first error of an operation stays. */
static void
test_first_error(void)
{
	struct iss_buf buf;

	iss_buf_init(&buf, 1);
	iss_error_clear(&err);
	iss_error_set(&err, "the first");
	is_int(iss_file_read(&err, "/nonexistent", &buf, NULL), ISS_ERROR,
	    "another failure");
	is_text(err.text, "the first", "... does not hide the first");
	iss_buf_release(&buf);
}

static void *
write_slowly(void *arg)
{
	int fd = open(arg, O_WRONLY);
	size_t i;

	for (i = 0; i < 3; i++)
		(void)!write(fd, "part ", 5);
	close(fd);
	return NULL;
}

/* Its reader waits for a writer, and signals come meanwhile. */
static void
test_fifo(void)
{
	const char *path = scratch_path("fifo");
	struct iss_file_stamp stamp;
	struct iss_buf buf;
	pthread_t writer;
	sigset_t alarms;

	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	if (!ok(mkfifo(path, 0600) == 0, "a fifo"))
		return;
	/* The signals are for us, not for the thread. */
	pthread_sigmask(SIG_BLOCK, &alarms, NULL);
	pthread_create(&writer, NULL, write_slowly, (void *)path);
	pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
	signals_start();
	iss_buf_init(&buf, 100);
	iss_error_clear(&err);
	is_int(iss_file_read(&err, path, &buf, &stamp), ISS_OK, "... is read");
	signals_stop();
	pthread_join(writer, NULL);
	is_text(iss_buf_text(&buf), "part part part ", "... to its end");
	ok(!stamp.regular, "... is not a regular file");
	ok(!iss_file_stamp_is_settled(&stamp), "... and never settled");
	iss_buf_release(&buf);
}

static int
mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int)(st.st_mode & 0777) : -1;
}

static void
test_write(void)
{
	const char *path = scratch_path("written");
	struct iss_buf buf;

	umask(022);
	iss_error_clear(&err);
	is_int(iss_file_write(&err, path, "a\0b", 3, false), ISS_OK,
	    "a file is written");
	is_int(mode_of(path), 0644, "... as umask has it");
	is_int(iss_file_write(&err, path, "x", 1, true), ISS_OK,
	    "a secret in place of it");
	is_int(mode_of(path), 0600, "... is its owner's alone");
	iss_buf_init(&buf, 10);
	is_int(iss_file_read(&err, path, &buf, NULL), ISS_OK, "read back");
	is_bytes(buf.data, buf.len, "x", 1, "... nothing is left of the first");
	iss_buf_release(&buf);
	is_int(iss_file_write(&err, path, NULL, 0, false), ISS_OK,
	    "no bytes at all");
	is_int(mode_of(path), 0600, "... and the mode stays");
	unlink(path);
	umask(0);
	is_int(iss_file_write(&err, path, "x", 1, true), ISS_OK,
	    "a new secret, whatever umask has");
	is_int(mode_of(path), 0600, "... is its owner's alone");
	unlink(path);
	is_int(iss_file_write(&err, "/dev/null", "x", 1, true), ISS_OK,
	    "a secret for a device");
	ok(mode_of("/dev/null") != 0600, "... whose mode stays");
	umask(022);
}

/* The system takes a part, and refuses the rest. */
static void
test_write_in_part(void)
{
	struct rlimit unlimited, small;
	const char *path = scratch_path("large");
	char bytes[8192] = "";

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &unlimited);
	small = unlimited;
	small.rlim_cur = 4096;
	iss_error_clear(&err);
	setrlimit(RLIMIT_FSIZE, &small);
	is_int(iss_file_write(&err, path, bytes, sizeof(bytes), true),
	    ISS_ERROR, "a file larger than the limit");
	setrlimit(RLIMIT_FSIZE, &unlimited);
	is_int(err.sys_errno, EFBIG, "... its errno");
	has_text(err.text, path, "... its path");
	is_int(mode_of(path), 0600, "what is there of a secret is hidden");
}

static void
test_stamps(void)
{
	const char *path = scratch_write("stamped", "one", 3);
	struct iss_file_stamp a, b;
	struct iss_buf buf;

	iss_buf_init(&buf, 10);
	iss_error_clear(&err);
	ok(iss_file_stamp(path, &a) && a.regular, "a stamp");
	is_int(iss_file_read(&err, path, &buf, &b), ISS_OK, "... and another");
	ok(iss_file_stamp_equal(&a, &b), "... of a file that stays the same");
	ok(!iss_file_stamp_is_settled(&a), "... which is too new to be sure");
	iss_buf_release(&buf);
	rename(path, scratch_path("moved"));
	path = scratch_write("stamped", "two", 3);
	ok(iss_file_stamp(path, &b) && !iss_file_stamp_equal(&a, &b),
	    "another file in its place is not the same");
	ok(iss_file_stamp("/", &b) && !b.regular, "a folder is not regular");
	b.ctime.tv_sec = 0;
	ok(!iss_file_stamp_is_settled(&b), "... and never settled");
}

/* Each part of a stamp counts. */
static void
test_stamp_parts(void)
{
	struct iss_file_stamp a, b;
	size_t i;

	for (i = 0; i < 8; i++) {
		iss_file_stamp("/dev/null", &a);
		b = a;
		ok(iss_file_stamp_equal(&a, &b), "a copy is equal");
		switch (i) {
		case 0:
			b.regular = !b.regular;
			break;
		case 1:
			b.dev++;
			break;
		case 2:
			b.ino++;
			break;
		case 3:
			b.size++;
			break;
		case 4:
			b.mtime.tv_sec++;
			break;
		case 5:
			b.mtime.tv_nsec++;
			break;
		case 6:
			b.ctime.tv_sec++;
			break;
		case 7:
			b.ctime.tv_nsec++;
			break;
		}
		ok(!iss_file_stamp_equal(&a, &b), "... unless part %zu changes",
		    i);
	}
}

static void
test_settled(void)
{
	static const struct {
		const char *name;
		bool regular;
		long long age; /* of ctime, in seconds */
		bool settled;
	} cases[] = {
		{ "an hour ago", true, 3600, true },
		{ "an hour ago, but not a file", false, 3600, false },
		{ "just now", true, 0, false },
		{ "in the future", true, -3600, false },
	};
	struct iss_file_stamp stamp;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		memset(&stamp, 0, sizeof(stamp)); /* mtime: long ago */
		stamp.regular = cases[i].regular;
		stamp.ctime.tv_sec = time(NULL) - (time_t)cases[i].age;
		ok(iss_file_stamp_is_settled(&stamp) == cases[i].settled,
		    "changed %s: %s", cases[i].name,
		    cases[i].settled ? "settled" : "not settled");
	}
}

static void
test_opens_as(void)
{
	struct iss_file_stamp stamp, other;

	ok(iss_file_stamp("t/certs/server.pem", &stamp) &&
		iss_file_stamp("t/certs/ca.pem", &other),
	    "two files");
	ok(iss_file_opens_as("t/certs/server.pem", &stamp),
	    "a file with its own stamp");
	ok(!iss_file_opens_as("t/certs/server.pem", &other), "another's");
	ok(!iss_file_opens_as("/nowhere/x", &stamp), "a file that is gone");
	ok(mkfifo(scratch_path("pipe"), 0600) == 0 &&
		!iss_file_opens_as(scratch_path("pipe"), &stamp),
	    "a fifo, for which nobody waits");
}

/* Who owns the file decides who can read it: no place for a secret. */
static void
test_others_file(void)
{
	const char *path = scratch_write("others", "", 0);
	struct stat st;

	chmod(path, 0666);
	chmod(scratch_path("."), 0711);
	if (seteuid(geteuid() + 1) != 0) {
		diag("no other rights: %s", strerror(errno));
		return;
	}
	iss_error_clear(&err);
	is_int(iss_file_write(&err, path, "public", 6, false), ISS_OK,
	    "a file of another user is written");
	is_int(iss_file_write(&err, path, "secret", 6, true), ISS_ERROR,
	    "... but gets no secret");
	is_int(err.sys_errno, EPERM, "... errno");
	is_int(seteuid(getuid()), 0, "... and back");
	is_int(stat(path, &st) == 0 ? (long long)st.st_size : -1, 0,
	    "... nothing is in it");
}

int
main(void)
{
	test_read();
	test_unreadable();
	test_first_error();
	test_fifo();
	test_write();
	test_write_in_part();
	test_stamps();
	test_stamp_parts();
	test_settled();
	test_opens_as();
	test_others_file();
	return tap_done();
}
