/*
 * Walks over the tables of options, so that a new one cannot be forgotten.
 */
#include "context/watch.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SETTLED = 2 /* seconds; the coarsest file system clock (FAT) */ };

/* Room grows by doubling: there may be thousands of hosts. */
static int
add_path(struct iss_error *err, struct iss_watch *watch, const char *path)
{
	size_t n = watch->count;
	struct iss_watched *larger;

	if (path == NULL || *path == '\0')
		return ISS_OK;
	if ((n & (n - 1)) == 0) {
		larger = realloc(
		    watch->list, (n == 0 ? 1 : 2 * n) * sizeof(*larger));
		if (larger == NULL)
			return iss_error_memory(err);
		watch->list = larger;
	}
	memset(&watch->list[n], 0, sizeof(watch->list[n]));
	if ((watch->list[n].path = strdup(path)) == NULL)
		return iss_error_memory(err);
	watch->count++;
	return ISS_OK;
}

static int
add_paths(struct iss_error *err, struct iss_watch *watch,
    const struct iss_texts *paths)
{
	int rv = ISS_OK;
	size_t i;

	for (i = 0; rv == ISS_OK && i < paths->count; i++)
		rv = add_path(err, watch, paths->text[i]);
	return rv;
}

/* All lists of texts in a context's options are lists of files. */
static int
add_options(struct iss_error *err, struct iss_watch *watch, const void *config,
    const struct iss_option *options, size_t count)
{
	const char *value;
	int rv = ISS_OK;
	size_t i;

	for (i = 0; rv == ISS_OK && i < count; i++) {
		value = (const char *)config + options[i].offset;
		if (options[i].kind == ISS_FILE)
			rv = add_path(
			    err, watch, *(char *const *)(const void *)value);
		else if (options[i].kind == ISS_TEXTS ||
			 options[i].kind == ISS_PATHS)
			rv = add_paths(err, watch, (const void *)value);
	}
	return rv;
}

/* Left out are the key log, which grows by each connection, and the files of
 * ticket keys, which are read again by themselves. */
static int
add_config(struct iss_error *err, struct iss_watch *watch,
    const struct iss_config *config)
{
	struct iss_config read = *config;
	size_t i, count;
	const struct iss_option *options = iss_config_options(&count);
	int rv;

	read.keylog_file = NULL;
	read.ticket_keys.count = 0;
	rv = add_options(err, watch, &read, options, count);
	options = iss_config_identity_options(&count);
	for (i = 0; rv == ISS_OK && i < config->n_identities; i++)
		rv = add_options(
		    err, watch, &config->identities[i], options, count);
	for (i = 0; rv == ISS_OK && i < config->n_vhosts; i++)
		rv = add_config(err, watch, &config->vhosts[i]);
	return rv;
}

static int
compare_paths(const void *left, const void *right)
{
	const struct iss_watched *a = left, *b = right;

	return strcmp(a->path, b->path);
}

/* Hosts share CAs: look at each file once. */
static void
drop_repeated(struct iss_watch *watch)
{
	size_t i, kept = 0;

	if (watch->count == 0)
		return;
	qsort(watch->list, watch->count, sizeof(*watch->list), compare_paths);
	for (i = 1; i < watch->count; i++)
		if (compare_paths(&watch->list[kept], &watch->list[i]) == 0)
			free(watch->list[i].path);
		else
			watch->list[++kept] = watch->list[i];
	watch->count = kept + 1;
}

int
iss_watch_begin(struct iss_error *err, struct iss_watch *watch,
    const struct iss_config *config)
{
	time_t before = time(NULL) - SETTLED;
	struct iss_watched *one;
	size_t i;

	if (add_config(err, watch, config) != ISS_OK)
		return ISS_ERROR;
	drop_repeated(watch);
	watch->settled = true;
	for (i = 0; i < watch->count; i++) {
		one = &watch->list[i];
		one->exists = iss_file_stamp(one->path, &one->stamp);
		if (one->exists && one->stamp.ctime.tv_sec >= before)
			watch->settled = false;
	}
	return ISS_OK;
}

bool
iss_watch_has_changed(const struct iss_watch *watch)
{
	const struct iss_watched *one;
	struct iss_file_stamp now;
	size_t i;

	for (i = 0; i < watch->count; i++) {
		one = &watch->list[i];
		if (iss_file_stamp(one->path, &now) != one->exists ||
		    (one->exists && !iss_file_stamp_equal(&one->stamp, &now)))
			return true;
	}
	return false;
}

void
iss_watch_release(struct iss_watch *watch)
{
	size_t i;

	for (i = 0; i < watch->count; i++)
		free(watch->list[i].path);
	free(watch->list);
	memset(watch, 0, sizeof(*watch));
}
