/*
 * Owns which part of each kind of option makes a difference.  Walks over the
 * table of options, so that a new option cannot be forgotten.
 */
#include "sessions/session_policy.h"

#include <stdint.h>
#include <string.h>

#include "base/file.h"
#include "base/file_digest.h"

void
iss_session_policy_init(struct iss_session_policy *policy)
{
	policy->md = EVP_MD_CTX_new();
	policy->failed = policy->md == NULL ||
			 !EVP_DigestInit_ex(policy->md, EVP_sha256(), NULL);
}

void
iss_session_policy_release(struct iss_session_policy *policy)
{
	EVP_MD_CTX_free(policy->md);
	policy->md = NULL;
}

/* The same bytes on all machines. */
static void
add_plain(struct iss_session_policy *policy, uint64_t number)
{
	unsigned char bytes[8];
	size_t i;

	for (i = sizeof(bytes); i > 0; i--, number >>= 8)
		bytes[i - 1] = (unsigned char)number;
	policy->failed = !EVP_DigestUpdate(policy->md, bytes, sizeof(bytes));
}

void
iss_session_policy_add(
    struct iss_session_policy *policy, const void *bytes, size_t len)
{
	if (policy->failed)
		return;
	add_plain(policy, len);
	policy->failed =
	    policy->failed || !EVP_DigestUpdate(policy->md, bytes, len);
}

void
iss_session_policy_add_number(struct iss_session_policy *policy, long number)
{
	if (policy->failed)
		return;
	add_plain(policy, sizeof(uint64_t));
	if (!policy->failed)
		add_plain(policy, (uint64_t)number);
}

void
iss_session_policy_add_text(struct iss_session_policy *policy, const char *text)
{
	iss_session_policy_add_number(policy, text != NULL);
	if (text != NULL)
		iss_session_policy_add(policy, text, strlen(text));
}

void
iss_session_policy_add_cert(struct iss_session_policy *policy, const X509 *cert)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (cert != NULL && !X509_digest(cert, EVP_sha256(), digest, &len))
		policy->failed = true;
	iss_session_policy_add(policy, digest, len);
}

void
iss_session_policy_add_fingerprints(struct iss_session_policy *policy,
    const struct iss_fingerprint_list *fingerprints)
{
	const struct iss_fingerprint *one;
	size_t i;

	iss_session_policy_add_number(policy, (long)fingerprints->count);
	for (i = 0; i < fingerprints->count; i++) {
		one = &fingerprints->list[i];
		iss_session_policy_add_text(policy, one->algo);
		iss_session_policy_add_number(policy, one->pubkey);
		iss_session_policy_add(policy, one->digest, one->len);
	}
}

/* A path and the stamp of what is there, member by member, since a struct may
 * have padding. */
static void
add_place(struct iss_session_policy *policy, const char *path)
{
	struct iss_file_stamp stamp;

	iss_session_policy_add_text(policy, path);
	if (path == NULL || *path == '\0' || !iss_file_stamp(path, &stamp))
		return;
	iss_session_policy_add(policy, &stamp.dev, sizeof(stamp.dev));
	iss_session_policy_add(policy, &stamp.ino, sizeof(stamp.ino));
	iss_session_policy_add_number(policy, (long)stamp.size);
	iss_session_policy_add_number(policy, (long)stamp.mtime.tv_sec);
	iss_session_policy_add_number(policy, stamp.mtime.tv_nsec);
	iss_session_policy_add_number(policy, (long)stamp.ctime.tv_sec);
	iss_session_policy_add_number(policy, stamp.ctime.tv_nsec);
}

/*
 * The content of a file or folder, so that machines agree that have it in
 * different places.  What cannot be read, or only once, counts by its place.
 */
static void
add_file(struct iss_session_policy *policy, const char *path)
{
	unsigned char digest[ISS_FILE_DIGEST_LEN];

	if (path == NULL || *path == '\0' || !iss_file_digest(path, digest))
		add_place(policy, path);
	else
		iss_session_policy_add(policy, digest, sizeof(digest));
}

