/*
 * The process's cache of CA files: a file is parsed once and shared by all
 * contexts that name it.
 */
#ifndef ISS_CA_CACHE_H
#define ISS_CA_CACHE_H

#include "base/error.h"
#include "x509/ca_file.h"

/*
 * Get a file from the cache if it is unchanged since it was parsed, else parse
 * it.  The cache keeps a few files, those used last.  A file whose next change
 * might go unnoticed (file.h) is not kept.  May be called from several threads.
 *
 * Returns ISS_OK with a reference in *out, or ISS_ERROR as iss_ca_file_load.
 */
int iss_ca_cache_get1(
    struct iss_error *err, const char *path, struct iss_ca_file **out);

#endif
