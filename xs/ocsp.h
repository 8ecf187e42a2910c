/*
 * Revocation status between Perl and the core: which certificates of a
 * connection to ask about, what was answered, and the program's sub for stapled
 * responses.
 */
#ifndef ISS_XS_OCSP_H
#define ISS_XS_OCSP_H

#include "perl_core.h"

#include "connection/conn.h"
#include "revocation/ocsp.h"

/* An answer as a new hash: statusType, thisUpdate, nextUpdate and so on; and
 * back (a missing time is 0); and in words. */
SV *iss_new_ocsp_entry(pTHX_ const struct iss_ocsp_answer *answer);
void iss_ocsp_entry_answer(pTHX_ HV *entry, struct iss_ocsp_answer *answer);
SV *iss_new_ocsp_description(pTHX_ const struct iss_ocsp_answer *answer);

/* Has the peer shown a certificate?  False is reported. */
bool iss_has_peer(pTHX_ GV *self, const struct iss_conn *conn);

/* The DER of a request about these ids, a new string; croaks on failure. */
SV *iss_new_ocsp_request(pTHX_ SV **ids, size_t count);

/*
 * These push results on the stack, after a PUTBACK of the XSUB.
 *
 * _checks   a hash for each certificate to ask about: subject, and if known id,
 *           issuer (both DER), uri and entry (of a stapled response)
 * _verdict  what a response says of a certificate: an entry, or undef and why
 */
void iss_push_ocsp_checks(pTHX_ struct iss_conn *conn);
void iss_push_ocsp_verdict(pTHX_ SV *response, SV *id, SV *issuer);

/* For answers.c: the callbacks staple and ocsp_answer. */
enum iss_staple_opinion iss_ocsp_answer_staple(
    void *handle, OCSP_RESPONSE *response);
void iss_ocsp_answer_keep(void *handle, const unsigned char *id, size_t len,
    const struct iss_ocsp_answer *answer);

#endif
