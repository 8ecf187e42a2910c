/*
 * TLS over a handle of the program's own: what the core's pump asks is done by
 * the handle's sysread, syswrite and pending (IO::Socket::SSL::Pump).
 */
#ifndef ISS_XS_PUMP_H
#define ISS_XS_PUMP_H

#include "perl_core.h"

/* For answers.c: the callbacks pump_read, pump_write and pump_pending. */
int iss_pump_answer_read(void *handle, void *buf, size_t len, size_t *got);
int iss_pump_answer_write(
    void *handle, const void *buf, size_t len, size_t *put);
size_t iss_pump_answer_pending(void *handle);

#endif
