/*
 * Bounded growable bytes.  A buffer may hold keys, so memory is wiped before it
 * is freed.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

enum { SMALLEST_ROOM = 64 };

void
iss_buf_init(struct iss_buf *buf, size_t max)
{
	memset(buf, 0, sizeof(*buf));
	buf->max = max;
}

void
iss_buf_release(struct iss_buf *buf)
{
	if (buf->data != NULL)
		OPENSSL_cleanse(buf->data, buf->room);
	free(buf->data);
	iss_buf_init(buf, buf->max);
}

void
iss_buf_clear(struct iss_buf *buf)
{
	if (buf->data != NULL)
		OPENSSL_cleanse(buf->data, buf->len);
	buf->len = 0;
	buf->overflowed = false;
}

/*
 * Make room for more bytes and the terminator.  Without realloc(3), which may
 * leave an unwiped copy behind.
 */
static bool
reserve_room(struct iss_buf *buf, size_t more)
{
	size_t room = buf->room > 0 ? buf->room : SMALLEST_ROOM;
	char *data;

	if (buf->overflowed || more > buf->max - buf->len) {
		buf->overflowed = true;
		return false;
	}
	if (buf->len + more < buf->room)
		return true;
	while (room <= buf->len + more)
		room *= 2;
	if ((data = malloc(room)) == NULL) {
		buf->overflowed = true;
		return false;
	}
	if (buf->data != NULL) {
		memcpy(data, buf->data, buf->len);
		OPENSSL_cleanse(buf->data, buf->room);
		free(buf->data);
	}
	data[buf->len] = '\0';
	buf->data = data;
	buf->room = room;
	return true;
}

bool
iss_buf_append(struct iss_buf *buf, const void *bytes, size_t len)
{
	if (!reserve_room(buf, len))
		return false;
	if (len > 0)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return true;
}

bool
iss_buf_puts(struct iss_buf *buf, const char *text)
{
	return iss_buf_append(buf, text, strlen(text));
}

bool
iss_buf_printf(struct iss_buf *buf, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0 || !reserve_room(buf, (size_t)len)) {
		buf->overflowed = true;
		return false;
	}
	va_start(args, fmt);
	vsnprintf(buf->data + buf->len, (size_t)len + 1, fmt, args);
	va_end(args);
	buf->len += (size_t)len;
	return true;
}

bool
iss_buf_append_bio(struct iss_buf *buf, BIO *bio)
{
	char *bytes;
	long len = BIO_get_mem_data(bio, &bytes);

	if (len < 0) {
		buf->overflowed = true;
		return false;
	}
	return iss_buf_append(buf, bytes, (size_t)len);
}

void
iss_buf_drop(struct iss_buf *buf, size_t len)
{
	if (len == 0)
		return;
	buf->len -= len;
	memmove(buf->data, buf->data + len, buf->len + 1);
}

const char *
iss_buf_text(const struct iss_buf *buf)
{
	return buf->data != NULL ? buf->data : "";
}
