/*
 * Counters only grow, and nothing is concluded from two of them together, so
 * they need no order among each other.
 */
#include "base/stats.h"

#include <stdlib.h>

#include "base/refcount.h"

enum { KINDS = ISS_KIND_ACME + 1, ALL = ISS_STATS_COUNTERS + KINDS };

/* Where 64 bits take a lock, 32 must do. */
#if defined(__GCC_ATOMIC_LLONG_LOCK_FREE) && __GCC_ATOMIC_LLONG_LOCK_FREE == 2
typedef unsigned long long counter;
#else
typedef unsigned long counter;
#endif

struct iss_stats {
	struct iss_refcount refs;
	counter at[ALL];
};

static counter total[ALL]; /* the one thing here that is of the process */

int
iss_stats_new(struct iss_error *err, struct iss_stats **out)
{
	struct iss_stats *stats = calloc(1, sizeof(*stats));

	if (stats == NULL || !iss_refcount_init(&stats->refs)) {
		free(stats);
		return iss_error_memory(err);
	}
	*out = stats;
	return ISS_OK;
}

struct iss_stats *
iss_stats_up_ref(struct iss_stats *stats)
{
	iss_refcount_up(&stats->refs);
	return stats;
}

void
iss_stats_free(struct iss_stats *stats)
{
	if (stats == NULL || !iss_refcount_down(&stats->refs))
		return;
	iss_refcount_release(&stats->refs);
	free(stats);
}

static void
add(struct iss_stats *stats, size_t i, uint64_t count)
{
	__atomic_fetch_add(&total[i], (counter)count, __ATOMIC_RELAXED);
	if (stats != NULL)
		__atomic_fetch_add(
		    &stats->at[i], (counter)count, __ATOMIC_RELAXED);
}

static uint64_t
get(const struct iss_stats *stats, size_t i)
{
	return __atomic_load_n(
	    stats != NULL ? &stats->at[i] : &total[i], __ATOMIC_RELAXED);
}

void
iss_stats_add(struct iss_stats *stats, enum iss_counter which, uint64_t count)
{
	add(stats, which, count);
}

void
iss_stats_add_failure(struct iss_stats *stats, enum iss_error_kind kind)
{
	add(stats, ISS_STATS_COUNTERS + (size_t)kind, 1);
}

uint64_t
iss_stats_get(const struct iss_stats *stats, enum iss_counter which)
{
	return get(stats, which);
}

uint64_t
iss_stats_get_failures(const struct iss_stats *stats, enum iss_error_kind kind)
{
	return get(stats, ISS_STATS_COUNTERS + (size_t)kind);
}

const char *
iss_stats_name(enum iss_counter which)
{
	static const char *const names[ISS_STATS_COUNTERS] = {
		[ISS_STATS_ACCEPTED] = "accepted",
		[ISS_STATS_CONNECTED] = "connected",
		[ISS_STATS_RESUMED] = "resumed",
		[ISS_STATS_HITS] = "hits",
		[ISS_STATS_MISSES] = "misses",
		[ISS_STATS_STORE_ERRORS] = "store_errors",
		[ISS_STATS_TICKETS] = "tickets",
		[ISS_STATS_RENEWED] = "renewed",
		[ISS_STATS_RELOADED] = "reloaded",
		[ISS_STATS_RELOAD_FAILED] = "reload_failed",
		[ISS_STATS_STAPLES] = "staples",
		[ISS_STATS_EARLY_ACCEPTED] = "early_accepted",
		[ISS_STATS_EARLY_REJECTED] = "early_rejected",
		[ISS_STATS_BYTES_IN] = "bytes_in",
		[ISS_STATS_BYTES_OUT] = "bytes_out",
	};

	return names[which];
}
