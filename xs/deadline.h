/*
 * The deadline of a connection as Perl values.
 */
#ifndef ISS_XS_DEADLINE_H
#define ISS_XS_DEADLINE_H

#include "perl_core.h"

#include "connection/conn.h"

/*
 * The method deadline: with arguments (seconds or undef, optionally 'read' or
 * 'write') set it and push true, without any push what is left, or undef.
 * Pushes nothing without TLS.  Croaks on other arguments.
 */
void iss_push_deadline(pTHX_ GV *self, SV **args, I32 count);

/*
 * For SSL_deadline, which counts before there is a connection: the point in
 * time that many seconds from now, and the seconds that are left until one.
 * name is for the message if seconds is not a number.
 */
NV iss_deadline_from_now(pTHX_ const char *name, SV *seconds);
NV iss_deadline_seconds_left(pTHX_ NV until);

/* Let the deadline of a connection be the one that new noted, if it did. */
void iss_deadline_take_over(pTHX_ GV *self, struct iss_conn *conn);

#endif
