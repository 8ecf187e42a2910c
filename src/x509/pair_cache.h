/*
 * The process's memory of certificates with their keys: files that have not
 * changed are not read again for the next context.
 */
#ifndef ISS_PAIR_CACHE_H
#define ISS_PAIR_CACHE_H

#include <stdbool.h>

#include "x509/keypair.h"

enum { ISS_PAIR_CACHE_MAX = 32 };

/* Where a pair comes from. */
struct iss_pair_files {
	const char *cert;
	const char *key; /* NULL: the key is in the file of the certificate */
};

/*
 * Get the pair of these files, if it is remembered, both files are as they were
 * and this process could still read them.  pair, which must be empty, then owns
 * references and is matched.  If the files have changed, the pair that they
 * held is forgotten.  May be called from several threads.
 */
bool iss_pair_cache_get1(
    const struct iss_pair_files *files, struct iss_keypair *pair);

/*
 * Remember a pair that iss_keypair_load read from these files and that is
 * matched; the least recently used one of ISS_PAIR_CACHE_MAX is then forgotten,
 * and its key wiped unless a context still has it.  Does nothing for a pair
 * that is guarded, and for files whose next change might go unnoticed (file.h).
 */
void iss_pair_cache_keep(
    const struct iss_pair_files *files, const struct iss_keypair *pair);

#endif
