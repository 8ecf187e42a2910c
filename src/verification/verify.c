/*
 * Chain, opinion and name make one verdict.  Owns OpenSSL's two callbacks for
 * verification.
 */
#include "verification/verify.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "base/buf.h"
#include "base/compat.h"
#include "names/presented.h"
#include "revocation/crl.h"
#include "revocation/staple.h"
#include "verification/dane.h"
#include "verification/signatures.h"
#include "verification/strict.h"
#include "x509/cert.h"
#include "x509/cert_names.h"
#include "x509/chain.h"
#include "x509/constraints.h"

static int
refuse_name(struct iss_error *err, const struct iss_verify *verify,
    const struct iss_presented *presented, const char *hint)
{
	struct iss_buf offered;

	iss_buf_init(&offered, ISS_ERROR_PART_MAX);
	iss_presented_describe(&offered, presented);
	iss_error_set(err,
	    "hostname verification failed: wanted \"%s\", the certificate is "
	    "for %s%s",
	    verify->name, iss_buf_text(&offered), hint);
	err->verify_error = X509_V_ERR_HOSTNAME_MISMATCH;
	iss_buf_release(&offered);
	return ISS_ERROR;
}

static int
refuse_by_callback(struct iss_error *err, const struct iss_verify *verify)
{
	iss_error_set(err,
	    "hostname verification failed: the callback of SSL_verifycn_scheme "
	    "refused \"%s\"",
	    verify->name);
	err->verify_error = X509_V_ERR_HOSTNAME_MISMATCH;
	return ISS_ERROR;
}

/* Whose certificate it is that has the names. */
struct bearer {
	const struct iss_link *link;
	STACK_OF(X509) * chain;      /* NULL: as the connection knows it */
	struct iss_kept_names *kept; /* NULL: the names are not kept */
};

/* What the CAs above a certificate say of its names. */
struct ca_rules {
	bool have_constraints; /* see iss_verify_cert_name */
	bool permit_host;
};

static struct ca_rules
ask_cas(const struct iss_verify *verify, const struct bearer *bearer)
{
	SSL *ssl = bearer->link->ssl;
	STACK_OF(X509) *chain = bearer->chain;
	const struct ca_rules unknown = { true, false };
	struct ca_rules rules = { false, true };

	if (iss_kept_names_are_unconstrained(bearer->kept))
		return rules;
	if (chain == NULL && ssl != NULL &&
	    (chain = iss_chain_get1(ssl)) == NULL)
		return unknown; /* memory has run out */
	rules.have_constraints = iss_constraints_exist(chain);
	if (rules.have_constraints)
		rules.permit_host =
		    iss_constraints_permit(chain, &verify->host);
	else
		iss_kept_names_note_unconstrained(bearer->kept);
	if (bearer->chain == NULL)
		sk_X509_pop_free(chain, X509_free);
	return rules;
}

static const struct iss_suffix_rules *
suffixes_of(const struct iss_verify *verify, struct iss_suffix_rules *given)
{
	if (verify->any_suffix)
		return NULL;
	if (verify->suffixes == NULL)
		return iss_suffix_rules_default();
	*given = iss_suffix_list_rules(verify->suffixes);
	return given;
}

static int
match_by_scheme(struct iss_error *err, const struct iss_verify *verify,
    const struct iss_presented *presented, const struct bearer *bearer)
{
	struct iss_suffix_rules given;
	const struct iss_suffix_rules *suffixes = suffixes_of(verify, &given);
	bool strict = iss_link_is_strict(bearer->link->ssl);
	struct iss_scheme scheme =
	    strict ? iss_strict_scheme(&verify->scheme) : verify->scheme;
	struct iss_scheme without_cn = scheme;

	without_cn.check_cn = ISS_CN_NEVER;
	if (iss_presented_match(
		presented, &verify->host, &without_cn, suffixes)) {
		if (!ask_cas(verify, bearer).permit_host)
			return refuse_name(err, verify, presented,
			    ", which a CA of its chain may not vouch for: it "
			    "has name constraints");
		return ISS_OK;
	}
	if (!iss_presented_match(presented, &verify->host, &scheme, suffixes))
		return refuse_name(err, verify, presented, "");
	if (ask_cas(verify, bearer).have_constraints)
		return refuse_name(err, verify, presented,
		    ", which does not count: a CA of its chain has name "
		    "constraints");
	return ISS_OK;
}

