/*
 * Setters by kind of value.  Copies texts and takes references; does not know
 * what any option does.
 */
#include "options/option.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "options/fingerprint.h"
#include "options/psk_list.h"
#include "options/wire.h"

static void *
member(void *config, const struct iss_option *option)
{
	return (char *)config + option->offset;
}

static void
clear_texts(struct iss_texts *texts)
{
	size_t i;

	for (i = 0; i < texts->count; i++)
		free(texts->text[i]);
	free(texts->text);
	texts->text = NULL;
	texts->count = 0;
}

static void
clear_certs(STACK_OF(X509) * *certs)
{
	sk_X509_pop_free(*certs, X509_free);
	*certs = NULL;
}

void
iss_option_clear(void *config, const struct iss_option *option)
{
	void *value = member(config, option);

	switch (option->kind) {
	case ISS_TEXT:
	case ISS_FILE:
		free(*(char **)value);
		*(char **)value = NULL;
		break;
	case ISS_TEXTS:
	case ISS_PATHS:
		clear_texts(value);
		break;
	case ISS_PROTOCOLS:
		iss_buf_release(value);
		break;
	case ISS_FINGERPRINTS:
		iss_fingerprint_list_release(value);
		break;
	case ISS_TLSA:
		iss_tlsa_list_release(value);
		break;
	case ISS_CERTS:
		clear_certs(value);
		break;
	case ISS_KEY:
		EVP_PKEY_free(*(EVP_PKEY **)value);
		*(EVP_PKEY **)value = NULL;
		break;
	case ISS_PSK_LIST:
		iss_psk_list_release(value);
		break;
	case ISS_HANDLE:
		*(void **)value = NULL;
		break;
	case ISS_FLAG:
	case ISS_SWITCH:
	case ISS_NUMBER:
	case ISS_SECONDS:
		break;
	}
}

void
iss_option_clear_all(
    void *config, const struct iss_option *options, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		iss_option_clear(config, &options[i]);
}

/* A copy of text.  NULL, with err set, if it has a NUL in it. */
static char *
copy_text(struct iss_error *err, const struct iss_option *option,
    const char *text, size_t len)
{
	char *copy;

	if (memchr(text, '\0', len) != NULL) {
		iss_error_set(err, "%s: the value contains a NUL character",
		    option->name);
		return NULL;
	}
	if ((copy = malloc(len + 1)) == NULL) {
		iss_error_set(err, "%s: out of memory", option->name);
		return NULL;
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

static int
add_to_texts(struct iss_error *err, void *config,
    const struct iss_option *option, const char *text, size_t len)
{
	struct iss_texts *texts = member(config, option);
	size_t size = (texts->count + 1) * sizeof(*texts->text);
	char **larger;
	char *copy;

	if ((copy = copy_text(err, option, text, len)) == NULL)
		return ISS_ERROR;
	if ((larger = realloc(texts->text, size)) == NULL) {
		free(copy);
		return iss_error_set(err, "%s: out of memory", option->name);
	}
	texts->text = larger;
	texts->text[texts->count++] = copy;
	return ISS_OK;
}

int
iss_option_add_text(struct iss_error *err, void *config,
    const struct iss_option *option, const char *text, size_t len)
{
	if (option->kind == ISS_PROTOCOLS)
		return iss_wire_append(
		    err, member(config, option), option->name, text, len);
	if (option->kind == ISS_FINGERPRINTS)
		return iss_fingerprint_list_add(
		    err, member(config, option), option->name, text, len);
	if (option->kind == ISS_TLSA)
		return iss_tlsa_list_add_text(
		    err, member(config, option), option->name, text, len);
	return add_to_texts(err, config, option, text, len);
}

static int
split_paths(struct iss_error *err, void *config,
    const struct iss_option *option, const char *text, size_t len)
{
	const char *end = text + len;
	const char *colon;

	for (; text < end; text = colon + 1) {
		colon = memchr(text, ':', (size_t)(end - text));
		if (colon == NULL)
			colon = end;
		if (colon > text && iss_option_add_text(err, config, option,
					text, (size_t)(colon - text)) != ISS_OK)
			return ISS_ERROR;
	}
	return ISS_OK;
}

int
iss_option_set_text(struct iss_error *err, void *config,
    const struct iss_option *option, const char *text, size_t len)
{
	char *copy;

	iss_option_clear(config, option);
	switch (option->kind) {
	case ISS_PATHS:
		return split_paths(err, config, option, text, len);
	case ISS_TEXTS:
	case ISS_PROTOCOLS:
	case ISS_FINGERPRINTS:
		return iss_option_add_text(err, config, option, text, len);
	case ISS_FILE:
		if (len == 0)
			return ISS_OK;
		break;
	default:
		break;
	}
	if ((copy = copy_text(err, option, text, len)) == NULL)
		return ISS_ERROR;
	*(char **)member(config, option) = copy;
	return ISS_OK;
}

int
iss_option_set_number(struct iss_error *err, void *config,
    const struct iss_option *option, double number)
{
	void *value = member(config, option);

	switch (option->kind) {
	case ISS_FLAG:
		*(bool *)value = number != 0;
		return ISS_OK;
	case ISS_SWITCH:
		*(int *)value = number != 0;
		return ISS_OK;
	case ISS_SECONDS:
		*(double *)value = number;
		return ISS_OK;
	default:
		break;
	}
	if (!(number >= 0 && number <= INT_MAX))
		return iss_error_set(
		    err, "%s: %g is out of range", option->name, number);
	if (number != (int)number)
		return iss_error_set(
		    err, "%s: %g is not a whole number", option->name, number);
	*(int *)value = (int)number;
	return ISS_OK;
}

int
iss_option_add1_cert(struct iss_error *err, void *config,
    const struct iss_option *option, X509 *cert)
{
	STACK_OF(X509) **certs = member(config, option);

	if (*certs == NULL)
		*certs = sk_X509_new_null();
	if (*certs == NULL || !sk_X509_push(*certs, cert))
		return iss_error_set(err, "%s: out of memory", option->name);
	X509_up_ref(cert);
	return ISS_OK;
}

int
iss_option_set1_key(struct iss_error *err, void *config,
    const struct iss_option *option, EVP_PKEY *key)
{
	iss_option_clear(config, option);
	if (!EVP_PKEY_up_ref(key))
		return iss_error_openssl(err, "%s", option->name);
	*(EVP_PKEY **)member(config, option) = key;
	return ISS_OK;
}

void
iss_option_set0_handle(
    void *config, const struct iss_option *option, void *handle)
{
	*(void **)member(config, option) = handle;
}

int
iss_option_add_psk(struct iss_error *err, void *config,
    const struct iss_option *option, const char *identity, size_t identity_len,
    const char *key, size_t key_len)
{
	return iss_psk_list_add(err, member(config, option), option->name,
	    identity, identity_len, key, key_len);
}

int
iss_option_add_tlsa(struct iss_error *err, void *config,
    const struct iss_option *option, const struct iss_tlsa *record)
{
	return iss_tlsa_list_add(
	    err, member(config, option), option->name, record);
}
