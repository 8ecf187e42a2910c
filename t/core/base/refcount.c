/*
 * Counts of holders, by one thread and by several at once: exactly one of
 * them is the last.
 */
#include "base/refcount.h"

#include <pthread.h>

#include "tap.h"

enum { THREADS = 4, TURNS = 20000 };

static struct iss_refcount count;
static int lasts[THREADS]; /* how often each thread was the last */

static void
test_one_thread(void)
{
	ok(iss_refcount_init(&count), "a count");
	is_int(count.holders, 1, "... has one holder");
	iss_refcount_up(&count);
	iss_refcount_up(&count);
	is_int(count.holders, 3, "... then three");
	ok(!iss_refcount_down(&count), "the first to go is not the last");
	ok(!iss_refcount_down(&count), "nor is the second");
	ok(iss_refcount_down(&count), "the third is the last");
	iss_refcount_release(&count);
	ok(count.lock == NULL, "what is released is gone");
	iss_refcount_release(&count);
	ok(true, "... and released again without harm");
}

/* Come and go; the one that main holds keeps all of these from the end. */
static void *
come_and_go(void *arg)
{
	int *last = arg;
	int i;

	for (i = 0; i < TURNS; i++) {
		iss_refcount_up(&count);
		*last += iss_refcount_down(&count);
	}
	return NULL;
}

static void *
go(void *arg)
{
	*(int *)arg += iss_refcount_down(&count);
	return NULL;
}

static int
run(void *(*function)(void *))
{
	pthread_t threads[THREADS];
	int i, started = 0, sum = 0;

	memset(lasts, 0, sizeof(lasts));
	for (i = 0; i < THREADS; i++)
		started +=
		    pthread_create(&threads[i], NULL, function, &lasts[i]) == 0;
	for (i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	is_int(started, THREADS, "so many threads");
	for (i = 0; i < THREADS; i++)
		sum += lasts[i];
	return sum;
}

static void
test_threads(void)
{
	int i;

	ok(iss_refcount_init(&count), "a count for threads");
	is_int(run(come_and_go), 0,
	    "none that come and go are the last while another stays");
	is_int(count.holders, 1, "... and none was lost or left behind");
	for (i = 1; i < THREADS; i++)
		iss_refcount_up(&count);
	is_int(run(go), 1, "of those that only go exactly one is the last");
	iss_refcount_release(&count);
}

int
main(void)
{
	test_one_thread();
	test_threads();
	return tap_done();
}
