/*
 * TLS over a handle of the program's own: another TLS socket, an object with
 * sysread and syswrite.  OpenSSL reads from and writes to memory (sock.h); the
 * bytes are moved between its calls, never inside one, since moving them runs
 * the program's code.
 */
#ifndef ISS_PUMP_H
#define ISS_PUMP_H

#include <stdbool.h>

#include "base/kept_error.h"
#include "connection/sock.h"
#include "link/link.h"

/* All pointers are borrowed.  Without sock->pumped all functions do nothing,
 * and iss_pump_run only runs the step. */
struct iss_pump {
	struct iss_sock *sock;
	const struct iss_link *link; /* lends pump_read and so on */
	struct iss_kept_error *err;  /* filled when the handle fails */
	bool failed;                 /* the handle failed for good */
};

/* Part of an operation: calls OpenSSL once or more, and returns a status. */
typedef int iss_pump_step(void *arg);

/*
 * Repeat step until it does not want to wait, moving what it wrote and what it
 * wants to read in between.  Returns the status of the step, or that of the
 * handle when the handle must wait or failed.
 */
int iss_pump_run(struct iss_pump *pump, iss_pump_step *step, void *arg);

/* Write what is left from before.  ISS_OK if nothing is left then. */
int iss_pump_flush(struct iss_pump *pump);

/*
 * Take in what the handle can give without waiting; false if there is nothing.
 */
bool iss_pump_fill(struct iss_pump *pump);

#endif
