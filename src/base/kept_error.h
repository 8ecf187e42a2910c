/*
 * An error for objects that live long and seldom fail: it takes memory only
 * while it is set.  A zeroed struct is not set.
 */
#ifndef ISS_KEPT_ERROR_H
#define ISS_KEPT_ERROR_H

#include <stdbool.h>

#include "base/error.h"

struct iss_kept_error {
	struct iss_error *error; /* owned, or NULL */
	bool lost;               /* set, but there was no memory for it */
};

/* Forget the error and free it; the next one will be the first. */
void iss_kept_error_clear(struct iss_kept_error *kept);

/* Is an error recorded? */
bool iss_kept_error_is_set(const struct iss_kept_error *kept);

/*
 * The error to record, for iss_error_set and its relatives.  Borrowed, until
 * the next clear; NULL if memory ran out, which those functions accept and
 * which counts as set.
 */
struct iss_error *iss_kept_error_fill(struct iss_kept_error *kept);

/*
 * The error to read, never NULL: one without a code if none is recorded, "out
 * of memory" with ENOMEM if it was lost.  Borrowed, until the next clear.
 */
const struct iss_error *iss_kept_error_get0(const struct iss_kept_error *kept);

/* Record a copy of an error, unless one is recorded.  Returns ISS_ERROR. */
int iss_kept_error_copy(
    struct iss_kept_error *kept, const struct iss_error *error);

/* Add to a recorded error which certificate is at fault, and why. */
void iss_kept_error_blame(
    struct iss_kept_error *kept, long verify_error, int depth);

/* Add the kind to a recorded error. */
void iss_kept_error_set_kind(
    struct iss_kept_error *kept, enum iss_error_kind kind);

/* Add an errno to a recorded error that has none. */
void iss_kept_error_default_errno(struct iss_kept_error *kept, int errnum);

#endif
