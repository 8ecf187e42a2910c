/*
 * The one place that asks which OpenSSL this is: 1.1.1 to the newest.  It
 * gives a missing function under its modern name, or hides an old spelling;
 * the rest of the core is written for today's OpenSSL.
 */
#ifndef ISS_COMPAT_H
#define ISS_COMPAT_H

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
 * A DH * is of an API that 3.0 calls deprecated, and yet what programs have;
 * this is all of it that we need (SSL_CTX_set_tmp_dh(3)), and this number is
 * hidden where OpenSSL declares nothing deprecated.
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

/* 4.0 has no SSLv3 at all, and no longer says so. */
#if OPENSSL_VERSION_NUMBER >= 0x40000000L && !defined(OPENSSL_NO_SSL3)
#	define OPENSSL_NO_SSL3
#endif

/* Since 3.0 an algorithm that no provider has is reported so. */
#ifdef ERR_R_UNSUPPORTED
#	define ISS_COMPAT_R_UNSUPPORTED ERR_R_UNSUPPORTED
#else
#	define ISS_COMPAT_R_UNSUPPORTED (-1)
#endif

/* What the callbacks of an X509_STORE take became const bit by bit. */
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
 * A client that renegotiates again and again (TLS 1.2) can wear a server
 * down; since 3.0 it must not unless told so.
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

/* The time of a session outgrew long. */
#if OPENSSL_VERSION_NUMBER >= 0x30300000L
#	define iss_compat_session_time SSL_SESSION_get_time_ex
#else
#	define iss_compat_session_time(session)                               \
		((time_t)SSL_SESSION_get_time(session))
#endif

/* Since 3.0 a TCP end without close_notify has a reason of its own. */
#ifdef SSL_R_UNEXPECTED_EOF_WHILE_READING
#	define ISS_COMPAT_R_UNEXPECTED_EOF SSL_R_UNEXPECTED_EOF_WHILE_READING
#else
#	define ISS_COMPAT_R_UNEXPECTED_EOF (-1)
#endif

#endif
