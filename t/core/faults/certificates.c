/*
 * Memory runs out while certificates are read, shown and made.
 */
#include "fault.h"

#include "fixture.h"
#include "x509/ca_file.h"
#include "x509/certgen.h"
#include "x509/certinfo.h"
#include "x509/key.h"
#include "x509/keypair.h"
#include "x509/usage.h"

enum { TEXT_MAX = 1 << 16 };

/* All that was told of a certificate; enough is large for the longest. */
struct told {
	char text[1 << 14];
	size_t len;
};

static X509 *cert;
static EVP_PKEY *key;
static struct told all; /* without a fault */

static void
tell(struct told *told, const void *bytes, size_t len)
{
	if (len > sizeof(told->text) - told->len)
		len = sizeof(told->text) - told->len;
	if (len > 0)
		memcpy(told->text + told->len, bytes, len);
	told->len += len;
}

static void
tell_item(void *arg, const char *name, const void *bytes, size_t len)
{
	if (name != NULL)
		tell(arg, name, strlen(name));
	tell(arg, bytes, len);
}

static void
tell_usage(void *arg, const struct iss_certinfo_oid *oid)
{
	tell(arg, oid->dotted, strlen(oid->dotted));
}

static bool
show(struct iss_error *err)
{
	struct told told = { .len = 0 };
	struct iss_buf text;
	int list, rv = ISS_OK;

	iss_buf_init(&text, TEXT_MAX);
	for (list = ISS_CERTINFO_SUBJECT;
	     rv != ISS_ERROR && list <= ISS_CERTINFO_KEY_USAGE; list++)
		rv = iss_certinfo_each(
		    err, cert, (enum iss_certinfo_list)list, tell_item, &told);
	if (rv != ISS_ERROR)
		rv = iss_certinfo_each_usage(err, cert, tell_usage, &told);
	if (rv != ISS_ERROR)
		rv = iss_certinfo_serial(err, cert, &text);
	if (rv == ISS_OK)
		rv = iss_certinfo_signature_name(err, cert, &text);
	tell(&told, text.data, text.len);
	iss_buf_release(&text);
	if (rv != ISS_OK)
		return false;
	if (fault_state.fault == NULL)
		all = told;
	/* what is told is all there is */
	fault_claim(
	    told.len == all.len && memcmp(told.text, all.text, all.len) == 0);
	return true;
}

/*
 * An extension whose text OpenSSL has no memory for looks like one of an
 * unknown type, as OpenSSL gives that reason for malformed ones, too.  But it
 * never has another text.
 */
static bool
show_extensions(struct iss_error *err)
{
	static char texts[16][1024];
	struct iss_certinfo_ext ext;
	int i, rv = ISS_OK;

	for (i = 0; rv == ISS_OK && i < (int)ROWS(texts); i++) {
		rv = iss_certinfo_ext_init(err, &ext, cert, i);
		if (fault_state.fault == NULL)
			snprintf(texts[i], sizeof(texts[i]), "%s",
			    iss_buf_text(&ext.text));
		fault_claim(rv != ISS_OK || !ext.shown ||
			    strcmp(iss_buf_text(&ext.text), texts[i]) == 0);
		iss_certinfo_ext_release(&ext);
	}
	return rv == ISS_EOF;
}

/* ---- made ---- */

static int
describe(struct iss_error *err, struct iss_certgen *gen)
{
	if (iss_certgen_serial(err, gen, "0x1234567890abcdef") != ISS_OK ||
	    iss_certgen_validity(err, gen, 0, INT64_C(4000000000)) != ISS_OK ||
	    iss_certgen_subject(err, gen, "CN", "a.test", 6) != ISS_OK)
		return ISS_ERROR;
	if (iss_certgen_usages(err, gen, ISS_USAGE_CA) != ISS_OK)
		return ISS_ERROR;
	return iss_certgen_ext(
	    err, gen, "nameConstraints", false, "permitted;DNS:.test");
}

static bool
sign(struct iss_error *err, struct iss_certgen *gen)
{
	X509 *made = NULL;

	if (iss_certgen_sign(err, gen, "sha256", &made) != ISS_OK) {
		fault_claim(made == NULL);
		return false;
	}
	fault_state.armed = false; /* what follows is the test's */
	fault_claim(X509_verify(made, key) == 1);
	fault_claim(X509_get_ext_by_NID(made, NID_name_constraints, -1) >= 0);
	X509_free(made);
	return true;
}

