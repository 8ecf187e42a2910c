#include "conninfo.h"

#include <openssl/x509v3.h>

#include "attachment.h"
#include "errors.h"
#include "handles.h"
#include "state.h"
#include "base/buf.h"
#include "connection/facts.h"
#include "x509/cert.h"
#include "x509/cert_names.h"
#include "x509/chain.h"
#include "base/compat.h"
#include "x509/trust.h"
#include "options/version.h"

static SV *
text_or_undef(pTHX_ const char *text)
{
	return text != NULL ? newSVpv(text, 0) : newSV(0);
}

/* A text from UTF-8. */
static SV *
new_text(pTHX_ const char *bytes, STRLEN len)
{
	SV *sv = newSVpvn(bytes, len);

	sv_utf8_decode(sv);
	return sv;
}

static SV *
selected_protocol(pTHX_ struct iss_conn *conn, enum iss_fact fact)
{
	const unsigned char *name = NULL;
	unsigned int len = 0;

	if (fact == ISS_FACT_ALPN)
		SSL_get0_alpn_selected(conn->ssl, &name, &len);
#ifndef OPENSSL_NO_NEXTPROTONEG
	else
		SSL_get0_next_proto_negotiated(conn->ssl, &name, &len);
#endif
	if (name == NULL || len == 0)
		return newSV(0);
	return newSVpvn((const char *)name, len);
}

static SV *
dump_peer(pTHX_ struct iss_conn *conn)
{
	X509 *cert = SSL_get1_peer_certificate(conn->ssl);
	struct iss_error err;
	struct iss_buf text;
	SV *sv;

	if (cert == NULL)
		return newSV(0);
	iss_error_clear(&err);
	iss_buf_init(&text, ISS_CERT_TEXT_MAX);
	iss_cert_dump(&err, cert, &text);
	sv = newSVpvn(iss_buf_text(&text), text.len);
	iss_buf_release(&text);
	X509_free(cert);
	return sv;
}

SV *
iss_fact(pTHX_ struct iss_conn *conn, enum iss_fact fact)
{
	switch (fact) {
	case ISS_FACT_CIPHER:
		return text_or_undef(aTHX_ SSL_get_cipher_name(conn->ssl));
	case ISS_FACT_VERSION:
		return text_or_undef(
		    aTHX_ iss_version_name(SSL_version(conn->ssl)));
	case ISS_FACT_VERSION_NUMBER:
		return newSViv(SSL_version(conn->ssl));
	case ISS_FACT_ALPN:
	case ISS_FACT_NPN:
		return selected_protocol(aTHX_ conn, fact);
	case ISS_FACT_REUSED:
		return newSViv(SSL_session_reused(conn->ssl));
	case ISS_FACT_DUMP:
		break;
	}
	return dump_peer(aTHX_ conn);
}

SV *
iss_new_directions(pTHX_ const struct iss_conn *conn)
{
	if (conn->got_notify)
		return conn->sent_notify ? newSVpvs("") : newSVpvs("w");
	return conn->sent_notify ? newSVpvs("r") : newSVpvs("rw");
}

void
iss_push_servername(pTHX_ GV *self)
{
	const struct iss_conn *conn = iss_attached(aTHX_ self);
	SV *kept = self != NULL ? iss_state_servername(aTHX_ self) : NULL;
	dSP;

	if (conn != NULL)
		mXPUSHs(text_or_undef(aTHX_ SSL_get_servername(
		    conn->ssl, TLSEXT_NAMETYPE_host_name)));
	else if (kept != NULL)
		mXPUSHs(newSVsv(kept));
	else
		iss_tell_text(
		    aTHX_ self, 0, "there is no TLS connection on this socket");
	PUTBACK;
}

enum field { FIELD_ISSUER, FIELD_SUBJECT, FIELD_CN, FIELD_SANS };

