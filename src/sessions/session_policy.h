/*
 * A digest of the rules under which a peer is verified.  A session is bound to
 * the digest that was in force when it was made, so that a connection with
 * other rules never resumes it.
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

/* The digest being computed.  A failure is kept until iss_session_policy_final
 * reports it. */
struct iss_session_policy {
	EVP_MD_CTX *md;
	bool failed;
};

void iss_session_policy_init(struct iss_session_policy *policy);
void iss_session_policy_release(struct iss_session_policy *policy);

/*
 * Add a value.  Its length goes into the digest too, so that the same bytes
 * divided otherwise give another digest.
 *
 * _text    NULL counts as other than ""
 * _cert    a certificate, or NULL
 * _options, _identities
 *          the two halves of a config: all options but neutral ones; a file
 *          counts by its content
 */
void iss_session_policy_add(
    struct iss_session_policy *policy, const void *bytes, size_t len);
void iss_session_policy_add_number(
    struct iss_session_policy *policy, long number);
void iss_session_policy_add_text(
    struct iss_session_policy *policy, const char *text);
void iss_session_policy_add_cert(
    struct iss_session_policy *policy, const X509 *cert);
void iss_session_policy_add_fingerprints(struct iss_session_policy *policy,
    const struct iss_fingerprint_list *fingerprints);
void iss_session_policy_add_options(
    struct iss_session_policy *policy, const struct iss_config *config);
void iss_session_policy_add_identities(
    struct iss_session_policy *policy, const struct iss_config *config);

/* Write the digest of what was added so far; more may be added. */
void iss_session_policy_peek(struct iss_session_policy *policy,
    unsigned char digest[ISS_SESSION_POLICY_LEN]);

/* Write the digest.  Returns ISS_OK, or ISS_ERROR if this or an earlier step
 * failed. */
int iss_session_policy_final(struct iss_error *err,
    struct iss_session_policy *policy,
    unsigned char digest[ISS_SESSION_POLICY_LEN]);

#endif
