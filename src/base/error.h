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
	ISS_ERROR_PART_MAX = 300,  /* for the names of a peer within a text */
	ISS_ERROR_FILE_MAX = 1024,
	ISS_ERROR_OPTION_MAX = 40,
	ISS_ERROR_QUEUE_MAX = 8,
	ISS_ERROR_DATA_MAX = 80
};

/* What kind of failure it is, for programs that want to know. */
enum iss_error_kind {
	ISS_KIND_NONE,     /* nobody has said so far: see iss_error_kind_of */
	ISS_KIND_PROTOCOL, /* of TLS */
	ISS_KIND_VERIFY,   /* the chain of the peer's certificate */
	ISS_KIND_NAME,     /* it is for somebody else */
	ISS_KIND_PIN,      /* it is not the one of SSL_fingerprint */
	ISS_KIND_REVOKED,
	ISS_KIND_STAPLE,  /* of OCSP: missing, foreign, old, damaged */
	ISS_KIND_DANE,    /* no TLSA record matches the chain */
	ISS_KIND_REFUSED, /* by a callback of the program */
	ISS_KIND_ALERT,   /* the peer sent one */
	ISS_KIND_NOT_TLS, /* the peer speaks something else */
	ISS_KIND_CONFIG,  /* an option */
	ISS_KIND_TIMEOUT,
	ISS_KIND_EOF,    /* the peer ended the stream */
	ISS_KIND_SYSTEM, /* errno */
	ISS_KIND_ACME    /* a challenge was answered, or refused */
};

/* An error of OpenSSL's queue. */
struct iss_error_entry {
	unsigned long code; /* ERR_get_error(3) */
	char data[ISS_ERROR_DATA_MAX];
};

struct iss_error {
	int code;          /* SSL_ERROR_* of SSL_get_error(3), 0: no error */
	int sys_errno;     /* errno, 0: no system call failed */
	long verify_error; /* X509_V_ERR_*, X509_V_OK: not a verification */
	int depth;         /* of the certificate at fault, 0 is the leaf */
	bool no_memory;    /* OpenSSL, or we, ran out of memory */
	enum iss_error_kind kind;
	int alert; /* its number, of ISS_KIND_ALERT */
	/* what OpenSSL said, the oldest first */
	struct iss_error_entry queue[ISS_ERROR_QUEUE_MAX];
	int queued;
	char option[ISS_ERROR_OPTION_MAX]; /* "": not about an option */
	char file[ISS_ERROR_FILE_MAX];     /* "": not about a file */
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

/*
 * The kind of a recorded error: what was said, or what its other members tell.
 * _name is the word for it in ssl_error_info.
 */
enum iss_error_kind iss_error_kind_of(const struct iss_error *err);
const char *iss_error_kind_name(enum iss_error_kind kind);

/* Tell which file a recorded error is about, unless that is known. */
void iss_error_blame_file(struct iss_error *err, const char *file);

/* Add to the text of a recorded error, if there is one: before and text. */
void iss_error_append(
    struct iss_error *err, const char *before, const char *text);

/*
 * Put "sentence: " in front of a recorded error, if there is one.  A sentence
 * that begins with the name of an option, here and above, is about that option.
 */
void iss_error_prefix(struct iss_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
