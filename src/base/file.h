/*
 * Reading a whole file into memory, writing one, and telling whether a file has
 * changed.
 */
#ifndef ISS_FILE_H
#define ISS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "base/buf.h"
#include "base/error.h"

/* The largest file with certificates and keys that is accepted. */
enum { ISS_FILE_MAX = 16 * 1024 * 1024 };

/* Differs when the content of a file does. */
struct iss_file_stamp {
	bool regular;
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime, ctime;
};

/* Take the stamp of the file at path; false, with errno, if there is none. */
bool iss_file_stamp(const char *path, struct iss_file_stamp *stamp);

/* Are they of the same, unchanged file? */
bool iss_file_stamp_equal(
    const struct iss_file_stamp *a, const struct iss_file_stamp *b);

/*
 * Will every later change of the file show in its stamp?  Not if it changed so
 * recently that another change could get the same time, and never for anything
 * but a regular file.
 */
bool iss_file_stamp_is_settled(const struct iss_file_stamp *stamp);

/*
 * May this process open the file at path now, and is it the one with the stamp?
 * stamp must be that of a regular file.
 */
bool iss_file_opens_as(const char *path, const struct iss_file_stamp *stamp);

/*
 * Append the file to out, whose bound is the largest size that is accepted.
 * Anything that can be opened and read to its end will do, such as a fifo or
 * /dev/fd/N.  Unless stamp is NULL, *stamp is that of the opened file, taken
 * before the first byte was read.
 *
 * Returns ISS_OK, or ISS_ERROR with "PATH: reason": the text of errno (kept as
 * sys_errno), an empty file, a file that is too large.
 */
int iss_file_read(struct iss_error *err, const char *path, struct iss_buf *out,
    struct iss_file_stamp *stamp);

/*
 * Write a file, replacing its content.  If it is secret, only its owner can
 * read it, even if it existed before with another mode; anything but a regular
 * file keeps its mode.  Returns ISS_OK, or ISS_ERROR with "PATH: reason" and
 * errno, when part of the file may have been written.
 */
int iss_file_write(struct iss_error *err, const char *path, const void *bytes,
    size_t len, bool secret);

#endif