static const struct {
	const char *name;
	enum field field;
} fields[] = {
	{ "authority", FIELD_ISSUER },
	{ "issuer", FIELD_ISSUER },
	{ "owner", FIELD_SUBJECT },
	{ "subject", FIELD_SUBJECT },
	{ "commonName", FIELD_CN },
	{ "cn", FIELD_CN },
	{ "subjectAltNames", FIELD_SANS },
};

static void
refuse_field(pTHX_ const char *text)
{
	SV *valid = sv_2mortal(newSVpvs(""));
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		sv_catpvf(valid, "%s%s", i > 0 ? ", " : "", fields[i].name);
	Perl_croak(aTHX_ "unknown field '%.60s' for peer_certificate; valid "
			 "fields are %" SVf,
	    text, SVfARG(valid));
}

static enum field
find_field(pTHX_ SV *name)
{
	const char *text = SvPV_nolen(name);
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strcmp(text, fields[i].name) == 0)
			return fields[i].field;
	refuse_field(aTHX_ text);
	return FIELD_CN;
}

static void
push_name(pTHX_ X509 *cert, bool issuer)
{
	struct iss_error err;
	struct iss_buf text;
	dSP;

	iss_error_clear(&err);
	iss_buf_init(&text, ISS_CERT_TEXT_MAX);
	if (issuer)
		iss_cert_issuer_text(&err, cert, &text);
	else
		iss_cert_subject_text(&err, cert, &text);
	mXPUSHs(newSVpvn(iss_buf_text(&text), text.len));
	PUTBACK;
	iss_buf_release(&text);
}

static void
push_common_name(pTHX_ X509 *cert)
{
	unsigned char *utf8;
	int len = iss_cert_common_name(cert, &utf8);
	dSP;

	if (len >= 0) {
		mXPUSHs(new_text(aTHX_ (const char *)utf8, (STRLEN)len));
		OPENSSL_free(utf8);
	}
	PUTBACK;
}

/* The pairs of type and alternative name. */
static void
push_alternative_names(pTHX_ X509 *cert)
{
	struct iss_cert_names names;
	const struct iss_presented *all = &names.presented;
	struct iss_error err;
	size_t i;
	dSP;

	iss_error_clear(&err);
	if (iss_cert_names_init(&err, &names, cert) == ISS_OK)
		for (i = 0; i < all->n_sans; i++) {
			mXPUSHi(all->sans[i].type);
			mXPUSHp(
			    (const char *)all->sans[i].bytes, all->sans[i].len);
		}
	PUTBACK;
	iss_cert_names_release(&names);
}

static void
push_field(pTHX_ X509 *cert, enum field field)
{
	switch (field) {
	case FIELD_ISSUER:
	case FIELD_SUBJECT:
		push_name(aTHX_ cert, field == FIELD_ISSUER);
		break;
	case FIELD_CN:
		push_common_name(aTHX_ cert);
		break;
	case FIELD_SANS:
		push_alternative_names(aTHX_ cert);
		break;
	}
}

void
iss_push_field(pTHX_ X509 *cert, SV *name)
{
	push_field(aTHX_ cert, find_field(aTHX_ name));
}

void
iss_push_certificate(
    pTHX_ GV *self, struct iss_conn *conn, bool ours, SV *field)
{
	bool has_field = SvTRUE(field);
	enum field wanted = FIELD_CN;
	X509 *cert;
	dSP;

	if (has_field) { /* either may croak; an object may close the socket */
		wanted = find_field(aTHX_ field);
		conn = iss_attached(aTHX_ self);
	} else
		iss_check_exchange(aTHX);
	if (conn == NULL) {
		iss_tell_text(
		    aTHX_ self, 0, "there is no TLS connection on this socket");
		return;
	}
	cert = ours ? SSL_get_certificate(conn->ssl)
		    : SSL_get1_peer_certificate(conn->ssl);
	if (cert == NULL) {
		if (!ours)
			iss_tell_text(
			    aTHX_ self, 0, "there is no peer certificate");
		return;
	}
	if (!ours)
		X509_free(cert); /* the connection holds it as well */
	if (has_field) {
		push_field(aTHX_ cert, wanted);
		return;
	}
	mXPUSHs(iss_new_handle(aTHX_ cert));
	PUTBACK;
}

