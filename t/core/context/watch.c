/*
 * Which files of a config are watched, and which changes show.
 */
#include "context/watch.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "scratch.h"
#include "tap.h"

static char *files[1];

/* A config that names one file three times, a folder and a key log. */
static void
fill(struct iss_config *config, char *file, char *log)
{
	struct iss_error err;

	iss_error_clear(&err);
	iss_config_init(config, true);
	files[0] = file;
	config->ca_file.text = files;
	config->ca_file.count = 1;
	config->keylog_file = log;
	iss_config_add_identity(&err, config);
	config->identities[0].cert_file = file;
	config->identities[0].key_file = file;
	iss_config_add_vhost(&err, config, "host");
}

static void
drop(struct iss_config *config)
{
	memset(&config->ca_file, 0, sizeof(config->ca_file));
	config->keylog_file = NULL;
	memset(&config->identities[0], 0, sizeof(config->identities[0]));
	iss_config_release(config);
}

static void
begin(struct iss_watch *watch, const struct iss_config *config)
{
	struct iss_error err;

	iss_error_clear(&err);
	memset(watch, 0, sizeof(*watch));
	is_int(iss_watch_begin(&err, watch, config), ISS_OK, "watch");
}

/* The same bytes, but the times of the file are others. */
static void
test_times(const char *path, const struct iss_config *config)
{
	const struct timespec earlier[] = { { 1000, 0 }, { 1000, 0 } };
	struct stat before, after;
	struct iss_watch watch;

	begin(&watch, config);
	utimensat(AT_FDCWD, path, earlier, 0);
	ok(iss_watch_has_changed(&watch), "another mtime is a change");
	iss_watch_release(&watch);

	begin(&watch, config);
	stat(path, &before);
	do {
		chmod(path, 0644);
		stat(path, &after);
	} while (before.st_ctim.tv_sec == after.st_ctim.tv_sec &&
		 before.st_ctim.tv_nsec == after.st_ctim.tv_nsec);
	ok(iss_watch_has_changed(&watch), "another ctime is a change");
	iss_watch_release(&watch);
}

/* Links are followed, and may lead elsewhere. */
static void
test_link(const char *path, const struct iss_config *config)
{
	char first[512], second[512];
	struct iss_watch watch;

	snprintf(first, sizeof(first), "%s", scratch_write("one", "a", 1));
	snprintf(second, sizeof(second), "%s", scratch_write("two", "a", 1));
	unlink(path);
	ok(symlink(first, path) == 0, "a link");
	begin(&watch, config);
	ok(!iss_watch_has_changed(&watch), "... is no change");
	scratch_write("one", "aa", 2);
	ok(iss_watch_has_changed(&watch), "... what it leads to is followed");
	iss_watch_release(&watch);
	begin(&watch, config);
	unlink(path);
	ok(symlink(second, path) == 0, "a link to another file");
	ok(iss_watch_has_changed(&watch), "... is a change");
	iss_watch_release(&watch);
}

int
main(void)
{
	char path[512], log[512];
	struct iss_config config;
	struct iss_watch watch;

	snprintf(path, sizeof(path), "%s", scratch_write("file", "a", 1));
	snprintf(log, sizeof(log), "%s", scratch_write("log", "a", 1));
	fill(&config, path, log);
	begin(&watch, &config);
	is_int((long)watch.count, 1, "a file is watched once, a log never");
	ok(!watch.settled, "it changed just now");
	ok(!iss_watch_has_changed(&watch), "it has not changed since");
	scratch_write("log", "aa", 2);
	ok(!iss_watch_has_changed(&watch), "... nor by the log");
	scratch_write("file", "aa", 2);
	ok(iss_watch_has_changed(&watch), "another size is a change");
	iss_watch_release(&watch);

	begin(&watch, &config);
	scratch_write("other", "aa", 2);
	rename(scratch_path("other"), path);
	ok(iss_watch_has_changed(&watch), "another file is a change");
	iss_watch_release(&watch);

	begin(&watch, &config);
	unlink(path);
	ok(iss_watch_has_changed(&watch), "a file that goes is a change");
	iss_watch_release(&watch);
	begin(&watch, &config);
	ok(!iss_watch_has_changed(&watch), "a file that is missing stays so");
	scratch_write("file", "aa", 2);
	ok(iss_watch_has_changed(&watch), "... until it comes");
	iss_watch_release(&watch);
	test_times(path, &config);
	test_link(path, &config);
	drop(&config);
	return tap_done();
}
