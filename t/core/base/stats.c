/*
 * Counts of a context, and their sum.
 */
#include "base/stats.h"

#include <pthread.h>
#include <string.h>

#include "tap.h"

enum { THREADS = 4, TIMES = 100000 };

static void *
count_often(void *stats)
{
	int i;

	for (i = 0; i < TIMES; i++)
		iss_stats_add(stats, ISS_STATS_HITS, 1);
	return NULL;
}

static void
test_threads(struct iss_stats *stats)
{
	pthread_t threads[THREADS];
	size_t i;

	for (i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, count_often, stats);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	is_int((long long)iss_stats_get(stats, ISS_STATS_HITS),
	    (long long)THREADS * TIMES, "no thread loses a count");
}

int
main(void)
{
	struct iss_stats *one = NULL, *other = NULL;
	struct iss_error err;
	int i;

	iss_error_clear(&err);
	is_int(iss_stats_new(&err, &one), ISS_OK, "counts");
	is_int(iss_stats_new(&err, &other), ISS_OK, "... and others");
	iss_stats_add(one, ISS_STATS_ACCEPTED, 2);
	iss_stats_add(other, ISS_STATS_ACCEPTED, 3);
	iss_stats_add(NULL, ISS_STATS_ACCEPTED, 4);
	iss_stats_add_failure(one, ISS_KIND_NAME);
	is_int((long long)iss_stats_get(one, ISS_STATS_ACCEPTED), 2,
	    "each has its own");
	is_int((long long)iss_stats_get(NULL, ISS_STATS_ACCEPTED), 9,
	    "the process has the sum");
	is_int((long long)iss_stats_get_failures(one, ISS_KIND_NAME), 1,
	    "failures are told apart");
	is_int((long long)iss_stats_get_failures(one, ISS_KIND_PIN), 0,
	    "... by their kind");
	test_threads(one);
	for (i = 0; i < ISS_STATS_COUNTERS; i++)
		ok(strlen(iss_stats_name((enum iss_counter)i)) > 0,
		    "a name of %d", i);
	iss_stats_free(iss_stats_up_ref(other));
	iss_stats_free(other);
	is_int((long long)iss_stats_get(NULL, ISS_STATS_ACCEPTED), 9,
	    "the sum stays when a context has gone");
	iss_stats_free(one);
	iss_stats_free(NULL);
	return tap_done();
}
