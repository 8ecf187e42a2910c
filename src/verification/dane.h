/*
 * DANE (RFC 6698, 7671): the domain of a server says by TLSA records, which the
 * program has got by DNSSEC, which certificates the server may have.
 */
#ifndef ISS_DANE_H
#define ISS_DANE_H

#include <stdbool.h>

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "base/buf.h"
#include "base/error.h"
#include "link/link.h"
#include "sessions/session_policy.h"
#include "verification/demands.h"

/* Let the connections of a context use records.  Once, when it is made.
 * SSL_CTX_dane_enable(3). */
int iss_dane_allow(struct iss_error *err, SSL_CTX *ctx);

/*
 * From now on one of the records, which are copied, must match the chain of the
 * peer.  Records that OpenSSL cannot use are left out.  name_of_ee: check the
 * name even if a record names the very certificate; -1: as the scheme of the
 * name has it.  Without records nothing is done.  Before iss_verify_begin.
 * Returns ISS_OK, or ISS_ERROR if no record can be used, or memory runs out.
 */
int iss_dane_begin(struct iss_error *err, const struct iss_link *link,
    const struct iss_tlsa_list *records, int name_of_ee);

/* Must a record match? */
bool iss_dane_is_on(const struct iss_verify *verify);

/*
 * The verification that has just ended well, or still runs in OpenSSL: the
 * usage of the record that matched; -1 if none did.
 */
int iss_dane_matched(const struct iss_link *link);

/* An error of verification after which a record may have matched a CA that did
 * not issue the certificate, or not allow that it was issued: OpenSSL compares
 * records before it looks at signatures and limits.  The program must not
 * overrule it. */
bool iss_dane_breaks_chain(int error);

/* Need the peer be judged by nothing but its name and a record of that usage?
 * And if so, by its name? */
bool iss_dane_is_enough(int usage);
bool iss_dane_needs_name(const struct iss_verify *verify, int usage);

/* Record in link->failure that no record matches. */
void iss_dane_refuse(struct iss_link *link);

/* Append "3 1 1" of the record that made OpenSSL accept the peer; nothing if
 * none did. */
void iss_dane_describe(struct iss_buf *out, SSL *ssl);

#endif
