/*
 * The keys _SSL_* of a socket's hash that programs read.
 */
#ifndef ISS_XS_STATE_H
#define ISS_XS_STATE_H

#include "perl_core.h"

#include "connection/conn.h"

/* The handshake is done. */
void iss_tell_open(pTHX_ GV *glob, struct iss_conn *conn);

#endif
