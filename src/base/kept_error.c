/*
 * Owns the memory of errors that are kept.
 */
#include "base/kept_error.h"

#include <errno.h>
#include <stdlib.h>

#include <openssl/ssl.h>

void
iss_kept_error_clear(struct iss_kept_error *kept)
{
	free(kept->error);
	kept->error = NULL;
	kept->lost = false;
}

bool
iss_kept_error_is_set(const struct iss_kept_error *kept)
{
	return iss_error_is_set(iss_kept_error_get0(kept));
}

struct iss_error *
iss_kept_error_fill(struct iss_kept_error *kept)
{
	if (kept->error != NULL || kept->lost)
		return kept->error;
	kept->error = malloc(sizeof(*kept->error));
	if (kept->error != NULL)
		iss_error_clear(kept->error);
	else
		kept->lost = true;
	return kept->error;
}

const struct iss_error *
iss_kept_error_get0(const struct iss_kept_error *kept)
{
	static const struct iss_error none = { .verify_error = X509_V_OK };
	static const struct iss_error lost = { .code = SSL_ERROR_SYSCALL,
		.sys_errno = ENOMEM,
		.verify_error = X509_V_OK,
		.no_memory = true,
		.text = "out of memory" };

	if (kept->error != NULL)
		return kept->error;
	return kept->lost ? &lost : &none;
}

int
iss_kept_error_copy(struct iss_kept_error *kept, const struct iss_error *error)
{
	struct iss_error *to;

	if (!iss_kept_error_is_set(kept) &&
	    (to = iss_kept_error_fill(kept)) != NULL)
		*to = *error;
	return ISS_ERROR;
}

void
iss_kept_error_blame(struct iss_kept_error *kept, long verify_error, int depth)
{
	if (kept->error == NULL)
		return;
	kept->error->verify_error = verify_error;
	kept->error->depth = depth;
}

void
iss_kept_error_set_kind(struct iss_kept_error *kept, enum iss_error_kind kind)
{
	if (kept->error != NULL)
		kept->error->kind = kind;
}

void
iss_kept_error_default_errno(struct iss_kept_error *kept, int errnum)
{
	if (kept->error != NULL && kept->error->sys_errno == 0)
		kept->error->sys_errno = errnum;
}
