/*
 * $DEBUG and set_msg_callback.
 */
#ifndef ISS_XS_DEBUG_H
#define ISS_XS_DEBUG_H

#include "perl_core.h"

#include "connection/conn.h"
#include "connection/trace.h"

/* Once an interpreter. */
void iss_find_debug_variable(pTHX_ bool in_new_thread);
/* The level that $DEBUG has now; print a line to STDERR. */
IV iss_debug_level(pTHX);
void iss_debug_print(pTHX_ const char *text);
/* Tell messages of the protocol if the user asked for it. */
void iss_debug_begin(pTHX_ GV *glob, struct iss_conn *conn);
void iss_answer_message(void *host, const struct iss_message *message);

#endif
