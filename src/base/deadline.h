/*
 * Points in time on the monotonic clock, and waiting for a descriptor until
 * one of them.  A deadline is absolute, so that an operation which is
 * interrupted or makes slow progress cannot outlive it.
 */
#ifndef ISS_DEADLINE_H
#define ISS_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC. */
typedef int64_t iss_deadline;

/* Wait for ever. */
#define ISS_NO_DEADLINE INT64_MAX

/*
 * The deadline that many seconds from now, fractions count.  Negative, not
 * a number or beyond the clock's range: ISS_NO_DEADLINE; 0 is already over.
 */
iss_deadline iss_deadline_after(double seconds);

/* Has it passed? */
bool iss_deadline_is_over(iss_deadline deadline);

/*
 * Wait until fd is ready for want (ISS_WANT_READ or ISS_WANT_WRITE).
 * Returns ISS_OK, ISS_TIMEOUT, ISS_INTR when a signal arrived first, or
 * ISS_ERROR with errno set.  An error or hangup on fd counts as ready: the
 * read or write that follows will say what it is.
 */
int iss_deadline_wait(int fd, int want, iss_deadline deadline);

#endif
