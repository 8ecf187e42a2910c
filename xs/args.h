/*
 * Hashes of SSL_* options become the core's plain values, by the core's own
 * tables of options.  A value of the wrong kind is a mistake of the program:
 * these functions croak then, naming the option.  Other failures are returned,
 * with err naming the option and nothing to release.
 */
#ifndef ISS_XS_ARGS_H
#define ISS_XS_ARGS_H

#include "perl_core.h"

#include "options/config.h"
#include "options/peer_config.h"
#include "options/peer_policy.h"

/*
 * Set config from the hash; the caller releases it.  For a server an option
 * may be a hash by host: vhost_options.h.  Where somebody is verified, and no
 * CA is given, it has the default CAs, which Perl is asked for.
 */
int iss_args_to_config(pTHX_ struct iss_error *err, HV *args, bool server,
    struct iss_config *config);

/* The same for the certificate of a client, with its key, alone. */
int iss_args_to_identity(
    pTHX_ struct iss_error *err, HV *args, struct iss_config *config);

/* The same for the options of one connection.  sni is the name that a client
 * sends, if bytes is not NULL. */
int iss_args_to_peer_config(pTHX_ struct iss_error *err, HV *args, bool server,
    struct iss_text sni, struct iss_peer_config *config);

/* Is there an SSL_verify_mode that means the same to servers and clients?  Not
 * so undef, '', and flags without SSL_VERIFY_PEER. */
bool iss_args_give_verify_mode(pTHX_ HV *args);

/* Is a certificate shown if there is one?  A client may say SSL_use_cert. */
bool iss_args_show_identity(pTHX_ HV *args, bool server);

#endif