/* The names of the certificate, which the connection keeps when the program
 * asks (verify_hostname).  NULL: they are not kept. */
static struct iss_kept_names *
kept_names(const struct iss_link *link, X509 *cert, STACK_OF(X509) * chain)
{
	const struct iss_link *own =
	    link->ssl != NULL ? iss_link_of(link->ssl) : NULL;

	return chain == NULL && own != NULL
		   ? iss_kept_names_get(&own->verify->peer_names, cert)
		   : NULL;
}

static int
check_name_by_scheme(struct iss_error *err, const struct iss_verify *verify,
    const struct iss_link *link, X509 *cert, STACK_OF(X509) * chain)
{
	const struct bearer bearer = { link, chain,
		kept_names(link, cert, chain) };
	struct iss_cert_names names;
	int rv;

	if (bearer.kept != NULL)
		return match_by_scheme(err, verify,
		    iss_kept_names_presented(bearer.kept), &bearer);
	rv = iss_cert_names_init(err, &names, cert);
	if (rv == ISS_OK)
		rv = match_by_scheme(err, verify, &names.presented, &bearer);
	iss_cert_names_release(&names);
	return rv;
}

int
iss_verify_cert_name(struct iss_error *err, const struct iss_verify *verify,
    const struct iss_link *link, X509 *cert, STACK_OF(X509) * chain)
{
	const struct iss_callbacks *ask = iss_link_callbacks(link);

	switch (verify->check) {
	case ISS_NAME_UNCHECKED:
		return ISS_OK;
	case ISS_NAME_BY_SCHEME:
		return check_name_by_scheme(err, verify, link, cert, chain);
	case ISS_NAME_BY_CALLBACK:
		break;
	}
	if (ask->check_name == NULL ||
	    !ask->check_name(link->handle, verify->name, cert))
		return refuse_by_callback(err, verify);
	return ISS_OK;
}
/* Remember the first failure, as the sentence that the user will read. */
static void
note_failure(struct iss_link *link, X509_STORE_CTX *store)
{
	long error = X509_STORE_CTX_get_error(store);
	int depth = X509_STORE_CTX_get_error_depth(store);
	X509 *cert = X509_STORE_CTX_get_current_cert(store);
	struct iss_buf where;

	if (iss_kept_error_is_set(&link->failure))
		return;
	iss_buf_init(&where, 2 * ISS_ERROR_PART_MAX);
	iss_cert_describe(&where, cert, depth, error);
	iss_error_set(iss_kept_error_fill(&link->failure), "%s%s",
	    error == X509_V_ERR_APPLICATION_VERIFICATION
		? "refused by SSL_verify_callback"
		: X509_verify_cert_error_string(error),
	    iss_buf_text(&where));
	iss_kept_error_blame(&link->failure, error, depth);
	iss_buf_release(&where);
}

/* Is the certificate, or its failure, all right with the program? */
static bool
is_accepted(const struct iss_link *link, bool ok, X509_STORE_CTX *store)
{
	const struct iss_callbacks *ask = iss_link_callbacks(link);

	if (ask->verify != NULL)
		return ask->verify(link->handle, ok, store);
	/* must_ask: somebody else drives the SSL */
	return ok && !link->verify->must_ask;
}

/* OpenSSL takes its alert and SSL_get_verify_result(3) from here. */
static int
refuse_leaf(X509_STORE_CTX *store, X509 *leaf, int error)
{
	X509_STORE_CTX_set_error_depth(store, 0);
	X509_STORE_CTX_set_current_cert(store, leaf);
	X509_STORE_CTX_set_error(store, error);
	return 0;
}

