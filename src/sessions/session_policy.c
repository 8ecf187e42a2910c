/*
 * Owns which part of each kind of option makes a difference.  Walks over the
 * table of options, so that a new option cannot be forgotten.
 */
#include "sessions/session_policy.h"

#include <string.h>

#include "base/file.h"

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

void
iss_session_policy_add(
    struct iss_session_policy *policy, const void *bytes, size_t len)
{
	if (policy->failed)
		return;
	policy->failed = !EVP_DigestUpdate(policy->md, &len, sizeof(len)) ||
			 !EVP_DigestUpdate(policy->md, bytes, len);
}

void
iss_session_policy_add_number(struct iss_session_policy *policy, long number)
{
	iss_session_policy_add(policy, &number, sizeof(number));
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

static void
add_time(struct iss_session_policy *policy, const struct timespec *time)
{
	iss_session_policy_add(policy, &time->tv_sec, sizeof(time->tv_sec));
	iss_session_policy_add(policy, &time->tv_nsec, sizeof(time->tv_nsec));
}

/*
 * A path and the stamp of what is there.  The stamp of a folder changes when a
 * file comes or goes.  Member by member, since a struct may have padding.
 */
static void
add_file(struct iss_session_policy *policy, const char *path)
{
	struct iss_file_stamp stamp;

	iss_session_policy_add_text(policy, path);
	if (path == NULL || *path == '\0' || !iss_file_stamp(path, &stamp))
		return;
	iss_session_policy_add(policy, &stamp.dev, sizeof(stamp.dev));
	iss_session_policy_add(policy, &stamp.ino, sizeof(stamp.ino));
	iss_session_policy_add(policy, &stamp.size, sizeof(stamp.size));
	add_time(policy, &stamp.mtime);
	add_time(policy, &stamp.ctime);
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
		iss_session_policy_add(policy, value, sizeof(double));
		break;
	case ISS_CERTS:
		add_certs(policy, *(STACK_OF(X509) *const *)value);
		break;
	case ISS_PSK_LIST:
		add_psks(policy, value);
		break;
	case ISS_KEY:    /* goes with a certificate, which tells enough */
	case ISS_HANDLE: /* nothing that a peer is judged by */
		break;
	}
}

void
iss_session_policy_add_config(
    struct iss_session_policy *policy, const struct iss_config *config)
{
	size_t i, n, count;
	const struct iss_option *options = iss_config_options(&count);

	iss_session_policy_add_number(policy, config->server);
	for (i = 0; i < count; i++)
		add_option(policy, config, &options[i]);
	options = iss_config_identity_options(&count);
	for (n = 0; n < config->n_identities; n++)
		for (i = 0; i < count; i++)
			add_option(policy, &config->identities[n], &options[i]);
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
