/*
 * A few sessions in the order in which they came.
 */
#ifndef ISS_SESSION_LIST_H
#define ISS_SESSION_LIST_H

#include <stddef.h>

#include <openssl/ssl.h>

enum { ISS_SESSION_LIST_MAX = 8 };

/* Zeroed: empty. */
struct iss_session_list {
	SSL_SESSION *at[ISS_SESSION_LIST_MAX]; /* owned, oldest first */
	size_t count;
};

/* Add a session, taking over the caller's reference; if the list is full, its
 * oldest session is freed. */
void iss_session_list_add0(struct iss_session_list *list, SSL_SESSION *session);

/* Take the session at index i (< count) out; its reference becomes the
 * caller's. */
SSL_SESSION *iss_session_list_take(struct iss_session_list *list, size_t i);

/* Free all sessions; empty afterwards. */
void iss_session_list_release(struct iss_session_list *list);

#endif
