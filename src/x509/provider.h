/*
 * Providers of OpenSSL: algorithms, and keys that are not in a file.
 */
#ifndef ISS_PROVIDER_H
#define ISS_PROVIDER_H

#include "base/error.h"

/*
 * Load a provider for the whole process, unless it is there already; the
 * built-in ones stay.  name is what the configuration of OpenSSL or the folder
 * of its modules calls it, as pkcs11.  Returns ISS_OK, or ISS_ERROR if there is
 * none, or OpenSSL is older than 3.0.  OSSL_PROVIDER_try_load(3).
 */
int iss_provider_load(struct iss_error *err, const char *name);

#endif
