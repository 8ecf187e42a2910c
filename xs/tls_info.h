/* The facts of a connection as a hash. */
#ifndef ISS_XS_TLS_INFO_H
#define ISS_XS_TLS_INFO_H

#include "perl_core.h"

#include "connection/conn.h"

/* A new hash: the result of tls_info. */
SV *iss_new_tls_info(pTHX_ const struct iss_conn *conn);

#endif
