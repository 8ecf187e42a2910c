/*
 * Stores of sessions and of ticket keys: IO::Socket::SSL::Session_Store or
 * Ticket_Keys holds the backend, magic on it the core's struct iss_store or
 * iss_shared_keys with the secrets.
 */
#ifndef ISS_XS_STORES_H
#define ISS_XS_STORES_H

#include "perl_core.h"

#include "ask.h"
#include "sessions/shared_keys.h"
#include "sessions/store.h"

/* The core's store of such an object; NULL for anything else. */
struct iss_store *iss_attached_store(pTHX_ SV *object);

/* Give an object its store; croaks for a secret that is too short. */
void iss_create_store(pTHX_ SV *object, AV *secrets, IV timeout);

/* The same for ticket keys. */
struct iss_shared_keys *iss_attached_shared_keys(pTHX_ SV *object);
void iss_create_shared_keys(pTHX_ SV *object, AV *secrets, IV rotate, IV keep);

/* For answers.c: the store_* callbacks. */
bool iss_stores_answer_put(
    void *handle, const char *key, const void *value, size_t len, long seconds);
bool iss_stores_answer_add(
    void *handle, const char *key, const void *value, size_t len, long seconds);
enum iss_reply iss_stores_answer_get(
    void *handle, const char *key, struct iss_buf *value);
bool iss_stores_answer_take(void *handle, const char *key);

#endif