static bool
make(struct iss_error *err)
{
	struct iss_certgen gen;
	bool made;

	made = iss_certgen_init(err, &gen, key, NULL, NULL) == ISS_OK &&
	       describe(err, &gen) == ISS_OK && sign(err, &gen);
	iss_certgen_release(&gen);
	return made;
}

static bool
copy(struct iss_error *err)
{
	struct iss_certgen gen;
	X509 *made = NULL;
	bool copied;

	copied = iss_certgen_init(err, &gen, key, NULL, NULL) == ISS_OK &&
		 iss_certgen_copy(err, &gen, cert) == ISS_OK &&
		 iss_certgen_sign(err, &gen, "sha256", &made) == ISS_OK;
	if (copied) {
		fault_state.armed = false;
		fault_claim(X509_NAME_cmp(X509_get_subject_name(made),
				X509_get_subject_name(cert)) == 0);
		fault_claim(
		    X509_get_ext_by_NID(made, NID_subject_alt_name, -1) >= 0);
	}
	X509_free(made);
	iss_certgen_release(&gen);
	return copied;
}

static bool
make_key(struct iss_error *err)
{
	EVP_PKEY *made = NULL;
	bool good = iss_key_new_ec(err, &made, "prime256v1") == ISS_OK;

	fault_claim(good == (made != NULL));
	EVP_PKEY_free(made);
	return good;
}

/* ---- read ---- */

static int
password(void *arg, char *buf, size_t size)
{
	const char *text = arg;

	if (strlen(text) > size)
		return -1;
	memcpy(buf, text, strlen(text));
	return (int)strlen(text);
}

static bool
load(struct iss_error *err, const char *file, int chain)
{
	struct iss_keypair pair;
	char secret[] = "secret";
	int rv;

	iss_keypair_init(&pair);
	rv = iss_keypair_load(
	    err, &pair, file, ISS_KEYPAIR_BOTH, password, secret);
	if (rv == ISS_OK) {
		fault_claim(pair.cert != NULL && pair.key != NULL);
		/* a shorter chain would be another one */
		fault_claim((chain == 0 && pair.chain == NULL) ||
			    sk_X509_num(pair.chain) == chain);
	} else {
		fault_claim(pair.cert == NULL && pair.key == NULL);
	}
	iss_keypair_release(&pair);
	return rv == ISS_OK;
}

static bool
load_pkcs12(struct iss_error *err)
{
	return load(err, CERTS "server-sub-secret.p12", 2);
}

static bool
load_pem(struct iss_error *err)
{
	return load(err, CERTS "server-sub-both.pem", 1);
}

static bool
load_encrypted(struct iss_error *err)
{
	return load(err, CERTS "encrypted-both.pem", 0);
}

/* All certificates, lists and subjects of a file, or an error. */
static bool
load_cas(struct iss_error *err)
{
	static int wanted;
	STACK_OF(X509_NAME) *names = sk_X509_NAME_new_null();
	struct iss_ca_file *file = NULL;
	bool good;
	size_t i;

	good = names != NULL &&
	       iss_ca_file_load(err, CERTS "ca-with-crl.pem", &file) == ISS_OK;
	for (i = 0; good && i < iss_ca_file_count(file); i++)
		good = iss_ca_file_get0_cert(file, i) != NULL;
	good = good && iss_ca_file_copy_subjects(file, names);
	if (good && fault_state.fault == NULL)
		wanted = sk_X509_NAME_num(names);
	if (good) {
		fault_claim(sk_X509_NAME_num(names) == wanted);
		fault_claim(sk_X509_CRL_num(iss_ca_file_get0_crls(file)) == 1);
	} else if (!iss_error_is_set(err)) {
		iss_error_set(err, "NULL or false, as documented");
	}
	iss_ca_file_free(file);
	sk_X509_NAME_pop_free(names, X509_NAME_free);
	return good;
}

int
main(void)
{
	fault_begin();
	cert = fixture_cert("many-san");
	key = fixture_key("server-ecdsa");

	fault_try_memory("all that a certificate says", show);
	fault_try_memory("all its extensions", show_extensions);
	fault_try_memory("a new certificate", make);
	fault_try_memory("a copy of a certificate", copy);
	fault_try_memory("a new key", make_key);
	fault_try_memory("CAs and a revocation list", load_cas);
	fault_try_memory("PKCS#12 with a chain", load_pkcs12);
	fault_try_memory("PEM with a chain", load_pem);
	fault_try_memory("an encrypted key", load_encrypted);
	X509_free(cert);
	EVP_PKEY_free(key);
	return tap_done();
}
