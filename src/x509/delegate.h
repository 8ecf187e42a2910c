/*
 * A private key that OpenSSL would not use as it is, in the guise of one that
 * it does.  OpenSSL looks for an algorithm to sign with in all providers first
 * and asks that of the key last.  Some providers of keys, as tpm2, let the
 * others have the public half, with which nobody can sign.  And OpenSSL refuses
 * a key whose public half it cannot see.
 */
#ifndef ISS_DELEGATE_H
#define ISS_DELEGATE_H

#include <openssl/evp.h>

/*
 * Make a key for the caller that signs by private, in the provider of that, and
 * whose public half is public, of a certificate.  It gives no provider anything
 * to take away.  RSA, EC, Ed25519 and Ed448.  NULL if the key is of another
 * kind, OpenSSL is older than 3.0, or memory runs out; the error queue may then
 * have a reason.  Each of the two keys gets one more reference.
 */
EVP_PKEY *iss_delegate_new(EVP_PKEY *private, EVP_PKEY *public);

#endif
