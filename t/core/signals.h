/*
 * Signals that keep coming, for tests of system calls that are interrupted:
 * one that arrives just before the call interrupts nothing, the next one does.
 */
#ifndef ISS_SIGNALS_H
#define ISS_SIGNALS_H

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum { SIGNALS_MAX = 60000 }; /* one a millisecond */

static volatile sig_atomic_t signals_seen;
static struct itimerval signals_before;

/* A call that no signal ends must not hang the test. */
static inline void
signals_handler(int number)
{
	(void)number;
	if (++signals_seen > SIGNALS_MAX)
		abort();
}

/* Let SIGALRM interrupt this thread from now on. */
static inline void
signals_start(void)
{
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } };
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = signals_handler; /* without SA_RESTART */
	sigemptyset(&action.sa_mask);
	sigaction(SIGALRM, &action, NULL);
	signals_seen = 0;
	setitimer(ITIMER_REAL, &often, &signals_before);
}

static inline void
signals_stop(void)
{
	struct itimerval never = { { 0, 0 }, { 0, 0 } };

	setitimer(ITIMER_REAL, &never, NULL);
	signal(SIGALRM, SIG_IGN); /* drops one that is pending */
	signal(SIGALRM, SIG_DFL);
	setitimer(ITIMER_REAL, &signals_before, NULL);
}

#endif
