/*
 * Points in time on the monotonic clock, and waiting for a descriptor until
 * then.  A deadline is absolute, so an operation that is interrupted or makes
 * slow progress still ends in time.
 */
#ifndef ISS_DEADLINE_H
#define ISS_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

/* In nanoseconds of CLOCK_MONOTONIC. */
typedef int64_t iss_deadline;

/* Wait without limit. */
#define ISS_NO_DEADLINE INT64_MAX

/* A deadline that never passes: to wait by poll(2), but without limit. */
#define ISS_FAR_AWAY (ISS_NO_DEADLINE - 1)

/*
 * The deadline that many seconds from now; fractions count, and 0 has already
 * passed.  ISS_NO_DEADLINE for a negative number, NaN and anything over a
 * century.
 */
iss_deadline iss_deadline_after(double seconds);

/* Has it passed? */
bool iss_deadline_is_over(iss_deadline deadline);

/* The seconds until then; 0 if it has passed. */
double iss_deadline_left(iss_deadline deadline);

/*
 * Wait until fd is ready for want (ISS_WANT_READ or ISS_WANT_WRITE).
 * Returns ISS_OK, ISS_TIMEOUT, ISS_INTR when a signal arrived first, or
 * ISS_ERROR with errno set.  An error or hangup on fd counts as ready: the
 * following read or write reports it.
 */
int iss_deadline_wait(int fd, int want, iss_deadline deadline);

/* Wait for so many milliseconds: ISS_OK, or ISS_INTR when a signal arrived. */
int iss_deadline_pause(int ms);

#endif
