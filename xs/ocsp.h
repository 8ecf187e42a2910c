/*
 * Revocation status as Perl values.
 */
#ifndef ISS_XS_OCSP_H
#define ISS_XS_OCSP_H

#include "perl_core.h"

#include "connection/conn.h"
#include "revocation/ocsp.h"

/* An answer as a new hash: statusType, thisUpdate, nextUpdate and so on; and
 * back, a missing time being 0. */
SV *iss_new_ocsp_entry(pTHX_ const struct iss_ocsp_answer *answer);
void iss_ocsp_entry_answer(pTHX_ HV *entry, struct iss_ocsp_answer *answer);
SV *iss_new_ocsp_description(pTHX_ const struct iss_ocsp_answer *answer);

/* Has the peer shown a certificate?  False is told. */
bool iss_has_peer(pTHX_ GV *self, const struct iss_conn *conn);

/* A request about these ids, a new string. */
SV *iss_new_ocsp_request(pTHX_ SV **ids, size_t count);

/* Push results on the stack, after a PUTBACK of the XSUB. */
void iss_push_ocsp_checks(pTHX_ struct iss_conn *conn);
void iss_push_ocsp_verdict(pTHX_ SV *response, SV *id, SV *issuer);

/* For answers.c: the callbacks staple and ocsp_answer. */
enum iss_staple_opinion iss_ocsp_answer_staple(
    void *handle, OCSP_RESPONSE *response);
void iss_ocsp_answer_keep(void *handle, const unsigned char *id, size_t len,
    const struct iss_ocsp_answer *answer);

#endif