/* The program cannot overrule this. */
static int
refuse_records(struct iss_link *link, X509_STORE_CTX *store)
{
	iss_dane_refuse(link);
	return refuse_leaf(
	    store, X509_STORE_CTX_get0_cert(store), X509_V_ERR_DANE_NO_MATCH);
}

/* Has this failure made a match of a record worthless? */
static bool
breaks_records(const struct iss_link *link, X509_STORE_CTX *store)
{
	return iss_dane_is_on(link->verify) &&
	       iss_dane_breaks_chain(X509_STORE_CTX_get_error(store));
}

/*
 * Called by OpenSSL for each certificate and each failure.  A failure that the
 * program overrules is not noted: it must not become the reason given for a
 * later one.
 */
static int
judge_cert(int ok, X509_STORE_CTX *store)
{
	struct iss_link *link = iss_link_of_store(store);

	if (link == NULL)
		return ok;
	if (!ok && iss_link_is_strict(link->ssl) &&
	    iss_strict_forgives(store)) {
		X509_STORE_CTX_set_error(store, X509_V_OK);
		return 1;
	}
	if (!ok && X509_STORE_CTX_get_error(store) == X509_V_ERR_DANE_NO_MATCH)
		return refuse_records(link, store);
	if (!breaks_records(link, store) && is_accepted(link, ok != 0, store))
		return 1;
	if (X509_STORE_CTX_get_error(store) == X509_V_OK)
		X509_STORE_CTX_set_error(
		    store, X509_V_ERR_APPLICATION_VERIFICATION);
	note_failure(link, store);
	return 0;
}

static bool
has_fingerprint(const struct iss_fingerprint_list *wanted, const X509 *cert)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	const struct iss_fingerprint *one;
	struct iss_error ignored;
	size_t i, len;

	for (i = 0; i < wanted->count; i++) {
		one = &wanted->list[i];
		iss_error_clear(&ignored);
		if (iss_cert_fingerprint(&ignored, cert, one->algo, one->pubkey,
			digest, &len) == ISS_OK &&
		    len == one->len && memcmp(digest, one->digest, len) == 0)
			return true;
	}
	return false;
}

static int
refuse_fingerprint(
    struct iss_link *link, X509_STORE_CTX *store, X509 *leaf, bool of_keys)
{
	struct iss_error ignored;
	struct iss_buf has;

	iss_error_clear(&ignored);
	iss_buf_init(&has, ISS_ERROR_PART_MAX);
	iss_cert_fingerprint_text(&ignored, leaf, "sha256", of_keys, &has);
	iss_cert_describe(&has, leaf, 0, X509_V_ERR_CERT_REJECTED);
	iss_error_set(iss_kept_error_fill(&link->failure),
	    "the certificate does not match SSL_fingerprint: it has %s",
	    iss_buf_text(&has));
	iss_kept_error_blame(&link->failure, X509_V_ERR_CERT_REJECTED, 0);
	iss_kept_error_set_kind(&link->failure, ISS_KIND_PIN);
	iss_buf_release(&has);
	return refuse_leaf(store, leaf, X509_V_ERR_CERT_REJECTED);
}

/* With X509_V_FLAG_CRL_CHECK OpenSSL checks the leaf alone, and one list. */
static bool
judge_revocation(X509_STORE_CTX *store)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(store);
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);
	/* then OpenSSL has found it, and the program overruled that */
	int first = X509_STORE_CTX_get_error(store) == X509_V_ERR_CERT_REVOKED;
	int depth, status;

	if (!(X509_VERIFY_PARAM_get_flags(param) & X509_V_FLAG_CRL_CHECK))
		return true;
	for (depth = first; depth < sk_X509_num(chain); depth++) {
		status = iss_crl_status(store, depth);
		if (status == X509_V_OK)
			continue;
		X509_STORE_CTX_set_error(store, status);
		X509_STORE_CTX_set_error_depth(store, depth);
		X509_STORE_CTX_set_current_cert(
		    store, sk_X509_value(chain, depth));
		if (!judge_cert(0, store))
			return false;
	}
	return true;
}

