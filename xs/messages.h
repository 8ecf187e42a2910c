/*
 * Messages of the protocol: on STDERR, as $DEBUG says, and to the sub that
 * set_msg_callback was given.
 */
#ifndef ISS_XS_MESSAGES_H
#define ISS_XS_MESSAGES_H

#include "perl_core.h"

#include "connection/conn.h"
#include "connection/trace.h"

/*
 * set_msg_callback: items are the code and what it gets as last arguments; no
 * item, or undef, removes the callback.  Croaks if the code is not a plain code
 * reference.
 */
void iss_messages_set_callback(pTHX_ GV *glob, SV **items, SSize_t count);

/* Have the core tell of messages if anybody wants them: before the handshake,
 * and after that has changed. */
void iss_messages_begin(pTHX_ GV *glob, struct iss_conn *conn);

/* For answers.c: the message callback. */
void iss_messages_answer(void *handle, const struct iss_message *message);

#endif
