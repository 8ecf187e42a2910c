/*
 * SSL_ticket_keycb: the program's sub for the keys of session tickets.
 */
#ifndef ISS_XS_TICKETS_H
#define ISS_XS_TICKETS_H

#include "perl_core.h"

#include "link/callbacks.h"

/* Is it a sub, or an array that begins with one? */
bool iss_tickets_is_callback(pTHX_ SV *value);

/* For answers.c: the ticket_key callback. */
bool iss_tickets_answer(
    void *handle, const unsigned char *name, struct iss_ticket_key *key);

#endif
