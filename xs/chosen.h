/*
 * The answers to SSL_hello_callback and SSL_cert_callback, from Perl's values.
 * The functions may die, so that Perl code calls them.
 */
#ifndef ISS_XS_CHOSEN_H
#define ISS_XS_CHOSEN_H

#include "perl_core.h"

/*
 * The connection of self, whose callback this is, goes over to a context, an
 * object: by its files as they are now, with its subs, and its rules for the
 * name of a client.  Nothing changes if it is not a server's.
 */
void iss_choose_ctx(pTHX_ GV *self, SV *context);

/* The certificate in a hash of SSL_cert and the like, as a new value for
 * choices.h. */
SV *iss_choose_certificate(pTHX_ HV *args);

#endif