static void
add_files(struct iss_session_policy *policy, const struct iss_texts *texts)
{
	size_t i;

	iss_session_policy_add_number(policy, (long)texts->count);
	for (i = 0; i < texts->count; i++)
		add_file(policy, texts->text[i]);
}

static void
add_certs(struct iss_session_policy *policy, const STACK_OF(X509) * certs)
{
	int i;

	iss_session_policy_add_number(policy, sk_X509_num(certs));
	for (i = 0; i < sk_X509_num(certs); i++)
		iss_session_policy_add_cert(policy, sk_X509_value(certs, i));
}

/* A peer that resumes need not prove again that it has the key. */
static void
add_psks(struct iss_session_policy *policy, const struct iss_psk_list *psks)
{
	size_t i;

	iss_session_policy_add_number(policy, (long)psks->count);
	for (i = 0; i < psks->count; i++) {
		iss_session_policy_add_text(policy, psks->list[i].identity);
		iss_session_policy_add(
		    policy, psks->list[i].key, psks->list[i].len);
	}
}

static void
add_option(struct iss_session_policy *policy, const void *options,
    const struct iss_option *option)
{
	const void *value = (const char *)options + option->offset;
	const struct iss_buf *buf = value;

	if (option->neutral)
		return;
	switch (option->kind) {
	case ISS_TEXT:
		iss_session_policy_add_text(policy, *(char *const *)value);
		break;
	case ISS_FILE:
		add_file(policy, *(char *const *)value);
		break;
	case ISS_TEXTS:
	case ISS_PATHS:
		add_files(policy, value);
		break;
	case ISS_PROTOCOLS:
		iss_session_policy_add(policy, iss_buf_text(buf), buf->len);
		break;
	case ISS_FINGERPRINTS:
		iss_session_policy_add_fingerprints(policy, value);
		break;
	case ISS_FLAG:
		iss_session_policy_add_number(policy, *(const bool *)value);
		break;
	case ISS_SWITCH:
	case ISS_NUMBER:
		iss_session_policy_add_number(policy, *(const int *)value);
		break;
	case ISS_SECONDS:
		iss_session_policy_add_number(
		    policy, (long)(*(const double *)value * 1000));
		break;
	case ISS_CERTS:
		add_certs(policy, *(STACK_OF(X509) *const *)value);
		break;
	case ISS_PSK_LIST:
		add_psks(policy, value);
		break;
	case ISS_TLSA:   /* of a connection: demands.h */
	case ISS_KEY:    /* goes with a certificate, which tells enough */
	case ISS_HANDLE: /* nothing that a peer is judged by */
		break;
	}
}

void
iss_session_policy_add_options(
    struct iss_session_policy *policy, const struct iss_config *config)
{
	size_t i, count;
	const struct iss_option *options = iss_config_options(&count);

	iss_session_policy_add_number(policy, config->server);
	for (i = 0; i < count; i++)
		add_option(policy, config, &options[i]);
}

void
iss_session_policy_add_identities(
    struct iss_session_policy *policy, const struct iss_config *config)
{
	size_t i, n, count;
	const struct iss_option *options = iss_config_identity_options(&count);

	for (n = 0; n < config->n_identities; n++)
		for (i = 0; i < count; i++)
			add_option(policy, &config->identities[n], &options[i]);
}

void
iss_session_policy_peek(struct iss_session_policy *policy,
    unsigned char digest[ISS_SESSION_POLICY_LEN])
{
	EVP_MD_CTX *copy = EVP_MD_CTX_new();

	if (policy->failed || copy == NULL ||
	    !EVP_MD_CTX_copy_ex(copy, policy->md) ||
	    !EVP_DigestFinal_ex(copy, digest, NULL))
		policy->failed = true;
	EVP_MD_CTX_free(copy);
}

int
iss_session_policy_final(struct iss_error *err,
    struct iss_session_policy *policy,
    unsigned char digest[ISS_SESSION_POLICY_LEN])
{
	if (policy->failed || !EVP_DigestFinal_ex(policy->md, digest, NULL))
		return iss_error_openssl(
		    err, "cannot compute the digest of the session policy");
	return ISS_OK;
}
