/*
 * Answers for a connection over a handle of the user's.
 */
#ifndef ISS_XS_PUMP_H
#define ISS_XS_PUMP_H

#include "perl_core.h"

int iss_pump_answer_read(void *host, void *buf, size_t len, size_t *got);
int iss_pump_answer_write(void *host, const void *buf, size_t len, size_t *put);
size_t iss_pump_answer_pending(void *host);

#endif
