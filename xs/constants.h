/*
 * Constants of OpenSSL under the names that Net::SSLeay has for them, for
 * programs that use these without it: see IO::Socket::SSL::Facade.
 */
#ifndef ISS_XS_CONSTANTS_H
#define ISS_XS_CONSTANTS_H

#include "perl_core.h"

/* The value of a constant ("VERIFY_PEER"); undef if there is no such name. */
SV *iss_new_constant(pTHX_ const char *name);

#endif
