/*
 * The rules under which a peer is verified, boiled down to a digest.  A
 * session is bound to the one that was in force when it was made, so that a
 * connection with other rules does not use it.
 */
#ifndef ISS_SESSION_POLICY_H
#define ISS_SESSION_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "options/config.h"
#include "base/error.h"

enum { ISS_SESSION_POLICY_LEN = 32 }; /* fits SSL_set_session_id_context(3) */

/* Rules being gathered.  A failure is kept until iss_session_policy_final tells
 * it. */
struct iss_session_policy {
	EVP_MD_CTX *md;
	bool failed;
};

void iss_session_policy_init(struct iss_session_policy *rules);
void iss_session_policy_release(struct iss_session_policy *rules);

/*
 * Add a value; each is told from its neighbours by its length.
 *
 * _text    may be NULL, which is not ""
 * _cert    a certificate, may be NULL
 * _config  all options; of a file that it names also its stamp (file.h)
 */
void iss_session_policy_add(
    struct iss_session_policy *rules, const void *bytes, size_t len);
void iss_session_policy_add_number(
    struct iss_session_policy *rules, long number);
void iss_session_policy_add_text(
    struct iss_session_policy *rules, const char *text);
void iss_session_policy_add_cert(
    struct iss_session_policy *rules, const X509 *cert);
void iss_session_policy_add_fingerprints(struct iss_session_policy *rules,
    const struct iss_fingerprint_list *fingerprints);
void iss_session_policy_add_config(
    struct iss_session_policy *rules, const struct iss_config *config);

/* The digest; ISS_OK, or ISS_ERROR when memory or the digest failed. */
int iss_session_policy_final(struct iss_error *err,
    struct iss_session_policy *rules,
    unsigned char digest[ISS_SESSION_POLICY_LEN]);

#endif
