/*
 * Bytes that grow up to a bound which their maker states.  Zero-terminated
 * behind the last byte, so that text can be handed on as it is.
 */
#ifndef ISS_BUF_H
#define ISS_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/bio.h>

struct iss_buf {
	char *data; /* NULL until the first byte */
	size_t len;
	size_t room;     /* allocated, the terminator included */
	size_t max;      /* largest len */
	bool overflowed; /* an append did not fit, or memory ran out */
};

/* An empty buffer that never holds more than max bytes. */
void iss_buf_init(struct iss_buf *buf, size_t max);

/* Free the bytes, wiping them first; the struct may be initialised again. */
void iss_buf_release(struct iss_buf *buf);

/* No bytes any more, wiped; the room is kept. */
void iss_buf_clear(struct iss_buf *buf);

/*
 * Append; false, with buf->overflowed set and buf unchanged, when it would
 * grow beyond its bound or memory runs out.  Checking overflowed once after
 * a chain of appends is enough.
 */
bool iss_buf_append(struct iss_buf *buf, const void *bytes, size_t len);
bool iss_buf_puts(struct iss_buf *buf, const char *text);
bool iss_buf_printf(struct iss_buf *buf, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Append all bytes of a memory BIO (BIO_s_mem(3)). */
bool iss_buf_append_bio(struct iss_buf *buf, BIO *bio);

/* Drop that many bytes, which it holds, from the front. */
void iss_buf_drop(struct iss_buf *buf, size_t len);

/* The bytes as text; "" when empty.  Borrowed until the next append. */
const char *iss_buf_text(const struct iss_buf *buf);

#endif
