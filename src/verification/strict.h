/*
 * Strict verification (SSL_verify_strict): what RFC 5280 and its companions
 * demand of a chain and OpenSSL does not ask.  Pure: it judges certificates,
 * knows no connection and asks nobody.
 */
#ifndef ISS_STRICT_H
#define ISS_STRICT_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/x509_vfy.h>

#include "names/scheme.h"

/*
 * Have OpenSSL be as strict as it can (X509_V_FLAG_X509_STRICT), demand a
 * self-signed root (no partial chain) and security level 2 of all keys and
 * signatures.  Before X509_verify_cert(3).
 */
void iss_strict_prepare(X509_STORE_CTX *store);

/*
 * Is the failure that OpenSSL reports none of ours?  It wants each CA to have
 * keyUsage; RFC 5280, 6.1.4 (n) does without, and the keyUsage of a root is
 * not a matter of its chain.
 */
bool iss_strict_forgives(X509_STORE_CTX *store);

/* A rule that a certificate of a chain breaks.  Zeroed: none yet. */
struct iss_strict_flaw {
	int depth;          /* of the certificate, 0 is the leaf */
	const char *rule;   /* "must ...", static */
	const char *source; /* where it stands, "RFC 5280, 4.1.2.2", static */
	size_t next;        /* the row of the table to go on with */
};

/*
 * Find the first flaw in the chain that was verified, or the next one after
 * *flaw.  The leaf is a server's, or else a client's.  With revocation checks
 * the lists of each issuer that are in the store count, too.  False: there are
 * no more.
 */
bool iss_strict_find(
    X509_STORE_CTX *store, bool of_server, struct iss_strict_flaw *flaw);

/*
 * The scheme as far as RFC 9525, 6.3 has it: alternative names alone, and
 * wildcards only as a whole label.
 */
struct iss_scheme iss_strict_scheme(const struct iss_scheme *scheme);

#endif
