/*
 * The rules under which a peer is verified, boiled down to a digest.  A
 * session is bound to the one that was in force when it was made, so that a
 * connection with other rules does not use it.
 */
#ifndef ISS_RULES_H
#define ISS_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "config.h"
#include "error.h"

enum { ISS_RULES_LEN = 32 }; /* fits SSL_set_session_id_context(3) */

/* Rules being gathered.  A failure is kept until iss_rules_final tells it. */
struct iss_rules {
	EVP_MD_CTX *md;
	bool failed;
};

void iss_rules_init(struct iss_rules *rules);
void iss_rules_release(struct iss_rules *rules);

/*
 * Add a value; each is told from its neighbours by its length.
 *
 * _text    may be NULL, which is not ""
 * _cert    a certificate, may be NULL
 * _config  all options; of a file that it names also its size and time
 */
void iss_rules_add(struct iss_rules *rules, const void *bytes, size_t len);
void iss_rules_add_number(struct iss_rules *rules, long number);
void iss_rules_add_text(struct iss_rules *rules, const char *text);
void iss_rules_add_cert(struct iss_rules *rules, const X509 *cert);
void iss_rules_add_fingerprints(
    struct iss_rules *rules, const struct iss_fingerprints *fingerprints);
void iss_rules_add_config(
    struct iss_rules *rules, const struct iss_config *config);

/* The digest; ISS_OK, or ISS_ERROR when memory or the digest failed. */
int iss_rules_final(struct iss_error *err, struct iss_rules *rules,
    unsigned char digest[ISS_RULES_LEN]);

#endif
