/*
 * Handles that programs exchange with Net::SSLeay: addresses of OpenSSL
 * objects as integers.  They must not cross between two copies of OpenSSL,
 * so a Net::SSLeay that is loaded must use ours.
 */
#ifndef ISS_XS_HANDLES_H
#define ISS_XS_HANDLES_H

#include "perl_core.h"

/* Once an interpreter, before the functions below. */
void iss_handles_init(pTHX_ bool in_new_thread);

/* A new value.  Call iss_check_exchange before it is given to the program. */
SV *iss_new_handle(pTHX_ const void *pointer);

/*
 * May handles be exchanged?  True until a Net::SSLeay is loaded, then as long
 * as it uses our OpenSSL.  _check dies where they may not.
 */
bool iss_may_exchange(pTHX);
void iss_check_exchange(pTHX);

/*
 * A handle stored where programs see it: using it dies where handles may not
 * be exchanged.
 */
SV *iss_new_kept_handle(pTHX_ const void *pointer);

/*
 * The address in a handle.  _address returns NULL for a value that cannot be
 * one.  _pointer dies instead, naming the option, and also where handles may
 * not be exchanged.
 */
void *iss_handle_address(pTHX_ SV *value);
void *iss_handle_pointer(pTHX_ SV *value, const char *option);

/* A new text that says so.  It shows nothing of a key's value, which may be the
 * key itself or its pass phrase. */
SV *iss_handle_refusal(pTHX_ SV *value, const char *option);

#endif
