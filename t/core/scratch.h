/*
 * A folder for the files that a test writes; it goes when the test ends.
 */
#ifndef ISS_SCRATCH_H
#define ISS_SCRATCH_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char scratch_dir[] = "/tmp/iss-core-XXXXXX";

static inline void
scratch_remove(void)
{
	DIR *dir = opendir(scratch_dir);
	struct dirent *entry;
	char path[512];

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		snprintf(
		    path, sizeof(path), "%s/%s", scratch_dir, entry->d_name);
		unlink(path);
	}
	if (dir != NULL)
		closedir(dir);
	rmdir(scratch_dir);
}

/* The path of NAME in the folder, which the first call makes.  Static: valid
 * until the fourth call after this one. */
static inline const char *
scratch_path(const char *name)
{
	static char paths[4][512];
	static int next;
	static bool made;
	char *path = paths[next++ % 4];

	if (!made) {
		if (mkdtemp(scratch_dir) == NULL) {
			printf("Bail out! cannot make %s\n", scratch_dir);
			exit(2);
		}
		atexit(scratch_remove);
		made = true;
	}
	snprintf(path, sizeof(paths[0]), "%s/%s", scratch_dir, name);
	return path;
}

/* Write the bytes to NAME in the folder and return its path. */
static inline const char *
scratch_write(const char *name, const void *bytes, size_t len)
{
	const char *path = scratch_path(name);
	FILE *out = fopen(path, "wb");

	if (out == NULL || fwrite(bytes, 1, len, out) != len ||
	    fclose(out) != 0) {
		printf("Bail out! cannot write %s\n", path);
		exit(2);
	}
	return path;
}

#endif
