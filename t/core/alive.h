/*
 * How many sessions OpenSSL has not freed yet: a leak or a holder too few
 * shows.
 */
#ifndef ISS_ALIVE_H
#define ISS_ALIVE_H

#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/ssl.h>

static int alive;

static void
alive_new(void *session, void *value, CRYPTO_EX_DATA *data, int index,
    long argl, void *argp)
{
	(void)session, (void)value, (void)data;
	(void)index, (void)argl, (void)argp;
	alive++;
}

static void
alive_free(void *session, void *value, CRYPTO_EX_DATA *data, int index,
    long argl, void *argp)
{
	(void)session, (void)value, (void)data;
	(void)index, (void)argl, (void)argp;
	alive--;
}

/* From now on sessions are counted. */
static inline void
alive_begin(void)
{
	if (SSL_SESSION_get_ex_new_index(0, NULL, alive_new, NULL, alive_free) <
	    0) {
		printf("Bail out! sessions cannot be counted\n");
		exit(2);
	}
}

#endif
