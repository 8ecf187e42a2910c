/*
 * Owns the references of its sessions, and which one makes room.
 */
#include "sessions/session_list.h"

#include <string.h>

void
iss_session_list_add0(struct iss_session_list *list, SSL_SESSION *session)
{
	if (list->count == ISS_SESSION_LIST_MAX)
		SSL_SESSION_free(iss_session_list_take(list, 0));
	list->at[list->count++] = session;
}

SSL_SESSION *
iss_session_list_take(struct iss_session_list *list, size_t i)
{
	SSL_SESSION *session = list->at[i];

	list->count--;
	memmove(&list->at[i], &list->at[i + 1],
	    (list->count - i) * sizeof(list->at[0]));
	return session;
}

void
iss_session_list_release(struct iss_session_list *list)
{
	while (list->count > 0)
		SSL_SESSION_free(list->at[--list->count]);
}
