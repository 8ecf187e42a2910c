/*
 * Counts of what happened: of one context and the ones that take its place, and
 * their sum in this process.  Any thread may count and read.
 */
#ifndef ISS_STATS_H
#define ISS_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum iss_counter {
	ISS_STATS_ACCEPTED,  /* handshakes that a server finished */
	ISS_STATS_CONNECTED, /* ... and a client */
	ISS_STATS_RESUMED,   /* of both */
	ISS_STATS_HITS,      /* sessions found in a cache or a store */
	ISS_STATS_MISSES,    /* ... and not found */
	ISS_STATS_STORE_ERRORS,
	ISS_STATS_TICKETS, /* that a server sent */
	ISS_STATS_RENEWED, /* ... in place of one under an older key */
	ISS_STATS_RELOADED,
	ISS_STATS_RELOAD_FAILED,
	ISS_STATS_STAPLES, /* good ones that a client got */
	ISS_STATS_EARLY_ACCEPTED,
	ISS_STATS_EARLY_REJECTED,
	ISS_STATS_BYTES_IN, /* of connections that have ended, on the wire */
	ISS_STATS_BYTES_OUT,
	ISS_STATS_COUNTERS
};

struct iss_stats;

/* New counts; *out is the caller's.  Returns ISS_OK, or ISS_ERROR when memory
 * runs out. */
int iss_stats_new(struct iss_error *err, struct iss_stats **out);
struct iss_stats *iss_stats_up_ref(struct iss_stats *stats);
void iss_stats_free(struct iss_stats *stats);

/* Add to a counter, or to the handshakes that failed; stats may be NULL. */
void iss_stats_add(
    struct iss_stats *stats, enum iss_counter counter, uint64_t count);
void iss_stats_add_failure(struct iss_stats *stats, enum iss_error_kind kind);

/* Read one; with NULL the sum of the process. */
uint64_t iss_stats_get(const struct iss_stats *stats, enum iss_counter counter);
uint64_t iss_stats_get_failures(
    const struct iss_stats *stats, enum iss_error_kind kind);

/* The name of a counter, static. */
const char *iss_stats_name(enum iss_counter counter);

#endif
