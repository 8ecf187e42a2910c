/*
 * SSL_* hashes to plain values.
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

/* Set the name check of a connection from a scheme as the user gives it. */
int iss_args_set_name(pTHX_ struct iss_error *err, struct iss_verify *verify,
    SV *name, SV *scheme, SV *publicsuffix);
/* The sub in a scheme that is a hash; NULL: there is none. */
SV *iss_args_scheme_code(pTHX_ SV *scheme);

#endif
