/*
 * A whole file in memory, up to a bound, and how to tell that it is still
 * the same; and the way back.
 */
#ifndef ISS_FILE_H
#define ISS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "base/buf.h"
#include "base/error.h"

/* Larger files with a certificate and a key are refused. */
enum { ISS_FILE_MAX = 16 * 1024 * 1024 };

/* What changes when the content of a file does. */
struct iss_file_stamp {
	bool regular;
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime, ctime;
};

/* Stamp of the file at path; false, with errno, when there is none. */
bool iss_file_stamp(const char *path, struct iss_file_stamp *stamp);

/* Are they of the same, unchanged file? */
bool iss_file_stamp_equal(
    const struct iss_file_stamp *a, const struct iss_file_stamp *b);

/*
 * Will each later change of the file be seen in its stamp?  No, when it
 * changed so lately that another change could get the same time, and never
 * for what is no regular file.
 */
bool iss_file_stamp_is_settled(const struct iss_file_stamp *stamp);

/*
 * Append the file to out, whose own bound is the largest file that is
 * accepted.  Anything that can be opened and read to its end serves: a fifo,
 * a /dev/fd/N.  *stamp, unless stamp is NULL, is that of the file opened, and
 * from before the first byte was read.
 *
 * Returns 0, or ISS_ERROR with "PATH: reason": errno's text (kept as
 * sys_errno), an empty file, a file too large.
 */
int iss_file_read(struct iss_error *err, const char *path, struct iss_buf *out,
    struct iss_file_stamp *stamp);

/*
 * Write a file, in place of what was in it.  A secret one can be read by its
 * owner alone, also where it was there before; what is no regular file keeps
 * its mode.  Returns 0, or ISS_ERROR with "PATH: reason" and errno; then the
 * file may be there in part.
 */
int iss_file_write(struct iss_error *err, const char *path, const void *bytes,
    size_t len, bool secret);

#endif
