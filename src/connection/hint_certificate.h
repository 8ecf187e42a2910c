/*
 * What to do about a certificate of the peer that was refused.
 */
#ifndef ISS_HINT_CERTIFICATE_H
#define ISS_HINT_CERTIFICATE_H

#include "connection/hint_row.h"

/* Write the hint; false if the failure is of another kind. */
bool iss_hint_certificate_write(
    struct iss_buf *out, const struct iss_hint_facts *facts);

#endif
