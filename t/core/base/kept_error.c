/*
 * Errors that take memory only while they are set.
 */
#include "base/kept_error.h"

#include <errno.h>
#include <string.h>

#include <openssl/ssl.h>

#include "tap.h"

static void
test_unset(void)
{
	struct iss_kept_error kept = { 0 };
	const struct iss_error *err = iss_kept_error_get0(&kept);

	ok(!iss_kept_error_is_set(&kept), "zeroed: no error");
	is_text(err->text, "", "... no text");
	is_int(err->code, 0, "... no code");
	is_int(err->verify_error, X509_V_OK, "... no verification");
	iss_kept_error_blame(&kept, X509_V_ERR_CERT_REVOKED, 1);
	iss_kept_error_default_errno(&kept, EPERM);
	ok(!iss_kept_error_is_set(&kept), "... also with details of none");
	ok(kept.error == NULL, "... no memory");
	iss_kept_error_fill(&kept);
	ok(!iss_kept_error_is_set(&kept), "room for one is not one");
	iss_kept_error_clear(&kept);
	ok(kept.error == NULL, "clear frees it");
}

static void
test_set(void)
{
	struct iss_kept_error kept = { 0 };
	struct iss_error other;
	const struct iss_error *err;

	iss_error_clear(&other);
	iss_error_set(&other, "another");
	is_int(iss_error_set(iss_kept_error_fill(&kept), "the first"),
	    ISS_ERROR, "set as any other");
	iss_error_set(iss_kept_error_fill(&kept), "the second");
	is_int(
	    iss_kept_error_copy(&kept, &other), ISS_ERROR, "a copy fails, too");
	iss_kept_error_blame(&kept, X509_V_ERR_CERT_REVOKED, 1);
	iss_kept_error_default_errno(&kept, EPERM);
	iss_kept_error_default_errno(&kept, EPROTO);
	err = iss_kept_error_get0(&kept);
	ok(iss_kept_error_is_set(&kept), "an error");
	is_text(err->text, "the first", "the first wins");
	is_int(err->verify_error, X509_V_ERR_CERT_REVOKED, "the reason");
	is_int(err->depth, 1, "the certificate");
	is_int(err->sys_errno, EPERM, "errno stays once it is set");
	iss_kept_error_clear(&kept);
	ok(!iss_kept_error_is_set(&kept), "cleared");
	iss_kept_error_copy(&kept, &other);
	is_text(iss_kept_error_get0(&kept)->text, "another", "then a copy");
	iss_kept_error_clear(&kept);
}

static void
test_lost(void)
{
	struct iss_kept_error kept = { NULL, true };
	const struct iss_error *err;

	ok(iss_kept_error_fill(&kept) == NULL, "there was no memory for it");
	is_int(iss_error_set(NULL, "an error"), ISS_ERROR, "set without room");
	is_int(iss_error_errno(NULL, EPERM, "an error"), ISS_ERROR,
	    "... with an errno");
	is_int(
	    iss_error_openssl(NULL, "an error"), ISS_ERROR, "... of OpenSSL");
	iss_kept_error_blame(&kept, X509_V_ERR_CERT_REVOKED, 1);
	iss_kept_error_default_errno(&kept, EPERM);
	err = iss_kept_error_get0(&kept);
	ok(iss_kept_error_is_set(&kept), "it is set all the same");
	ok(iss_kept_error_fill(&kept) == NULL, "a later one is not the first");
	is_text(err->text, "out of memory", "the text");
	is_int(err->sys_errno, ENOMEM, "errno");
	ok(err->no_memory, "the reason");
	iss_kept_error_clear(&kept);
	ok(!iss_kept_error_is_set(&kept), "cleared");
	ok(iss_kept_error_fill(&kept) != NULL, "then there is room again");
	iss_kept_error_clear(&kept);
}

int
main(void)
{
	test_unset();
	test_set();
	test_lost();
	return tap_done();
}
