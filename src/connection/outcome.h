/* What a call of OpenSSL that failed means for its connection. */
#ifndef ISS_OUTCOME_H
#define ISS_OUTCOME_H

#include "connection/conn.h"

/*
 * Classify a call between iss_conn_enter and _leave that returned ret, a
 * failure: updates conn, fills conn->err, whose sentence begins with what, and
 * returns the status.  SSL_get_error(3).
 */
int iss_conn_failed(struct iss_conn *conn, int ret, const char *what);

/*
 * One of our callbacks refused to go on, and conn->link.failure says why: that
 * becomes conn->err.  Returns ISS_ERROR.
 */
int iss_conn_fail_by_callback(struct iss_conn *conn, const char *what);

#endif
