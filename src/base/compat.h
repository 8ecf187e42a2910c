/*
 * The differences between OpenSSL 1.1.1 and the newest.  This is the only file
 * that looks at the version; the rest of the core is written for today's
 * OpenSSL and takes from here what differs.
 */
#ifndef ISS_COMPAT_H
#define ISS_COMPAT_H

#include <string.h>

#include <openssl/err.h>
#include <openssl/opensslv.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#ifdef LIBRESSL_VERSION_NUMBER
#	error "LibreSSL is not supported: OpenSSL 1.1.1 or newer is needed"
#endif
#if OPENSSL_VERSION_NUMBER < 0x10101000L
#	error "OpenSSL 1.1.1 or newer is needed"
#endif

/* The version of the headers, for comparisons at run time. */
#define ISS_COMPAT_BUILT_WITH ((unsigned long)OPENSSL_VERSION_NUMBER)

#if OPENSSL_VERSION_NUMBER >= 0x30000000L
#	define iss_compat_get_error(data, flags)                              \
		ERR_get_error_all(NULL, NULL, NULL, data, flags)
#	define ISS_COMPAT_IS_SYSTEM_ERROR(e) ERR_SYSTEM_ERROR(e)
#else
#	define iss_compat_get_error(data, flags)                              \
		ERR_get_error_line_data(NULL, NULL, data, flags)
#	define ISS_COMPAT_IS_SYSTEM_ERROR(e) (ERR_GET_LIB(e) == ERR_LIB_SYS)
#	define SSL_get1_peer_certificate SSL_get_peer_certificate
#endif

/*
 * Programs still pass a DH *, deprecated since 3.0.  We need only the control
 * of SSL_CTX_set_tmp_dh(3), whose number OpenSSL hides from programs that are
 * compiled without deprecated declarations.
 */
enum { ISS_COMPAT_CTRL_SET_TMP_DH = 3 };

static inline int
iss_compat_set1_tmp_dh(SSL_CTX *ctx, EVP_PKEY *key)
{
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
	EVP_PKEY_up_ref(key);
	if (SSL_CTX_set0_tmp_dh_pkey(ctx, key))
		return 1;
	EVP_PKEY_free(key);
	return 0;
#else
	return (int)SSL_CTX_ctrl(
	    ctx, ISS_COMPAT_CTRL_SET_TMP_DH, 0, EVP_PKEY_get0_DH(key));
#endif
}

/* The group of the key exchange; NULL if OpenSSL cannot tell. */
static inline const char *
iss_compat_group_name(SSL *ssl)
{
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
	int id = (int)SSL_get_negotiated_group(ssl);

	return id != NID_undef ? SSL_group_to_name(ssl, id) : NULL;
#else
	(void)ssl;
	return NULL;
#endif
}

/* Since 4.0 TLS 1.2 knows the groups of RFC 7919, whose names clients send. */
#define ISS_COMPAT_NAMES_DH_GROUPS (OPENSSL_VERSION_NUMBER >= 0x40000000L)

/* 4.0 has no SSLv3 and no longer defines the macro that says so. */
#if OPENSSL_VERSION_NUMBER >= 0x40000000L && !defined(OPENSSL_NO_SSL3)
#	define OPENSSL_NO_SSL3
#endif

/* Since 3.0: the reason for an algorithm that no provider has. */
#ifdef ERR_R_UNSUPPORTED
#	define ISS_COMPAT_R_UNSUPPORTED ERR_R_UNSUPPORTED
#else
#	define ISS_COMPAT_R_UNSUPPORTED (-1)
#endif

/* The arguments of an X509_STORE's callbacks became const step by step. */
#if OPENSSL_VERSION_NUMBER >= 0x40000000L
typedef const X509 iss_compat_store_cert;
typedef const X509_STORE_CTX iss_compat_lookup_ctx;
#else
typedef X509 iss_compat_store_cert;
typedef X509_STORE_CTX iss_compat_lookup_ctx;
#endif
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
typedef const X509_NAME iss_compat_store_name;
#else
typedef X509_NAME iss_compat_store_name;
#endif

/*
 * A client that renegotiates again and again (TLS 1.2) can exhaust a server.
 * Since 3.0 the default forbids it.
 */
#ifdef SSL_OP_ALLOW_CLIENT_RENEGOTIATION
#	define ISS_COMPAT_OP_NO_CLIENT_RENEGOTIATION 0
#else
#	define ISS_COMPAT_OP_NO_CLIENT_RENEGOTIATION SSL_OP_NO_RENEGOTIATION
#endif

/* The authenticator of session tickets, HMAC-SHA-256. */
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
#	include <openssl/core_names.h>
#	include <openssl/params.h>
#	define iss_compat_set_ticket_key_cb                                   \
		SSL_CTX_set_tlsext_ticket_key_evp_cb
