/*
 * Owns the members of struct iss_verify.  Judges nobody.
 */
#include "verification/demands.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "options/peer_policy.h"
#include "revocation/staple.h"
#include "x509/cert_names.h"

void
iss_verify_release(struct iss_verify *verify)
{
	iss_kept_names_free(verify->peer_names);
	free(verify->name);
	iss_fingerprint_list_release(&verify->fingerprints);
	iss_tlsa_list_release(&verify->tlsa);
	iss_suffix_list_free(verify->suffixes);
	iss_blame_release(&verify->blame);
	memset(verify, 0, sizeof(*verify));
}

int
iss_verify_set_name(struct iss_error *err, struct iss_verify *verify,
    const char *name, size_t len, const struct iss_scheme *scheme)
{
	char *copy;

	if (scheme != NULL && !scheme->off &&
	    iss_reference_id_init(err, &verify->host, name, len) != ISS_OK)
		return ISS_ERROR;
	/* The sub decides what a name is, but must not see half of one. */
	if (scheme == NULL && (len == 0 || memchr(name, '\0', len) != NULL))
		return iss_error_set(
		    err, len == 0 ? "the name to check is empty"
				  : "the name contains a NUL character");
	if ((copy = malloc(len + 1)) == NULL)
		return iss_error_set(err, "out of memory");
	memcpy(copy, name, len);
	copy[len] = '\0';
	free(verify->name);
	verify->name = copy;
	verify->check = ISS_NAME_BY_CALLBACK;
	if (scheme != NULL) {
		verify->check =
		    scheme->off ? ISS_NAME_UNCHECKED : ISS_NAME_BY_SCHEME;
		verify->scheme = *scheme;
	}
	return ISS_OK;
}

void
iss_verify_set_by_address(
    struct iss_verify *verify, const struct iss_scheme *scheme)
{
	iss_verify_forget_name(verify);
	if (scheme != NULL) {
		verify->scheme = *scheme;
		if (scheme->off)
			return;
	}
	verify->check =
	    scheme != NULL ? ISS_NAME_BY_SCHEME : ISS_NAME_BY_CALLBACK;
	verify->by_address = true;
}

int
iss_verify_find_address(
    struct iss_error *err, struct iss_verify *verify, int fd)
{
	const struct iss_scheme scheme = verify->scheme;
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	char text[ISS_PEER_ADDRESS_MAX];

	if (!verify->by_address)
		return ISS_OK;
	if (getpeername(fd, (struct sockaddr *)&address, &len) != 0 ||
	    !iss_peer_policy_address(
		(const struct sockaddr *)&address, len, text))
		return iss_error_set(err,
		    "hostname verification failed: neither a name nor the "
		    "address of the peer is known");
	if (iss_verify_set_name(err, verify, text, strlen(text),
		verify->check == ISS_NAME_BY_SCHEME ? &scheme : NULL) != ISS_OK)
		return ISS_ERROR;
	verify->by_address = false;
	return ISS_OK;
}

void
iss_verify_forget_name(struct iss_verify *verify)
{
	verify->by_address = false;
	verify->check = ISS_NAME_UNCHECKED;
	free(verify->name);
	verify->name = NULL;
}

bool
iss_verify_require_fingerprint(struct iss_verify *verify)
{
	if (verify->fingerprints.count == 0)
		return false;
	verify->force_fingerprint = true;
	return true;
}

void
iss_verify_set_suffixes(
    struct iss_verify *verify, bool any, struct iss_suffix_list *list)
{
	iss_suffix_list_free(verify->suffixes);
	verify->suffixes = list != NULL ? iss_suffix_list_up_ref(list) : NULL;
	verify->any_suffix = any;
}

void
iss_verify_set_must_ask(struct iss_verify *verify, bool must_ask)
{
	verify->must_ask = must_ask;
}

int
iss_verify_set_fingerprints(struct iss_error *err, struct iss_verify *verify,
    const struct iss_fingerprint_list *fingerprints, bool force)
{
	verify->force_fingerprint = force;
	if (!iss_fingerprint_list_copy(&verify->fingerprints, fingerprints))
		return iss_error_set(err, "SSL_fingerprint: out of memory");
	return ISS_OK;
}

int
iss_verify_replace_fingerprints(struct iss_error *err,
    struct iss_verify *verify, const struct iss_fingerprint_list *fingerprints,
    bool force)
{
	iss_fingerprint_list_release(&verify->fingerprints);
	return iss_verify_set_fingerprints(err, verify, fingerprints, force);
}

static void
add_suffixes(
    struct iss_session_policy *policy, const struct iss_suffix_list *suffixes)
{
	unsigned char digest[ISS_SUFFIX_DIGEST_LEN];

	if (suffixes == NULL) {
		iss_session_policy_add(policy, NULL, 0);
		return;
	}
	iss_suffix_list_digest(suffixes, digest);
	iss_session_policy_add(policy, digest, sizeof(digest));
}

static void
add_records(struct iss_session_policy *policy, const struct iss_verify *verify)
{
	const struct iss_tlsa *record = verify->tlsa.list;
	size_t i;

	iss_session_policy_add_number(policy, (long)verify->tlsa.count);
	for (i = 0; i < verify->tlsa.count; i++, record++) {
		iss_session_policy_add_number(policy, record->usage);
		iss_session_policy_add_number(policy, record->selector);
		iss_session_policy_add_number(policy, record->type);
		iss_session_policy_add(policy, record->data, record->len);
	}
	iss_session_policy_add_number(policy, verify->name_of_ee);
}

void
iss_verify_add_policy(
    const struct iss_link *link, struct iss_session_policy *policy)
{
	const struct iss_verify *verify = link->verify;
	const struct iss_scheme *scheme = &verify->scheme;

	iss_session_policy_add_number(policy, verify->check);
	iss_session_policy_add_text(policy, verify->name);
	iss_session_policy_add_number(policy, scheme->off);
	iss_session_policy_add_number(policy, scheme->check_cn);
	iss_session_policy_add_number(policy, scheme->wildcards_in_alt);
	iss_session_policy_add_number(policy, scheme->wildcards_in_cn);
	iss_session_policy_add_number(policy, scheme->ip_in_cn);
	iss_session_policy_add_number(policy, verify->any_suffix);
	add_suffixes(policy, verify->suffixes);
	iss_session_policy_add_fingerprints(policy, &verify->fingerprints);
	iss_session_policy_add_number(policy, verify->force_fingerprint);
	add_records(policy, verify);
	iss_session_policy_add_number(policy, scheme->record_is_enough);
	iss_session_policy_add_number(policy, link->staple->mode);
}
