/*
 * Methods that read.  The core reads right into the caller's scalar.
 */
#ifndef ISS_XS_INPUT_H
#define ISS_XS_INPUT_H

#include "perl_core.h"

#include "override.h"
#include "stream.h"

iss_stream_method iss_input_read;     /* BUFFER, LENGTH[, OFFSET] */
iss_stream_method iss_input_sysread;  /* the same, one record at most */
iss_stream_method iss_input_peek;     /* the same, and the data stays */
iss_stream_method iss_input_readline; /* one line, in scalar context */
iss_stream_method iss_input_getc;
iss_stream_method iss_input_eof;

/*
 * What sysread, read, readline (in scalar context) or getc returns, if the core
 * has the bytes at hand: nothing is called then, in OpenSSL or in Perl, so the
 * caller need not hold anything.  NULL: take the usual way.
 */
SV *iss_input_at_hand(pTHX_ enum iss_method method, GV *glob,
    struct iss_conn *conn, SV **args, SSize_t count);

/*
 * The same as iss_input_peek on an open socket without TLS: what Perl has read
 * ahead, else what recv(2) finds.  NULL with errno set on failure.
 */
SV *iss_input_peek_plain(pTHX_ GV *glob, SV **args, SSize_t count);

#endif
