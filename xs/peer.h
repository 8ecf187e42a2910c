/*
 * Whom a connection is meant for: the facts that the core's policy asks for
 * (options/peer_policy.h), and what comes of its answers.
 */
#ifndef ISS_XS_PEER_H
#define ISS_XS_PEER_H

#include "perl_core.h"

#include "options/peer_policy.h"
#include "verification/verify.h"

/* Has the program chosen the defaults of the manual of 1.77? */
bool iss_peer_as_in_1_77(pTHX);

/*
 * What the options of a socket and the hash of its context say; the addresses
 * are not filled in.  Texts stay valid until the statement ends.  They are in
 * UTF-8, or the bytes that Perl keeps, in which a name is sent to the server.
 */
enum iss_peer_encoding { ISS_PEER_UTF8, ISS_PEER_BYTES };
struct iss_peer_facts iss_peer_facts(
    pTHX_ HV *args, HV *context, bool server, enum iss_peer_encoding encoding);

/* A text in UTF-8, valid until the statement ends. */
struct iss_text iss_peer_text(pTHX_ SV *value);

/*
 * The scheme by which the name of the peer is checked, mortal, and *name; NULL
 * if none is checked.  name is as in iss_peer_policy_name.  Warns, or croaks,
 * as the policy says.  fd is the socket whose peer is meant, -1 if the bytes
 * take another way.
 */
SV *iss_peer_choose_name(
    pTHX_ HV *args, HV *context, bool server, int fd, struct iss_text *name);

/*
 * Have the name checked, or if its bytes are NULL the address that the peer
 * will have, by a scheme as the user gives it: the name of one, or a hash.
 * Returns what iss_verify_set_name does; croaks if there is no such scheme.
 */
int iss_peer_set_name(pTHX_ struct iss_error *err, struct iss_verify *verify,
    struct iss_text name, SV *scheme, SV *publicsuffix);

/* The sub in a scheme that is a hash; NULL: there is none. */
SV *iss_peer_scheme_code(pTHX_ SV *scheme);

#endif
