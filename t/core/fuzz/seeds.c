/*
 * Runs a fuzz target over the files of the folders that are named, as an
 * ordinary test: a target aborts when what it claims does not hold.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdlib.h>

#include "tap.h"

enum { SEED_MAX = 65536 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
run_file(const char *folder, const char *name)
{
	uint8_t *seed = malloc(SEED_MAX), *exact;
	char path[1024];
	FILE *file;
	size_t size;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (seed == NULL || (file = fopen(path, "rb")) == NULL) {
		ok(false, "%s can be read", path);
		free(seed);
		return;
	}
	size = fread(seed, 1, SEED_MAX, file);
	fclose(file);

	/* A read beyond the end must be seen. */
	exact = malloc(size > 0 ? size : 1);
	if (exact != NULL)
		memcpy(exact, seed, size);
	free(seed);
	ok(exact != NULL && LLVMFuzzerTestOneInput(exact, size) == 0,
	    "%s: all claims hold", path);
	free(exact);
}

int
main(int argc, char **argv)
{
	struct dirent *entry;
	DIR *dir;
	int i;

	for (i = 1; i < argc; i++) {
		if (!ok((dir = opendir(argv[i])) != NULL, "%s exists", argv[i]))
			continue;
		while ((entry = readdir(dir)) != NULL)
			if (entry->d_name[0] != '.')
				run_file(argv[i], entry->d_name);
		closedir(dir);
	}
	return tap_done();
}
