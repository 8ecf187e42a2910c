/*
 * What a certificate is for, in the user's words ("server", "sslCA",
 * "-digitalSignature"), and the usages that follow from them.
 */
#ifndef ISS_PURPOSES_H
#define ISS_PURPOSES_H

#include <stdint.h>

#include "base/error.h"

/*
 * The purposes that were switched on and off.  Together they mean the usages
 * of those that are on, less the usages of those that are off; later words
 * overrule earlier ones.
 */
struct iss_purposes {
	uint32_t on;  /* rows of the table in purposes.c */
	uint32_t off; /* likewise */
};

/* Nothing is on or off. */
void iss_purposes_init(struct iss_purposes *purposes);

/*
 * Switch purposes on ("server", "+server") or off ("-server").  Anything that
 * is not part of a word separates words; case does not matter.  Returns ISS_OK,
 * or ISS_ERROR for an unknown word.
 */
int iss_purposes_parse(
    struct iss_error *err, struct iss_purposes *purposes, const char *text);

/* The usages, a set of enum iss_usage. */
uint32_t iss_purposes_usages(const struct iss_purposes *purposes);

#endif
