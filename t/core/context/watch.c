/*
 * Which files of a config are watched, and which changes show.
 */
#include "context/watch.h"

#include <time.h>
#include <sys/stat.h>
#include <utime.h>

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
	drop(&config);
	return tap_done();
}
