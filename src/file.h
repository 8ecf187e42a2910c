/*
 * A whole file in memory, up to a bound.
 */
#ifndef ISS_FILE_H
#define ISS_FILE_H

#include <stddef.h>
#include <sys/stat.h>

#include "buf.h"
#include "error.h"

/* Larger certificate, key and CA files are refused. */
enum { ISS_FILE_MAX = 16 * 1024 * 1024 };

/*
 * Append the file to out, whose own bound is the largest file that is
 * accepted.  Anything that can be opened and read to its end serves: a fifo,
 * a /dev/fd/N.  *before, unless NULL, gets the status of what was opened, as
 * it was before the first byte was read.
 *
 * Returns 0, or ISS_ERROR with "PATH: reason": errno's text (kept as
 * sys_errno), an empty file, a file too large.
 */
int iss_file_read(struct iss_error *err, const char *path, struct iss_buf *out,
    struct stat *before);

#endif
