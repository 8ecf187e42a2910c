#include "tls_info.h"

#include "cert_hash.h"
#include "base/compat.h"
#include "connection/facts.h"

/* undef for NULL and "". */
static SV *
text(pTHX_ const char *bytes)
{
	return bytes != NULL && *bytes != '\0' ? newSVpv(bytes, 0) : newSV(0);
}

static SV *
count(pTHX_ uint64_t number)
{
	return number <= UV_MAX ? newSVuv((UV)number) : newSVnv((NV)number);
}

static SV *
truth(pTHX_ bool is_so)
{
	return newSViv(is_so);
}

static void
store(pTHX_ HV *hash, const char *key, SV *value)
{
	(void)hv_store(hash, key, (I32)strlen(key), value, 0);
}

static void
store_protocol(pTHX_ HV *hash, const struct iss_facts *facts)
{
	store(aTHX_ hash, "version", text(aTHX_ facts->version));
	store(aTHX_ hash, "cipher", text(aTHX_ facts->cipher));
	store(aTHX_ hash, "bits",
	    facts->bits > 0 ? newSViv(facts->bits) : newSV(0));
	store(aTHX_ hash, "group", text(aTHX_ facts->group));
	store(aTHX_ hash, "sigalg", text(aTHX_ facts->sigalg));
	store(aTHX_ hash, "peer_sigalg", text(aTHX_ facts->peer_sigalg));
	store(aTHX_ hash, "alpn",
	    facts->alpn_len > 0
		? newSVpvn((const char *)facts->alpn, facts->alpn_len)
		: newSV(0));
	store(aTHX_ hash, "server_name", text(aTHX_ facts->server_name));
	store(aTHX_ hash, "server", truth(aTHX_ facts->server));
	store(aTHX_ hash, "resumed", truth(aTHX_ facts->resumed));
	store(aTHX_ hash, "early_data", newSV(0));
	store(aTHX_ hash, "extended_master_secret",
	    truth(aTHX_ facts->extended_master_secret));
}

static SV *
chain(pTHX_ const STACK_OF(X509) * certs)
{
	return certs != NULL ? iss_new_cert_list(aTHX_ certs) : newSV(0);
}

/* As it was sent; to a server it comes without the leaf. */
static SV *
peer_chain(pTHX_ X509 *peer, const struct iss_facts *facts)
{
	SV *list = chain(aTHX_ facts->peer_chain);

	if (!facts->server || peer == NULL)
		return list;
	if (!SvROK(list)) {
		SvREFCNT_dec(list);
		list = newRV_noinc((SV *)newAV());
	}
	av_unshift((AV *)SvRV(list), 1);
	(void)av_store((AV *)SvRV(list), 0, iss_new_cert_summary(aTHX_ peer));
	return list;
}

static void
store_peer(pTHX_ HV *hash, SSL *ssl, const struct iss_facts *facts)
{
	X509 *peer = SSL_get1_peer_certificate(ssl);

	X509_free(peer); /* the connection holds it as well */
	store(aTHX_ hash, "verified", truth(aTHX_ facts->verified));
	store(aTHX_ hash, "verify_name", text(aTHX_ facts->verify_name));
	store(aTHX_ hash, "pinned", truth(aTHX_ facts->pinned));
	store(aTHX_ hash, "dane", text(aTHX_ facts->dane));
	store(aTHX_ hash, "stapled", truth(aTHX_ facts->stapled));
	store(aTHX_ hash, "peer",
	    peer != NULL ? iss_new_cert_summary(aTHX_ peer) : newSV(0));
	store(aTHX_ hash, "peer_chain", peer_chain(aTHX_ peer, facts));
	store(aTHX_ hash, "verified_chain", chain(aTHX_ facts->verified_chain));
}

SV *
iss_new_tls_info(pTHX_ const struct iss_conn *conn)
{
	HV *hash = newHV();
	SV *result = sv_2mortal(newRV_noinc((SV *)hash));
	struct iss_facts facts;

	iss_facts_get(conn, &facts);
	store_protocol(aTHX_ hash, &facts);
	store_peer(aTHX_ hash, conn->ssl, &facts);
	store(aTHX_ hash, "handshake_ms",
	    facts.handshake_ms >= 0 ? newSVnv(facts.handshake_ms) : newSV(0));
	store(aTHX_ hash, "bytes_in", count(aTHX_ facts.bytes_in));
	store(aTHX_ hash, "bytes_out", count(aTHX_ facts.bytes_out));
	store(aTHX_ hash, "data_in", count(aTHX_ facts.data_in));
	store(aTHX_ hash, "data_out", count(aTHX_ facts.data_out));
	store(aTHX_ hash, "session_refused", text(aTHX_ conn->resume.refused));
	store(aTHX_ hash, "openssl",
	    newSVpv(OpenSSL_version(OPENSSL_VERSION), 0));
	return SvREFCNT_inc(result);
}
