/*
 * Gathering rules.  Owns what of each kind of option makes a difference; the
 * walk goes over the table of options, so that a new one is never forgotten.
 */
#include "sessions/session_policy.h"

#include <string.h>

#include "base/file.h"

void
iss_session_policy_init(struct iss_session_policy *rules)
{
	rules->md = EVP_MD_CTX_new();
	rules->failed = rules->md == NULL ||
			!EVP_DigestInit_ex(rules->md, EVP_sha256(), NULL);
}

void
iss_session_policy_release(struct iss_session_policy *rules)
{
	EVP_MD_CTX_free(rules->md);
	rules->md = NULL;
}

void
iss_session_policy_add(
    struct iss_session_policy *rules, const void *bytes, size_t len)
{
	if (rules->failed)
		return;
	rules->failed = !EVP_DigestUpdate(rules->md, &len, sizeof(len)) ||
			!EVP_DigestUpdate(rules->md, bytes, len);
}

void
iss_session_policy_add_number(struct iss_session_policy *rules, long number)
{
	iss_session_policy_add(rules, &number, sizeof(number));
}

void
iss_session_policy_add_text(struct iss_session_policy *rules, const char *text)
{
	iss_session_policy_add_number(rules, text != NULL);
	if (text != NULL)
		iss_session_policy_add(rules, text, strlen(text));
}

void
iss_session_policy_add_cert(struct iss_session_policy *rules, const X509 *cert)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (cert != NULL && !X509_digest(cert, EVP_sha256(), digest, &len))
		rules->failed = true;
	iss_session_policy_add(rules, digest, len);
}

void
iss_session_policy_add_fingerprints(struct iss_session_policy *rules,
    const struct iss_fingerprint_list *fingerprints)
{
	const struct iss_fingerprint *one;
	size_t i;

	iss_session_policy_add_number(rules, (long)fingerprints->count);
	for (i = 0; i < fingerprints->count; i++) {
		one = &fingerprints->list[i];
		iss_session_policy_add_text(rules, one->algo);
		iss_session_policy_add_number(rules, one->pubkey);
		iss_session_policy_add(rules, one->digest, one->len);
	}
}

static void
add_time(struct iss_session_policy *rules, const struct timespec *time)
{
	iss_session_policy_add(rules, &time->tv_sec, sizeof(time->tv_sec));
	iss_session_policy_add(rules, &time->tv_nsec, sizeof(time->tv_nsec));
}

/*
 * A path and the stamp of what is there.  The stamp of a folder changes when a
 * file comes or goes.  Member by member, since a struct may have padding.
 */
static void
add_file(struct iss_session_policy *rules, const char *path)
{
	struct iss_file_stamp stamp;

	iss_session_policy_add_text(rules, path);
	if (path == NULL || *path == '\0' || !iss_file_stamp(path, &stamp))
		return;
	iss_session_policy_add(rules, &stamp.dev, sizeof(stamp.dev));
	iss_session_policy_add(rules, &stamp.ino, sizeof(stamp.ino));
	iss_session_policy_add(rules, &stamp.size, sizeof(stamp.size));
	add_time(rules, &stamp.mtime);
	add_time(rules, &stamp.ctime);
}

static void
add_files(struct iss_session_policy *rules, const struct iss_texts *texts)
{
	size_t i;

	iss_session_policy_add_number(rules, (long)texts->count);
	for (i = 0; i < texts->count; i++)
		add_file(rules, texts->text[i]);
}

static void
add_certs(struct iss_session_policy *rules, const STACK_OF(X509) * certs)
{
	int i;

	iss_session_policy_add_number(rules, sk_X509_num(certs));
	for (i = 0; i < sk_X509_num(certs); i++)
		iss_session_policy_add_cert(rules, sk_X509_value(certs, i));
}

/* Whoever resumes need not show the key again. */
static void
add_psks(struct iss_session_policy *rules, const struct iss_psk_list *psks)
{
	size_t i;

	iss_session_policy_add_number(rules, (long)psks->count);
	for (i = 0; i < psks->count; i++) {
		iss_session_policy_add_text(rules, psks->list[i].identity);
		iss_session_policy_add(
		    rules, psks->list[i].key, psks->list[i].len);
	}
}

static void
add_option(struct iss_session_policy *rules, const void *options,
    const struct iss_option *option)
{
	const void *value = (const char *)options + option->offset;
	const struct iss_buf *buf = value;

	switch (option->kind) {
	case ISS_TEXT:
		iss_session_policy_add_text(rules, *(char *const *)value);
		break;
	case ISS_FILE:
		add_file(rules, *(char *const *)value);
		break;
	case ISS_TEXTS:
	case ISS_PATHS:
		add_files(rules, value);
		break;
	case ISS_PROTOCOLS:
		iss_session_policy_add(rules, iss_buf_text(buf), buf->len);
		break;
	case ISS_FINGERPRINTS:
		iss_session_policy_add_fingerprints(rules, value);
		break;
	case ISS_FLAG:
		iss_session_policy_add_number(rules, *(const bool *)value);
		break;
	case ISS_SWITCH:
	case ISS_NUMBER:
		iss_session_policy_add_number(rules, *(const int *)value);
		break;
	case ISS_SECONDS:
		iss_session_policy_add(rules, value, sizeof(double));
		break;
	case ISS_CERTS:
		add_certs(rules, *(STACK_OF(X509) *const *)value);
		break;
	case ISS_PSK_LIST:
		add_psks(rules, value);
		break;
	case ISS_KEY:    /* goes with a certificate, which tells enough */
	case ISS_HANDLE: /* nothing that a peer is judged by */
		break;
	}
}

void
iss_session_policy_add_config(
    struct iss_session_policy *rules, const struct iss_config *config)
{
	size_t i, n, count;
	const struct iss_option *options = iss_config_options(&count);

	iss_session_policy_add_number(rules, config->server);
	for (i = 0; i < count; i++)
		add_option(rules, config, &options[i]);
	options = iss_config_identity_options(&count);
	for (n = 0; n < config->n_identities; n++)
		for (i = 0; i < count; i++)
			add_option(rules, &config->identities[n], &options[i]);
}

int
iss_session_policy_final(struct iss_error *err,
    struct iss_session_policy *rules,
    unsigned char digest[ISS_SESSION_POLICY_LEN])
{
	if (rules->failed || !EVP_DigestFinal_ex(rules->md, digest, NULL))
		return iss_error_openssl(err, "cannot digest the rules");
	return ISS_OK;
}
