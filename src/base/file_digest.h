/*
 * What is in a file or folder, as a digest: equal on all machines that have the
 * same there, wherever they have it.
 */
#ifndef ISS_FILE_DIGEST_H
#define ISS_FILE_DIGEST_H

#include <stdbool.h>

enum { ISS_FILE_DIGEST_LEN = 32 };

/*
 * Write the SHA-256 of the content of a regular file; for a folder, of the
 * names and contents of the files that OpenSSL would take from it, such as
 * 1a2b3c4d.0 and 1a2b3c4d.r0.  The process remembers a few digests until the
 * stamp of the file or folder changes (file.h), so one that is asked for again
 * costs one stat(2).  False for anything else, and if it cannot be read.  May
 * be called from several threads.
 */
bool iss_file_digest(
    const char *path, unsigned char digest[ISS_FILE_DIGEST_LEN]);

#endif
