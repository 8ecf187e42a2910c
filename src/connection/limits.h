/*
 * Until when a connection may wait: SSL_io_timeout, SSL_handshake_timeout, and
 * the deadlines of SSL_deadline and the method deadline.  A connection that has
 * none of them has no struct iss_limits, so one test of a pointer is all that
 * it costs there.
 */
#ifndef ISS_LIMITS_H
#define ISS_LIMITS_H

#include <stdbool.h>

#include "base/deadline.h"
#include "options/peer_config.h"

/* The ways that an operation waits, as bits. */
enum iss_ways {
	ISS_READS = 1,
	ISS_WRITES = 2,
	ISS_BOTH_WAYS = ISS_READS | ISS_WRITES,
	ISS_HANDSHAKES = 4 /* SSL_handshake_timeout counts */
};

struct iss_limits {
	double io_timeout;     /* seconds for a read or write; < 0: no limit */
	double handshake_wait; /* see iss_conn_begin_lazily; < 0: no limit */
	iss_deadline read_until;
	iss_deadline write_until;
	iss_deadline handshake_until;
};

/*
 * *limits is NULL or the caller's to free(3).  _begin makes one if the options
 * ask for it; what they count begins now.  _set gives reading or writing or
 * both another deadline.  _set_handshake_wait sets that member.  False: memory
 * ran out.
 */
bool iss_limits_begin(
    struct iss_limits **limits, const struct iss_peer_config *config);
bool iss_limits_set(struct iss_limits **limits, int ways, iss_deadline until);
bool iss_limits_set_handshake_wait(struct iss_limits **limits, double seconds);

/* The handshake is done: free *limits if nothing else was limited. */
void iss_limits_end_handshake(struct iss_limits **limits);

/* The earliest of the deadlines for these ways.  limits may be NULL. */
iss_deadline iss_limits_until(const struct iss_limits *limits, int ways);

#endif