/* Refuse the certificate for a rule of SSL_verify_strict, unless the program
 * overrules that.  link is NULL for an SSL that somebody else made. */
static bool
judge_flaw(struct iss_link *link, X509_STORE_CTX *store,
    const struct iss_strict_flaw *flaw)
{
	const int error = X509_V_ERR_CERT_REJECTED;
	X509 *cert =
	    sk_X509_value(X509_STORE_CTX_get0_chain(store), flaw->depth);
	struct iss_buf where;

	X509_STORE_CTX_set_error_depth(store, flaw->depth);
	X509_STORE_CTX_set_current_cert(store, cert);
	X509_STORE_CTX_set_error(store, error);
	if (link == NULL || is_accepted(link, false, store))
		return link != NULL;
	iss_buf_init(&where, 2 * ISS_ERROR_PART_MAX);
	iss_cert_describe(&where, cert, flaw->depth, error);
	iss_error_set(iss_kept_error_fill(&link->failure),
	    "SSL_verify_strict: %s (%s)%s", flaw->rule, flaw->source,
	    iss_buf_text(&where));
	iss_kept_error_blame(&link->failure, error, flaw->depth);
	iss_buf_release(&where);
	return false;
}

static bool
judge_strictly(struct iss_link *link, const SSL *ssl, X509_STORE_CTX *store)
{
	struct iss_strict_flaw flaw = { 0 };

	while (iss_strict_find(store, !SSL_is_server(ssl), &flaw))
		if (!judge_flaw(link, store, &flaw))
			return false;
	return true;
}

/* If the program sees the calls of the callback, they are OpenSSL's own. */
static int
verify_cert(const struct iss_link *link, X509_STORE_CTX *store)
{
	if (link->verify->must_ask || iss_dane_is_on(link->verify) ||
	    X509_STORE_CTX_get_verify_cb(store) != judge_cert)
		return X509_verify_cert(store);
	return iss_signatures_verify_cert(store);
}

static int
judge_name(struct iss_link *link, X509_STORE_CTX *store, X509 *leaf)
{
	struct iss_error err;

	iss_error_clear(&err);
	if (iss_verify_find_address(
		&err, link->verify, SSL_get_fd(link->ssl)) == ISS_OK &&
	    iss_verify_cert_name(&err, link->verify, link, leaf,
		X509_STORE_CTX_get0_chain(store)) == ISS_OK)
		return 1;
	iss_kept_error_copy(&link->failure, &err);
	return refuse_leaf(store, leaf, X509_V_ERR_HOSTNAME_MISMATCH);
}

/*
 * Called by OpenSSL for the whole chain.  A fingerprint comes first: a user who
 * knows the very certificate needs no CA, name or date.  The name is checked
 * after the chain, even if the program's callback accepted every certificate:
 * the callback vouches for the chain, and an unwanted name check has its own
 * switch, the scheme.
 */
static int
judge_chain_of(struct iss_link *link, X509_STORE_CTX *store)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(
	    store, SSL_get_ex_data_X509_STORE_CTX_idx());
	X509 *leaf = X509_STORE_CTX_get0_cert(store);
	bool strict = iss_link_is_strict(ssl);
	const struct iss_verify *verify;
	int ok, usage = -1;

	if (strict)
		iss_strict_prepare(store);
	if (link == NULL)
		return X509_verify_cert(store) > 0 &&
		       (!strict || judge_strictly(NULL, ssl, store));
	verify = link->verify;
	iss_kept_error_clear(&link->failure);
	link->pinned = has_fingerprint(&verify->fingerprints, leaf);
	if (link->pinned) {
		X509_STORE_CTX_set_error(store, X509_V_OK);
		return 1;
	}
	if (verify->force_fingerprint)
		return refuse_fingerprint(link, store, leaf,
		    iss_fingerprint_list_is_of_keys(&verify->fingerprints));
	if ((ok = verify_cert(link, store)) <= 0) {
		note_failure(link, store);
		return ok;
	}
	if (iss_dane_is_on(verify) && (usage = iss_dane_matched(link)) < 0)
		return refuse_records(link, store);
	if (!iss_dane_is_enough(usage) &&
	    (!judge_revocation(store) ||
		(strict && !judge_strictly(link, ssl, store))))
		return 0;
	return iss_dane_needs_name(verify, usage)
		   ? judge_name(link, store, leaf)
		   : 1;
}

