/*
 * Stores of sessions: IO::Socket::SSL::Session_Store holds the backend, magic
 * on it the core's struct iss_store with the secrets.
 */
#ifndef ISS_XS_STORES_H
#define ISS_XS_STORES_H

#include "perl_core.h"

#include "ask.h"
#include "sessions/store.h"

/* The core's store of such an object; NULL for anything else. */
struct iss_store *iss_attached_store(pTHX_ SV *object);

/* Give an object its store; croaks for a secret that is too short. */
void iss_create_store(pTHX_ SV *object, AV *secrets, IV timeout);

/* For answers.c: the store_* callbacks. */
bool iss_stores_answer_put(
    void *handle, const char *key, const void *value, size_t len, long seconds);
bool iss_stores_answer_get(
    void *handle, const char *key, struct iss_buf *value);
bool iss_stores_answer_take(void *handle, const char *key);

#endif
