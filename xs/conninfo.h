/*
 * What is known of a connection.
 */
#ifndef ISS_XS_CONNINFO_H
#define ISS_XS_CONNINFO_H

#include "perl_core.h"

#include "connection/conn.h"

enum iss_fact {
	ISS_FACT_CIPHER,
	ISS_FACT_VERSION,
	ISS_FACT_VERSION_NUMBER,
	ISS_FACT_SERVERNAME,
	ISS_FACT_ALPN,
	ISS_FACT_NPN,
	ISS_FACT_REUSED,
	ISS_FACT_DUMP
};

/* A new value, undef where the connection does not know. */
SV *iss_fact(pTHX_ struct iss_conn *conn, enum iss_fact fact);

/* Push results on the stack, after a PUTBACK of the XSUB. */
void iss_push_certificate(pTHX_ struct iss_conn *conn, bool ours, SV *field);
void iss_push_field(pTHX_ X509 *cert, SV *field);
void iss_push_chain(pTHX_ struct iss_conn *conn);
void iss_push_default_ca(pTHX);
void iss_push_fingerprint(
    pTHX_ GV *self, SV *algo, SV *cert, bool pubkey, bool binary);

/*
 * The certificate of a handle, with undef that of the peer: a reference of
 * the caller's own; NULL: there is none.
 */
X509 *iss_get1_cert(pTHX_ GV *self, SV *handle);

#endif
