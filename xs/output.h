/*
 * Methods that write.  The core writes right from the caller's scalar where
 * that is safe.
 */
#ifndef ISS_XS_OUTPUT_H
#define ISS_XS_OUTPUT_H

#include "perl_core.h"

#include "stream.h"

iss_stream_method iss_output_write;    /* DATA[, LENGTH[, OFFSET]] */
iss_stream_method iss_output_syswrite; /* the same, one record at most */
iss_stream_method iss_output_print;    /* LIST */
iss_stream_method iss_output_say;      /* LIST */
iss_stream_method iss_output_printf;   /* FORMAT, LIST */

#endif
