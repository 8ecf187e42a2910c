/*
 * Bytes that grow up to a bound.  A zero byte follows the last one, so text
 * can be used as it is.
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

/* Make an empty buffer that never holds more than max bytes. */
void iss_buf_init(struct iss_buf *buf, size_t max);

/* Wipe and free the bytes.  The buffer is empty, with the same bound. */
void iss_buf_release(struct iss_buf *buf);

/* Wipe the bytes and forget them, but keep the allocated room. */
void iss_buf_clear(struct iss_buf *buf);

/*
 * Append.  False, with overflowed set and the bytes unchanged, if the buffer
 * would grow beyond its bound or memory runs out.  After that every append
 * fails, so it is enough to check overflowed once after a chain of them.
 */
bool iss_buf_append(struct iss_buf *buf, const void *bytes, size_t len);
bool iss_buf_puts(struct iss_buf *buf, const char *text);
bool iss_buf_printf(struct iss_buf *buf, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Append the bytes of a memory BIO (BIO_s_mem(3)), which keeps them. */
bool iss_buf_append_bio(struct iss_buf *buf, BIO *bio);

/* Drop len bytes from the front; the buffer must hold that many. */
void iss_buf_drop(struct iss_buf *buf, size_t len);

/* The bytes as text, "" if there are none.  Borrowed until the next append. */
const char *iss_buf_text(const struct iss_buf *buf);

#endif
