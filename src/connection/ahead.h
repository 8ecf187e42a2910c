/*
 * A look ahead at the rest of a record, so that short reads and lines do not
 * cost a call of OpenSSL each.  The bytes are a copy: the SSL still counts them
 * as unread, and those that were served are a debt to it, paid by one read
 * before anything else is done with that SSL.
 */
#ifndef ISS_AHEAD_H
#define ISS_AHEAD_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

struct iss_ahead {
	char *bytes; /* NULL: nothing was looked at */
	size_t len;
	size_t served; /* of them; always less than len */
	bool off;  /* do not look: lent, or there is a deadline for reading */
	bool lent; /* the program has the SSL: it may read by itself */
};

/* What was looked at and not served yet; NULL if there is nothing. */
static inline const char *
iss_ahead_next(const struct iss_ahead *ahead, size_t *len)
{
	if (ahead->bytes == NULL)
		return NULL;
	*len = ahead->len - ahead->served;
	return ahead->bytes + ahead->served;
}

/* Keep a copy of these bytes, which were peeked from the SSL.  False: memory
 * ran out, and nothing changed.  Nothing must be kept yet. */
bool iss_ahead_keep(struct iss_ahead *ahead, const void *bytes, size_t len);

/*
 * Pay the debt and forget the bytes.  The SSL has what was served decrypted in
 * its buffer, so this does not touch the network.  False, which cannot happen
 * unless somebody else read from the SSL: the stream is broken, since bytes
 * would be served twice.  SSL_read_ex(3).
 */
bool iss_ahead_settle(struct iss_ahead *ahead, SSL *ssl);

/* Forget the bytes without the SSL: the connection is freed. */
void iss_ahead_release(struct iss_ahead *ahead);

#endif