#	define ISS_COMPAT_CAN_OMIT_TICKETS 1
typedef EVP_MAC_CTX iss_compat_ticket_mac;

static inline int
iss_compat_ticket_mac_init(
    iss_compat_ticket_mac *mac, const unsigned char *key, size_t len)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[2];

	params[0] =
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
	params[1] = OSSL_PARAM_construct_end();
	return EVP_MAC_init(mac, key, len, params);
}
#else
#	include <openssl/hmac.h>
#	define iss_compat_set_ticket_key_cb SSL_CTX_set_tlsext_ticket_key_cb
#	define ISS_COMPAT_CAN_OMIT_TICKETS 0
typedef HMAC_CTX iss_compat_ticket_mac;

static inline int
iss_compat_ticket_mac_init(
    iss_compat_ticket_mac *mac, const unsigned char *key, size_t len)
{
	return HMAC_Init_ex(mac, key, (int)len, EVP_sha256(), NULL);
}
#endif

/* For "%.*s": the version of OpenSSL alone, as "1.1.1w". */
#define ISS_COMPAT_VERSION                                                     \
	(int)strcspn(OpenSSL_version(OPENSSL_VERSION) + 8, " "),               \
	    OpenSSL_version(OPENSSL_VERSION) + 8

/* Since 3.0 a server of TLS 1.3 sends tickets when it likes. */
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
#	define ISS_COMPAT_HAS_NEW_TICKET 1
#	define iss_compat_new_ticket SSL_new_session_ticket
#else
#	define ISS_COMPAT_HAS_NEW_TICKET 0
#	define iss_compat_new_ticket(ssl) ((void)(ssl), 0)
#endif

/* Its argument is const since 3.0. */
#define iss_compat_i2d_session(session, out)                                   \
	i2d_SSL_SESSION((SSL_SESSION *)(session), out)

#define ISS_COMPAT_HAS_PROVIDERS (OPENSSL_VERSION_NUMBER >= 0x30000000L)

/* The place of the value that a CRYPTO_EX_dup copies: a void **. */
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
typedef void **iss_compat_ex_place;
#else
typedef void *iss_compat_ex_place;
#endif

/* Since 3.3 the time of a session is a time_t, which may be wider than long. */
#if OPENSSL_VERSION_NUMBER >= 0x30300000L
#	define iss_compat_session_time SSL_SESSION_get_time_ex
#	define iss_compat_set_session_time SSL_SESSION_set_time_ex
#else
#	define iss_compat_set_session_time(session, time)                     \
		SSL_SESSION_set_time(session, (long)(time))
#	define iss_compat_session_time(session)                               \
		((time_t)SSL_SESSION_get_time(session))
#endif

/*
 * Since 3.6 a server of TLS 1.3 may staple a response to each certificate of
 * its chain.  Make the DER of the one at i, to be freed with OPENSSL_free, and
 * return its length; 0 if there is none.
 */
#ifdef SSL_get0_tlsext_status_ocsp_resp_ex
#	include <openssl/ocsp.h>
static inline int
iss_compat_staple_at(SSL *ssl, int i, unsigned char **der)
{
	STACK_OF(OCSP_RESPONSE) *all = NULL;
	int len;

	*der = NULL;
	SSL_get0_tlsext_status_ocsp_resp_ex(ssl, &all);
	if (i >= sk_OCSP_RESPONSE_num(all))
		return 0;
	len = i2d_OCSP_RESPONSE(sk_OCSP_RESPONSE_value(all, i), der);
	return len > 0 ? len : 0;
}
#else
static inline int
iss_compat_staple_at(SSL *ssl, int i, unsigned char **der)
{
	const unsigned char *bytes;
	long len = SSL_get_tlsext_status_ocsp_resp(ssl, &bytes);

	*der = NULL;
	if (i > 0 || len <= 0)
		return 0;
	*der = OPENSSL_memdup(bytes, (size_t)len);
	return *der != NULL ? (int)len : 0;
}
#endif

/* Since 3.0: the reason for the end of TCP without close_notify. */
#ifdef SSL_R_UNEXPECTED_EOF_WHILE_READING
#	define ISS_COMPAT_R_UNEXPECTED_EOF SSL_R_UNEXPECTED_EOF_WHILE_READING
#else
#	define ISS_COMPAT_R_UNEXPECTED_EOF (-1)
#endif

/* A CA without keyUsage, for X509_V_FLAG_X509_STRICT: since 3.0. */
#ifdef X509_V_ERR_CA_CERT_MISSING_KEY_USAGE
#	define ISS_COMPAT_V_ERR_NO_KEY_USAGE                                  \
		X509_V_ERR_CA_CERT_MISSING_KEY_USAGE
#else
#	define ISS_COMPAT_V_ERR_NO_KEY_USAGE (-1)
#endif

#endif
