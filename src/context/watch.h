/*
 * The files that a context was made of, as they were before they were read:
 * have they changed since?
 */
#ifndef ISS_WATCH_H
#define ISS_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/file.h"
#include "options/config.h"

struct iss_watched {
	char *path; /* owned */
	bool exists;
	struct iss_file_stamp stamp; /* if it exists */
};

/* Zeroed it watches nothing. */
struct iss_watch {
	struct iss_watched *list; /* by path, each once */
	size_t count;
	/* will every later change show?  False for a file that changed just
	 * before its stamp was taken */
	bool settled;
};

/*
 * Take the stamps of all files and folders that config and its virtual hosts
 * name, apart from those that are written.  Links are followed.  Returns
 * ISS_OK, or ISS_ERROR when memory runs out.
 */
int iss_watch_begin(struct iss_error *err, struct iss_watch *watch,
    const struct iss_config *config);

/* Is one of them another file now, or has it come or gone? */
bool iss_watch_has_changed(const struct iss_watch *watch);

void iss_watch_release(struct iss_watch *watch);

#endif
