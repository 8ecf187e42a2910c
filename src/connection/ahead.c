/*
 * Serving cannot fail or call back; so only settling needs the SSL.
 */
#include "connection/ahead.h"

#include <stdlib.h>
#include <string.h>

bool
iss_ahead_keep(struct iss_ahead *ahead, const void *bytes, size_t len)
{
	if ((ahead->bytes = malloc(len)) == NULL)
		return false;
	memcpy(ahead->bytes, bytes, len);
	ahead->len = len;
	ahead->served = 0;
	return true;
}

bool
iss_ahead_settle(struct iss_ahead *ahead, SSL *ssl)
{
	size_t owed = ahead->served, n;

	/* Never read on from the network. */
	while (owed > 0 && (size_t)SSL_pending(ssl) >= owed) {
		if (!SSL_read_ex(ssl, ahead->bytes, owed, &n))
			break;
		owed -= n;
	}
	iss_ahead_release(ahead);
	return owed == 0;
}

void
iss_ahead_release(struct iss_ahead *ahead)
{
	free(ahead->bytes);
	ahead->bytes = NULL;
	ahead->len = ahead->served = 0;
}
