/*
 * What is told of a connection, whatever its peer did: chains, facts, bindings,
 * and all about a failure.
 */
#ifndef ISS_FUZZ_TOLD_H
#define ISS_FUZZ_TOLD_H

#include <string.h>

#include "claim.h"
#include "connection/binding.h"
#include "connection/conn.h"
#include "connection/facts.h"
#include "connection/failure.h"
#include "revocation/ocsp_chain.h"
#include "x509/chain.h"

static inline void
claim_chains(struct iss_conn *conn)
{
	struct iss_ocsp_chain chain;
	size_t i;

	sk_X509_pop_free(iss_chain_get1(conn->ssl), X509_free);
	iss_ocsp_chain_init(&chain, &conn->link);
	for (i = 0; i < chain.count; i++) {
		claim(iss_ocsp_chain_get0_cert(&chain, i) != NULL);
		(void)iss_ocsp_chain_get0_issuer(&chain, i);
	}
	iss_ocsp_chain_release(&chain);
}

static inline void
claim_bindings(const struct iss_conn *conn)
{
	unsigned char bytes[ISS_BINDING_MAX];
	struct iss_error err;
	size_t i, len;
	int rv;

	for (i = 0; iss_binding_name(i) != NULL; i++) {
		iss_error_clear(&err);
		len = 0;
		rv = iss_binding_get(
		    &err, conn, iss_binding_name(i), bytes, &len);
		claim(rv != ISS_INVALID);
		claim(rv != ISS_OK || (len > 0 && len <= sizeof(bytes)));
		claim((rv == ISS_OK) != iss_error_is_set(&err));
	}
}

static inline void
claim_failure(const struct iss_conn *conn)
{
	const struct iss_error *err = iss_kept_error_get0(&conn->err);
	struct iss_failure *failure;

	if (!iss_error_is_set(err))
		return;
	claim((failure = iss_failure_new(err, conn)) != NULL);
	claim(failure->err.kind != ISS_KIND_NONE);
	claim(failure->what != NULL);
	claim(strlen(failure->hint) < sizeof(failure->hint));
	claim(strlen(failure->said) < sizeof(failure->said));
	iss_failure_free(failure);
}

static inline void
claim_told(struct iss_conn *conn)
{
	struct iss_facts facts;

	claim_chains(conn);
	claim_bindings(conn);
	claim_failure(conn);
	iss_facts_get(conn, &facts);
	claim(!facts.verified || conn->state == ISS_CONN_OPEN);
	claim(strlen(facts.sigalg) < sizeof(facts.sigalg));
}

#endif
