/*
 * Hashes of SSL_* options become the core's plain values, by the core's own
 * tables of options.  A value of the wrong kind is a mistake of the program:
 * these functions croak then, naming the option.
 */
#ifndef ISS_XS_ARGS_H
#define ISS_XS_ARGS_H

#include "perl_core.h"

#include "options/config.h"
#include "options/peer_config.h"
#include "verification/verify.h"

/*
 * Set config from the hash; the caller releases it.  For a server an option
 * may be a hash by host: vhost_options.h.  Croaks on a wrong value, with
 * nothing left to release.
 */
void iss_args_to_config(pTHX_ HV *args, bool server, struct iss_config *config);
void iss_args_to_peer_config(pTHX_ HV *args, struct iss_peer_config *config);

/*
 * Have verify check for name, by a scheme as the program gives it (a word or a
 * hash) and a list of suffixes ('', an object, or undef).  Returns ISS_OK or
 * ISS_ERROR.
 */
int iss_args_set_name(pTHX_ struct iss_error *err, struct iss_verify *verify,
    SV *name, SV *scheme, SV *publicsuffix);
/* The sub in a scheme that is a hash; NULL if there is none. */
SV *iss_args_scheme_code(pTHX_ SV *scheme);

#endif
