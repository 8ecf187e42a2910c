/*
 * A place of our own among the ex_data of OpenSSL's objects
 * (CRYPTO_get_ex_new_index(3)), made once a process by whoever needs it first.
 */
#ifndef ISS_EX_INDEX_H
#define ISS_EX_INDEX_H

#include <openssl/crypto.h>

#include "base/compat.h"

/*
 * Defines the static function `int name(void)`, which returns the index for
 * objects of a class: SSL, SSL_CTX, SSL_SESSION, X509, X509_STORE,
 * X509_STORE_CTX.  When memory ran out it returns -1, for which the class's
 * get_ex_data returns NULL and its set_ex_data fails.
 *
 * free_fn is the CRYPTO_EX_free that releases a value with its object, or NULL.
 */
#define ISS_EX_INDEX(name, class, free_fn)                                     \
	ISS_EX_INDEX_DUP(name, class, NULL, free_fn)

/* The same with the CRYPTO_EX_dup for a copy of the object. */
#define ISS_EX_INDEX_DUP(name, class, dup_fn, free_fn)                         \
	static CRYPTO_ONCE name##_once = CRYPTO_ONCE_STATIC_INIT;              \
	static int name##_made = -1; /* then only read */                      \
                                                                               \
	static void name##_make(void)                                          \
	{                                                                      \
		name##_made = CRYPTO_get_ex_new_index(                         \
		    CRYPTO_EX_INDEX_##class, 0, NULL, NULL, dup_fn, free_fn);  \
	}                                                                      \
                                                                               \
	static int name(void)                                                  \
	{                                                                      \
		return CRYPTO_THREAD_run_once(&name##_once, name##_make)       \
			   ? name##_made                                       \
			   : -1;                                               \
	}                                                                      \
	static int name(void) /* takes the semicolon */

/*
 * The same where the value belongs to its object: it is freed with that, by
 * free_value, a function of one void *.
 */
#define ISS_EX_INDEX_OWNED(name, class, free_value)                            \
	ISS_EX_INDEX_FREE_(name, free_value)                                   \
	ISS_EX_INDEX(name, class, name##_free)

/* And where a copy of the object (SSL_SESSION_dup) gets a copy of the value, by
 * copy_value, a function from one void * to another; NULL when memory runs
 * out. */
#define ISS_EX_INDEX_COPIED(name, class, copy_value, free_value)               \
	ISS_EX_INDEX_FREE_(name, free_value)                                   \
	static int name##_dup(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from,  \
	    iss_compat_ex_place place, int index, long number, void *arg)      \
	{                                                                      \
		void **value = (void **)place;                                 \
                                                                               \
		(void)to;                                                      \
		(void)from;                                                    \
		(void)index;                                                   \
		(void)number;                                                  \
		(void)arg;                                                     \
		return *value == NULL ||                                       \
		       (*value = copy_value(*value)) != NULL;                  \
	}                                                                      \
	ISS_EX_INDEX_DUP(name, class, name##_dup, name##_free)

#define ISS_EX_INDEX_FREE_(name, free_value)                                   \
	static void name##_free(void *parent, void *value,                     \
	    CRYPTO_EX_DATA *data, int index, long number, void *arg)           \
	{                                                                      \
		(void)parent;                                                  \
		(void)data;                                                    \
		(void)index;                                                   \
		(void)number;                                                  \
		(void)arg;                                                     \
		free_value(value);                                             \
	}

#endif
