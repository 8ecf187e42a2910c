/*
 * Errors as values: a sentence for the user, the number of SSL_get_error(3),
 * errno, and for a verification X509_V_ERR_* and depth.  Within one operation
 * the first error wins.  OpenSSL's queue is always drained into the value,
 * never left for the next caller.
 */
#ifndef ISS_ERROR_H
#define ISS_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

/* The result of every function of the core that can fail. */
enum iss_status {
	ISS_OK = 0,
	ISS_WANT_READ = -1,  /* call again when the descriptor is readable */
	ISS_WANT_WRITE = -2, /* call again when it is writable */
	ISS_EOF = -3,        /* nothing more will come */
	ISS_INTR = -4,       /* a signal arrived; run its handler, call again */
	ISS_TIMEOUT = -5,    /* the deadline passed */
	ISS_ERROR = -6,      /* struct iss_error tells why */
	ISS_INVALID = -7     /* likewise; the program made a mistake, which is
			      * worth an exception */
};

enum {
	ISS_ERROR_TEXT_MAX = 1024, /* with the terminator */
	ISS_ERROR_PART_MAX = 300   /* for the names of a peer within a text */
};

struct iss_error {
	int code;          /* SSL_ERROR_* of SSL_get_error(3), 0: no error */
	int sys_errno;     /* errno, 0: no system call failed */
	long verify_error; /* X509_V_ERR_*, X509_V_OK: not a verification */
	int depth;         /* of the certificate at fault, 0 is the leaf */
	bool no_memory;    /* OpenSSL, or we, ran out of memory */
	char text[ISS_ERROR_TEXT_MAX];
};

/* Forget the error; the next one will be the first. */
void iss_error_clear(struct iss_error *err);

/* Is an error recorded? */
bool iss_error_is_set(const struct iss_error *err);

/*
 * Record an error, unless one is recorded already, empty OpenSSL's queue, and
 * return ISS_ERROR.  err->no_memory is set if the queue tells so, also when
 * another error came first.  _set, _errno and _openssl accept NULL, for which
 * nothing is recorded (kept_error.h).
 *
 * _set      the sentence alone
 * _errno    the sentence, ": " and the text of errnum, kept as sys_errno
 * _openssl  the sentence, ": " and the reason of the oldest error in OpenSSL's
 *           queue, or "OpenSSL gave no reason"
 * _memory   "out of memory", with err->no_memory
 */
int iss_error_set(struct iss_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int iss_error_errno(struct iss_error *err, int errnum, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int iss_error_openssl(struct iss_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int iss_error_memory(struct iss_error *err);

/*
 * For a failed handshake or transfer: if the last error in OpenSSL's queue is a
 * reason of libssl's own, as "bad extension", drop the older ones of other
 * libraries, as "too long", which name a detail but not what it is a detail of.
 */
void iss_error_prefer_ssl(void);

/*
 * For a call that may fail for other reasons which do not matter: empty
 * OpenSSL's queue, and if it tells that memory ran out, record that and return
 * true.
 */
bool iss_error_memory_ran_out(struct iss_error *err);

/* Put "sentence: " in front of a recorded error, if there is one. */
void iss_error_prefix(struct iss_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
