/*
 * Does a private key work, and does it belong to a certificate?  Told by a
 * signature, where OpenSSL cannot compare the two, or might not find the way to
 * the key.
 */
#ifndef ISS_TRIAL_H
#define ISS_TRIAL_H

#include <stdbool.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

/* Can the key not be compared with a certificate: is its public half hidden? */
bool iss_trial_is_needed(EVP_PKEY *key);

/* Is the key of a provider that was loaded, whose keys OpenSSL does not know?
 */
bool iss_trial_is_foreign(EVP_PKEY *key);

/* Is what the key signs good for the certificate?  If not, OpenSSL's error
 * queue may tell why. */
bool iss_trial_signs(EVP_PKEY *key, X509 *cert);

#endif
