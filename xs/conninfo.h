/*
 * Facts about a connection as Perl values: its protocol, its names, its
 * certificates.
 */
#ifndef ISS_XS_CONNINFO_H
#define ISS_XS_CONNINFO_H

#include "perl_core.h"

#include "connection/conn.h"

enum iss_fact {
	ISS_FACT_CIPHER,
	ISS_FACT_VERSION,
	ISS_FACT_VERSION_NUMBER,
	ISS_FACT_ALPN,
	ISS_FACT_NPN,
	ISS_FACT_REUSED,
	ISS_FACT_DUMP
};

/* A new value; undef if the connection has no such fact. */
SV *iss_fact(pTHX_ struct iss_conn *conn, enum iss_fact fact);

/* What is_SSL returns: rw, without r or w if that half of TLS is over. */
SV *iss_new_directions(pTHX_ const struct iss_conn *conn);

/*
 * These push their results on the stack; the XSUB does a PUTBACK before.
 *
 * _servername   sent by SNI, also after the end of TLS; undef if none was;
 *               nothing, with the error reported, without TLS
 * _certificate  the peer's, or ours: a field, or with a false value a handle;
 *               nothing if there is none, with the error reported if it is
 *               the peer's
 * _field        a field of a certificate
 * _chain        handles of the peer's chain, leaf first; their number in
 *               scalar context
 * _verified_chain   handles of the chain that was verified, leaf first
 * _default_ca   a hash of SSL_ca_file and SSL_ca_path, either may be missing
 * _fingerprint  of a handle (undef: the peer's), as text or binary; nothing,
 *               with the error reported, if there is no certificate
 */
void iss_push_servername(pTHX_ GV *self);
void iss_push_certificate(
    pTHX_ GV *self, struct iss_conn *conn, bool ours, SV *field);
void iss_push_field(pTHX_ X509 *cert, SV *field);
void iss_push_chain(pTHX_ struct iss_conn *conn);
void iss_push_verified_chain(pTHX_ const struct iss_conn *conn);
void iss_push_default_ca(pTHX);
void iss_push_fingerprint(
    pTHX_ GV *self, SV *algo, SV *cert, bool pubkey, bool binary);

/*
 * The certificate of a handle; if that is undef, the peer's.  The caller must
 * free it; NULL if there is none.
 */
X509 *iss_get1_cert(pTHX_ GV *self, SV *handle);

#endif