X509 *
iss_get1_cert(pTHX_ GV *self, SV *handle)
{
	struct iss_conn *conn = iss_attached(aTHX_ self);
	X509 *cert;

	if (!SvOK(handle))
		return conn != NULL ? SSL_get1_peer_certificate(conn->ssl)
				    : NULL;
	cert = iss_handle_pointer(aTHX_ handle, "certificate");
	X509_up_ref(cert);
	return cert;
}

void
iss_push_fingerprint(
    pTHX_ GV *self, SV *algo, SV *handle, bool pubkey, bool binary)
{
	const char *name = SvOK(algo) ? SvPV_nolen(algo) : "sha256";
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct iss_error err;
	struct iss_buf text;
	size_t len;
	X509 *cert;
	int rv;
	dSP;

	if ((cert = iss_get1_cert(aTHX_ self, handle)) == NULL) {
		iss_tell_text(aTHX_ self, 0, "there is no peer certificate");
		return;
	}
	iss_error_clear(&err);
	iss_buf_init(&text, ISS_CERT_TEXT_MAX);
	rv = binary
		 ? iss_cert_fingerprint(&err, cert, name, pubkey, digest, &len)
		 : iss_cert_fingerprint_text(&err, cert, name, pubkey, &text);
	X509_free(cert);
	if (rv == ISS_OK) {
		if (binary)
			mXPUSHp((const char *)digest, len);
		else
			mXPUSHp(iss_buf_text(&text), text.len);
	}
	PUTBACK;
	iss_buf_release(&text);
	if (rv != ISS_OK)
		Perl_croak(aTHX_ "%s", err.text);
}

void
iss_push_chain(pTHX_ struct iss_conn *conn)
{
	STACK_OF(X509) *chain = iss_chain_get0_sent(conn->ssl);
	const int count = chain != NULL ? sk_X509_num(chain) : 0;
	X509 *leaf;
	bool alone; /* a server's chain comes without the leaf */
	int i;
	dSP;

	iss_check_exchange(aTHX);
	leaf = SSL_get1_peer_certificate(conn->ssl);
	X509_free(leaf); /* the connection holds it as well */
	alone = leaf != NULL && SSL_is_server(conn->ssl);
	if (GIMME_V == G_SCALAR) {
		mXPUSHi(count + alone);
	} else {
		if (alone)
			mXPUSHs(iss_new_handle(aTHX_ leaf));
		for (i = 0; i < count; i++)
			mXPUSHs(iss_new_handle(aTHX_ sk_X509_value(chain, i)));
	}
	PUTBACK;
}

void
iss_push_verified_chain(pTHX_ const struct iss_conn *conn)
{
	struct iss_facts facts;
	int i;
	dSP;

	iss_check_exchange(aTHX);
	iss_facts_get(conn, &facts);
	for (i = 0; i < sk_X509_num(facts.verified_chain); i++)
		mXPUSHs(iss_new_handle(
		    aTHX_ sk_X509_value(facts.verified_chain, i)));
	PUTBACK;
}

void
iss_push_default_ca(pTHX)
{
	struct iss_trust_default where;
	struct iss_error err;
	dSP;

	iss_error_clear(&err);
	if (iss_trust_default_init(&err, &where) != ISS_OK)
		Perl_croak(aTHX_ "%s", err.text);
	if (where.file != NULL) {
		mXPUSHs(newSVpvs("SSL_ca_file"));
		mXPUSHs(newSVpv(where.file, 0));
	}
	if (where.dirs != NULL) {
		mXPUSHs(newSVpvs("SSL_ca_path"));
		mXPUSHs(newSVpv(where.dirs, 0));
	}
	PUTBACK;
	iss_trust_default_release(&where);
}
