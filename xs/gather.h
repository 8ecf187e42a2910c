/*
 * Bytes gathered for one write.  Short lines, nearly all, need no memory from
 * the heap.
 */
#ifndef ISS_XS_GATHER_H
#define ISS_XS_GATHER_H

#include "perl_core.h"

enum { ISS_GATHERED_INLINE = 1024 };

struct iss_gathered {
	SV *more;   /* all bytes, if they are more; freed by the scope */
	size_t len; /* otherwise: how many */
	char small[ISS_GATHERED_INLINE];
};

void iss_gather_begin(struct iss_gathered *g);

/* Append bytes.  Needs a scope (ENTER). */
void iss_gather(pTHX_ struct iss_gathered *g, const char *bytes, size_t len);

/* All of them; valid until the next one comes. */
const char *iss_gathered_bytes(const struct iss_gathered *g, size_t *len);

#endif
