/*
 * Files of certificates and revocation lists: what is found in them, by number
 * and by name, and files that are refused.
 */
#include "x509/ca_file.h"

#include <errno.h>

#include <openssl/err.h>

#include "fixture.h"
#include "scratch.h"
#include "tap.h"

static struct iss_error err;

static struct iss_ca_file *
load(const char *path)
{
	struct iss_ca_file *set = NULL;

	iss_error_clear(&err);
	if (iss_ca_file_load(&err, path, &set) != ISS_OK) {
		printf("Bail out! %s\n", err.text);
		exit(2);
	}
	return set;
}

static void
test_contents(void)
{
	static const struct {
		const char *path;
		size_t certs;
		int crls, subjects;
	} cases[] = {
		{ CERTS "ca.pem", 1, 0, 1 },
		{ CERTS "server.der", 1, 0, 1 },
		{ CERTS "crl.pem", 0, 1, 0 },
		{ CERTS "crl.der", 0, 1, 0 },
		{ CERTS "crls.pem", 0, 2, 0 },
		{ CERTS "ca-with-crl.pem", 1, 1, 1 },
		{ CERTS "bom.pem", 2, 0, 2 },
		{ CERTS "namesakes.pem", 2, 0, 1 },
		{ CERTS "trusted-server.pem", 1, 0, 1 },
	};
	STACK_OF(X509_NAME) * names;
	struct iss_ca_file *set;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		set = load(cases[i].path);
		is_text(iss_ca_file_path(set), cases[i].path, "a file");
		is_int((long long)iss_ca_file_count(set),
		    (long long)cases[i].certs, "... its certificates");
		is_int(sk_X509_CRL_num(iss_ca_file_get0_crls(set)),
		    cases[i].crls, "... its revocation lists");
		names = sk_X509_NAME_new_null();
		ok(iss_ca_file_copy_subjects(set, names), "... its subjects");
		is_int(sk_X509_NAME_num(names), cases[i].subjects,
		    "... each of them once");
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		ok(iss_ca_file_stamp(set)->regular, "... its stamp");
		iss_ca_file_free(set);
	}
}

static void
test_refused(void)
{
	static const struct {
		const char *path, *why;
		int sys_errno;
	} cases[] = {
		{ "/nonexistent", "/nonexistent: ", ENOENT },
		{ CERTS "empty.pem", CERTS "empty.pem: the file is empty", 0 },
		{ CERTS "garbage.txt", CERTS "garbage.txt: ", 0 },
		{ CERTS "garbage.der", CERTS "garbage.der: ", 0 },
		{ CERTS "garbage-block.pem", CERTS "garbage-block.pem: ", 0 },
		{ CERTS "cut-off.pem", CERTS "cut-off.pem: PEM block 1 is ",
		    0 },
		{ CERTS "server.key", CERTS "server.key: ", 0 },
		{ CERTS "dh-3072.pem", CERTS "dh-3072.pem: ", 0 },
	};
	struct iss_ca_file *set;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		iss_error_clear(&err);
		set = NULL;
		is_int(iss_ca_file_load(&err, cases[i].path, &set), ISS_ERROR,
		    "%s is refused", cases[i].path);
		ok(set == NULL, "... nothing is made");
		has_text(err.text, cases[i].why, "... why");
		is_int(err.sys_errno, cases[i].sys_errno, "... errno");
		is_int(
		    (long long)ERR_peek_error(), 0, "... the queue is empty");
	}
}

/* What cannot be read behind a good certificate may be a revocation. */
static void
test_damage_behind(void)
{
	static const char *const cases[] = {
		"-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n",
		"-----BEGIN CERTIFICATE-----\nMAA=\n-----END "
		"CERTIFICATE-----\n",
		"-----BEGIN X509 CRL-----\nMAA=\n",
	};
	static char bytes[1 << 16];
	FILE *in = fopen(CERTS "ca.pem", "rb");
	size_t i, len = in != NULL ? fread(bytes, 1, 1 << 15, in) : 0;
	struct iss_ca_file *set;
	const char *path;

	if (in != NULL)
		fclose(in);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		strcpy(bytes + len, cases[i]);
		path = scratch_write("behind.pem", bytes, strlen(bytes));
		iss_error_clear(&err);
		set = NULL;
		is_int(iss_ca_file_load(&err, path, &set), ISS_ERROR,
		    "damage behind a good certificate, %zu", i);
		ok(set == NULL, "... nothing is made");
		has_text(err.text, "behind.pem: ", "... why");
	}
}

/* Is this the certificate with that number? */
static bool
is_number(struct iss_ca_file *set, size_t number, const X509 *want)
{
	X509 *cert = number < iss_ca_file_count(set)
			 ? iss_ca_file_get0_cert(set, number)
			 : NULL;

	return cert != NULL && X509_cmp(cert, want) == 0;
}

static void
test_find(void)
{
	static const char *const names[] = { "server2", "ca", "wrong-name",
		"other-ca", "client", "sub-ca", "cn-only", "namesake-ca",
		"ip-cn", "utf8-cn" };
	const char *path = scratch_path("many.pem");
	FILE *out = fopen(path, "w");
	struct iss_ca_file *set;
	X509 *cert;
	size_t i, n, first;

	for (i = 0; i < ROWS(names); i++) {
		cert = fixture_cert(names[i]);
		PEM_write_X509(out, cert);
		X509_free(cert);
	}
	fclose(out);
	set = load(path);
	for (i = 0; i < ROWS(names); i++) {
		cert = fixture_cert(names[i]);
		n = iss_ca_file_find(set, X509_get_subject_name(cert), &first);
		is_int((long long)n, strstr("ca namesake-ca", names[i]) ? 2 : 1,
		    "found by its name: %s", names[i]);
		ok(is_number(set, first, cert) ||
			(n == 2 && is_number(set, first + 1, cert)),
		    "and it is it");
		X509_free(cert);
	}
	cert = fixture_cert("server");
	n = iss_ca_file_find(set, X509_get_subject_name(cert), &first);
	is_int((long long)n, 0, "not found: a name that is not there");
	X509_free(cert);
	iss_ca_file_free(set);
}

static void
test_holders(void)
{
	struct iss_ca_file *set = load(CERTS "ca.pem");
	X509 *cert = iss_ca_file_get0_cert(set, 0);

	ok(iss_ca_file_get0_cert(set, 0) == cert,
	    "a certificate is decoded once");
	iss_ca_file_up_ref(set);
	iss_ca_file_free(set);
	is_int(X509_get_version(cert), 2, "it lives while there is a holder");
	iss_ca_file_free(set);
	iss_ca_file_free(NULL);
}

int
main(void)
{
	test_contents();
	test_refused();
	test_damage_behind();
	test_find();
	test_holders();
	return tap_done();
}
