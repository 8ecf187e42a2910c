#include "connection/facts.h"

#include <stdio.h>
#include <string.h>

#include <openssl/objects.h>

#include "base/compat.h"
#include "options/version.h"
#include "verification/dane.h"
#include "x509/chain.h"

#define NANOSECONDS 1e6 /* in a millisecond */

/* The names of keys as in the lists of SSL_CTX_set1_sigalgs_list(3). */
static const char *
key_name(int nid)
{
	switch (nid) {
	case EVP_PKEY_RSA:
		return "RSA";
	case EVP_PKEY_RSA_PSS:
		return "RSA-PSS";
	case EVP_PKEY_EC:
		return "ECDSA";
	default:
		return OBJ_nid2sn(nid);
	}
}

/* "KEY+DIGEST", or the key alone where it needs no digest of its own. */
static void
put_sigalg(char out[ISS_FACTS_SIGALG_MAX], int key, int digest)
{
	const char *name = key != NID_undef ? key_name(key) : NULL;

	if (name == NULL)
		return;
	if (digest == NID_undef)
		snprintf(out, ISS_FACTS_SIGALG_MAX, "%s", name);
	else
		snprintf(out, ISS_FACTS_SIGALG_MAX, "%s+%s", name,
		    OBJ_nid2sn(digest));
}

static void
get_sigalgs(SSL *ssl, struct iss_facts *facts)
{
	int key, digest;

	key = digest = NID_undef;
	if (SSL_get_signature_type_nid(ssl, &key)) {
		(void)SSL_get_signature_nid(ssl, &digest);
		put_sigalg(facts->sigalg, key, digest);
	}
	key = digest = NID_undef;
	if (SSL_get_peer_signature_type_nid(ssl, &key)) {
		(void)SSL_get_peer_signature_nid(ssl, &digest);
		put_sigalg(facts->peer_sigalg, key, digest);
	}
}

static void
get_protocol(SSL *ssl, struct iss_facts *facts)
{
	facts->version = iss_version_name(SSL_version(ssl));
	facts->cipher = SSL_get_cipher_name(ssl);
	facts->bits = SSL_get_cipher_bits(ssl, NULL);
	facts->group = iss_compat_group_name(ssl);
	get_sigalgs(ssl, facts);
	SSL_get0_alpn_selected(ssl, &facts->alpn, &facts->alpn_len);
	facts->resumed = SSL_session_reused(ssl) != 0;
	facts->extended_master_secret = SSL_version(ssl) >= TLS1_3_VERSION ||
					SSL_get_extms_support(ssl) == 1;
}

static void
get_record(SSL *ssl, struct iss_facts *facts)
{
	struct iss_buf record;

	iss_buf_init(&record, ISS_FACTS_DANE_MAX - 1);
	iss_dane_describe(&record, ssl);
	memcpy(facts->dane, iss_buf_text(&record), record.len);
	iss_buf_release(&record);
}

static void
get_verdict(const struct iss_conn *conn, struct iss_facts *facts)
{
	SSL *ssl = conn->ssl;
	const bool asked = (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0;
	X509 *peer = SSL_get1_peer_certificate(ssl);

	facts->pinned = conn->link.pinned && peer != NULL;
	facts->stapled = conn->staple.good;
	facts->verified = asked && peer != NULL && !facts->pinned &&
			  SSL_get_verify_result(ssl) == X509_V_OK;
	X509_free(peer);
	if (facts->verified)
		get_record(ssl, facts);
	if (conn->verify.check != ISS_NAME_UNCHECKED)
		facts->verify_name = conn->verify.name;
	facts->peer_chain = iss_chain_get0_sent(ssl);
	if (facts->verified)
		facts->verified_chain = SSL_get0_verified_chain(ssl);
}

void
iss_facts_get(const struct iss_conn *conn, struct iss_facts *facts)
{
	SSL *ssl = conn->ssl;

	memset(facts, 0, sizeof(*facts));
	facts->server = conn->server;
	facts->server_name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	facts->handshake_ms = -1;
	facts->bytes_in = BIO_number_read(SSL_get_rbio(ssl));
	facts->bytes_out = BIO_number_written(SSL_get_wbio(ssl));
	facts->data_in = conn->data_in + conn->ahead.served;
	facts->data_out = conn->data_out;
	if (conn->state != ISS_CONN_OPEN)
		return;
	facts->handshake_ms =
	    (double)(conn->opened - conn->began) / NANOSECONDS;
	get_protocol(ssl, facts);
	get_verdict(conn, facts);
}
