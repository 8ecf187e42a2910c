/*
 * What to do about a failure, in a sentence, where experience tells.
 */
#ifndef ISS_HINT_H
#define ISS_HINT_H

#include "connection/hint_row.h"

/* Write the hint, or "" if there is none, to out, of size bytes. */
void iss_hint_write(char *out, size_t size, const struct iss_hint_facts *facts);

#endif