static int
judge_chain(X509_STORE_CTX *store, void *unused)
{
	struct iss_link *link = iss_link_of_store(store);
	int ok = judge_chain_of(link, store);

	(void)unused;
	if (ok <= 0 && link != NULL)
		iss_blame_note(&link->verify->blame, store);
	return ok;
}

void
iss_verify_install(SSL_CTX *ctx)
{
	SSL_CTX_set_cert_verify_callback(ctx, judge_chain, NULL);
}

/* A required fingerprint or record needs verification, whatever the mode
 * says. */
static void
set_mode(const struct iss_verify *verify, SSL *ssl, int mode)
{
	if (verify->force_fingerprint || iss_dane_is_on(verify))
		mode |= SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_set_verify(ssl, mode, judge_cert);
}

void
iss_verify_begin(const struct iss_link *link)
{
	set_mode(link->verify, link->ssl, SSL_get_verify_mode(link->ssl));
}

int
iss_verify_follow(struct iss_error *err, SSL *ssl)
{
	const struct iss_link *link = iss_link_of(ssl);
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	SSL_CTX *ctx = SSL_get_SSL_CTX(ssl);

	/* X509_VERIFY_PARAM_set1 adds flags, but never clears any. */
	X509_VERIFY_PARAM_clear_flags(
	    param, X509_VERIFY_PARAM_get_flags(param));
	if (!X509_VERIFY_PARAM_set1(param, SSL_CTX_get0_param(ctx)))
		return iss_error_openssl(err, "cannot prepare verification");
	if (link != NULL)
		set_mode(link->verify, ssl, SSL_CTX_get_verify_mode(ctx));
	else
		SSL_set_verify(ssl, SSL_CTX_get_verify_mode(ctx), NULL);
	return ISS_OK;
}

static bool
passes_today(SSL *ssl, X509 *leaf)
{
	X509_STORE_CTX *store = X509_STORE_CTX_new();
	bool good = false;

	if (leaf != NULL && store != NULL &&
	    iss_chain_prepare(store, ssl, leaf)) {
		X509_STORE_CTX_set_verify_cb(store, judge_cert);
		good = judge_chain(store, NULL) > 0;
	}
	X509_STORE_CTX_free(store);
	return good;
}

bool
iss_verify_session(struct iss_link *link)
{
	bool good = true;
	X509 *leaf;

	if (SSL_get_verify_mode(link->ssl) & SSL_VERIFY_PEER) {
		leaf = SSL_get1_peer_certificate(link->ssl);
		good = passes_today(link->ssl, leaf);
		X509_free(leaf);
	}
	if (good && !link->pinned)
		good = iss_staple_allows(
		    link->staple, SSL_get0_session(link->ssl));
	return good;
}

/* The full handshake that follows a refusal reports its own failure. */
static bool
accepts_again(SSL *ssl, X509 *leaf)
{
	struct iss_link *link = iss_link_of(ssl);
	bool good = (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) == 0 ||
		    passes_today(ssl, leaf);

	if (!good && link != NULL) {
		iss_kept_error_clear(&link->failure);
		iss_blame_release(&link->verify->blame);
		link->pinned = false;
	}
	ERR_clear_error();
	return good;
}

const struct iss_peer_judge iss_verify_judge = { accepts_again };
