/*
 * clock_gettime(2) and poll(2).
 */
#include "base/deadline.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

#include "base/error.h"

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

static int64_t
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

iss_deadline
iss_deadline_after(double seconds)
{
	/* written so that NaN fails the test */
	if (!(seconds >= 0 && seconds < 3.2e9))
		return ISS_NO_DEADLINE;
	return now() + (int64_t)(seconds * (double)NS_PER_S);
}

/* The time left in milliseconds for poll(2), rounded up; -1: no limit. */
static int
ms_left(iss_deadline deadline)
{
	int64_t present = now();
	int64_t ns;

	if (deadline == ISS_NO_DEADLINE)
		return -1;
	if (deadline <= present)
		return 0;
	ns = deadline - present;
	if (ns / NS_PER_MS >= INT_MAX)
		return INT_MAX;
	return (int)((ns + NS_PER_MS - 1) / NS_PER_MS);
}

double
iss_deadline_left(iss_deadline deadline)
{
	int64_t present = now();

	return deadline > present
		   ? (double)(deadline - present) / (double)NS_PER_S
		   : 0;
}

bool
iss_deadline_is_over(iss_deadline deadline)
{
	return deadline != ISS_NO_DEADLINE && now() >= deadline;
}

int
iss_deadline_wait(int fd, int want, iss_deadline deadline)
{
	struct pollfd pfd = { .fd = fd };
	int ms, n;

	pfd.events = want == ISS_WANT_WRITE ? POLLOUT : POLLIN;
	do {
		ms = ms_left(deadline);
		n = poll(&pfd, 1, ms);
		/* after INT_MAX ms there may be time left */
	} while (n == 0 && ms != 0 && ms_left(deadline) != 0);
	if (n == 0)
		return ISS_TIMEOUT;
	if (n < 0)
		return errno == EINTR ? ISS_INTR : ISS_ERROR;
	if (pfd.revents & POLLNVAL) {
		errno = EBADF;
		return ISS_ERROR;
	}
	return ISS_OK;
}

int
iss_deadline_pause(int ms)
{
	return poll(NULL, 0, ms) < 0 && errno == EINTR ? ISS_INTR : ISS_OK;
}
