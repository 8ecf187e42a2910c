#include "args.h"

#include "errors.h"
#include "handles.h"
#include "option_value.h"
#include "peer.h"
#include "values.h"
#include "options/config.h"
#include "options/vhost_options.h"
#include "x509/material.h"
#include "x509/provider.h"

static int
set_options(pTHX_ struct iss_error *err, HV *args, void *config,
    const struct iss_option *options, size_t count)
{
	int rv = ISS_OK;
	size_t i;
	SV *value;

	for (i = 0; rv == ISS_OK && i < count; i++) {
		value = iss_hash_value(aTHX_ args, options[i].name);
		if (value != NULL)
			rv = iss_option_value_set(
			    aTHX_ err, config, &options[i], value);
	}
	return rv;
}

/* A config that is being filled.  The scope frees it if something croaks. */
struct draft {
	struct iss_config config;
	struct iss_vhost_options given; /* values are mortal SV * */
	HV *args;                       /* borrowed */
	bool takes_default_ca;          /* where somebody is verified */
	HV *default_ca;                 /* mortal; NULL: not asked for yet */
};

static bool
has(pTHX_ HV *args, const char *option)
{
	SV *value = iss_hash_value(aTHX_ args, option);

	return value != NULL && iss_option_value_is_given(aTHX_ value);
}

/* Instead of the default CAs?  \undef, for no CA at all, counts, too. */
static bool
is_ca_given(pTHX_ HV *args)
{
	return has(aTHX_ args, "SSL_ca") || has(aTHX_ args, "SSL_ca_file") ||
	       has(aTHX_ args, "SSL_ca_path");
}

static void
free_draft(pTHX_ void *arg)
{
	struct draft *draft = arg;

	iss_config_release(&draft->config);
	iss_vhost_options_release(&draft->given);
	Safefree(draft);
}

static struct draft *
new_draft(pTHX_ HV *args, bool server)
{
	struct draft *draft;

	Newxz(draft, 1, struct draft);
	iss_config_init(&draft->config, server);
	iss_vhost_options_init(&draft->given);
	draft->args = args;
	draft->takes_default_ca =
	    !iss_peer_as_in_1_77(aTHX) && !is_ca_given(aTHX_ args);
	SAVEDESTRUCTOR_X(free_draft, draft);
	return draft;
}

/* A hash that is not an object. */
static HV *
plain_hash(SV *value)
{
	if (!SvROK(value) || SvOBJECT(SvRV(value)) ||
	    SvTYPE(SvRV(value)) != SVt_PVHV)
		return NULL;
	return (HV *)SvRV(value);
}

/* Alive until the statement ends, even if Perl code changes the hash. */
static SV *
keep_alive(pTHX_ SV *value)
{
	return sv_2mortal(SvREFCNT_inc_simple_NN(value));
}

static void
collect_by_vhost(pTHX_ struct iss_error *err, struct iss_vhost_options *given,
    const struct iss_option *option, HV *hash)
{
	SV *key, *value;
	const char *host;
	STRLEN len;

	keep_alive(aTHX_ (SV *)hash);
	iss_option_value_must(
	    aTHX_ err, iss_vhost_options_begin(err, given, option));
	hv_iterinit(hash);
	while ((key = iss_hash_next(aTHX_ hash, &value)) != NULL) {
		if (!SvOK(value))
			continue;
		host = SvPVutf8(key, len);
		iss_option_value_must(
		    aTHX_ err, iss_vhost_options_add(
				   err, given, option, host, len, value));
	}
}

static bool
is_handle(const struct iss_option *option)
{
	return option->kind == ISS_CERTS || option->kind == ISS_KEY ||
	       option->kind == ISS_HANDLE;
}

static void
collect_options(pTHX_ struct iss_error *err, struct iss_vhost_options *given,
    HV *args, const struct iss_option *options, size_t count)
{
	size_t i;
	SV *value;
	HV *hash;

	for (i = 0; i < count; i++) {
		value = iss_hash_value(aTHX_ args, options[i].name);
		if (value == NULL)
			continue;
		if (is_handle(&options[i]) &&
		    (!SvPOK(value) || looks_like_number(value)))
			iss_check_exchange(aTHX);
		hash = options[i].by_vhost ? plain_hash(value) : NULL;
		if (hash != NULL)
			collect_by_vhost(aTHX_ err, given, &options[i], hash);
		else
			iss_option_value_must(aTHX_ err,
			    iss_vhost_options_set(err, given, &options[i],
				keep_alive(aTHX_ value)));
	}
}

/* The options where undef has a meaning: no group, so no finite-field DH. */
static bool
turns_off_dh(pTHX_ HV *args)
{
	SV **file = hv_fetchs(args, "SSL_dh_file", 0);
	SV **dh = hv_fetchs(args, "SSL_dh", 0);

	return (file != NULL && !SvOK(*file)) || (dh != NULL && !SvOK(*dh));
}

/* PEM in SSL_cert may have the key in it, as the file of a certificate. */
static int
take_key_of_cert(pTHX_ struct iss_error *err, struct iss_identity *identity,
    const struct iss_vhost_options *given,
    const struct iss_vhost_identity *place)
{
	size_t i, count;
	const struct iss_option *options = iss_config_identity_options(&count);
	const char *bytes;
	STRLEN len;
	SV *value;

	if (identity->cert == NULL || identity->key != NULL ||
	    identity->key_text.len > 0 || identity->key_file != NULL)
		return ISS_OK;
	for (i = 0; i < count; i++) {
		value =
		    iss_vhost_options_identity_value(given, &options[i], place);
		if (value == NULL || options[i].kind != ISS_CERTS ||
		    !SvPOK(value))
			continue;
		bytes = SvPV_nomg(value, len);
		if (iss_material_has_key(bytes, len))
			return iss_config_set_key_text(
			    err, identity, bytes, len);
	}
	return ISS_OK;
}

/* The certificates that a host shows, with their keys. */
static int
fill_identities(pTHX_ struct iss_error *err,
    const struct iss_vhost_options *given, const char *host,
    struct iss_config *config)
{
	struct iss_vhost_identity place = { NULL, NULL };
	struct iss_identity *identity;
	int rv = ISS_OK;
	size_t i, count;
	const struct iss_option *options = iss_config_identity_options(&count);
	SV *value;

	while (iss_vhost_options_next_identity(given, host, &place)) {
		identity = iss_config_add_identity(err, config);
		if (identity == NULL)
			return ISS_ERROR;
		for (i = 0; rv == ISS_OK && i < count; i++) {
			value = iss_vhost_options_identity_value(
			    given, &options[i], &place);
			if (value != NULL)
				rv = iss_option_value_set(
				    aTHX_ err, identity, &options[i], value);
		}
		if (rv == ISS_OK)
			rv = take_key_of_cert(
			    aTHX_ err, identity, given, &place);
	}
	return rv;
}

/* A hash of SSL_ca_file and the like, from Perl, which may look for them. */
static HV *
ask_for_default_ca(pTHX)
{
	HV *found = (HV *)sv_2mortal((SV *)newHV());
	I32 count;
	dSP;

	PUSHMARK(SP);
	count = call_pv("IO::Socket::SSL::Defaults::default_ca", G_LIST);
	SPAGAIN;
	for (; count >= 2; count -= 2) {
		SV *value = POPs;
		SV *key = POPs;

		(void)hv_store_ent(found, key, newSVsv(value), 0);
	}
	PUTBACK;
	return found;
}

static int
add_default_ca(
    pTHX_ struct iss_error *err, struct draft *draft, struct iss_config *config)
{
	size_t count;
	const struct iss_option *options = iss_config_options(&count);

	if (!iss_peer_policy_needs_default_ca(
		config->server, config->verify_mode, !draft->takes_default_ca))
		return ISS_OK;
	if (draft->default_ca == NULL)
		draft->default_ca = ask_for_default_ca(aTHX);
	return set_options(
	    aTHX_ err, draft->default_ca, config, options, count);
}

/* The values of one host, or with "" of any other one. */
static int
fill_config(pTHX_ struct iss_error *err, struct draft *draft, const char *host,
    struct iss_config *config)
{
	size_t i, count;
	const struct iss_option *options = iss_config_options(&count);
	int rv = ISS_OK;
	SV *value;

	for (i = 0; rv == ISS_OK && i < count; i++) {
		value =
		    iss_vhost_options_value(&draft->given, &options[i], host);
		if (value != NULL)
			rv = iss_option_value_set(
			    aTHX_ err, config, &options[i], value);
	}
	if (turns_off_dh(aTHX_ draft->args))
		iss_config_disable_dh(config);
	if (rv == ISS_OK)
		rv = add_default_ca(aTHX_ err, draft, config);
	if (rv == ISS_OK)
		rv = fill_identities(aTHX_ err, &draft->given, host, config);
	return rv;
}

bool
iss_args_show_identity(pTHX_ HV *args, bool server)
{
	SV *use = iss_hash_value(aTHX_ args, "SSL_use_cert");

	return server || use == NULL || SvTRUE_nomg(use);
}

static void
collect_all(pTHX_ struct iss_error *err, struct draft *draft, bool server)
{
	size_t count;
	const struct iss_option *options = iss_config_options(&count);

	collect_options(aTHX_ err, &draft->given, draft->args, options, count);
	options = iss_config_identity_options(&count);
	if (iss_args_show_identity(aTHX_ draft->args, server))
		collect_options(
		    aTHX_ err, &draft->given, draft->args, options, count);
	iss_vhost_options_sort(&draft->given);
}

/* The default host, and then each virtual host. */
static int
fill_hosts(pTHX_ struct iss_error *err, struct draft *draft, bool server)
{
	const char *host = "";
	struct iss_config *one = &draft->config;
	int rv;

	do {
		rv = fill_config(aTHX_ err, draft, host, one);
		if (rv != ISS_OK || !server)
			return rv;
		host = iss_vhost_options_next(&draft->given, host);
		if (host == NULL)
			return ISS_OK;
		one = iss_config_add_vhost(err, &draft->config, host);
	} while (one != NULL);
	return ISS_ERROR;
}

/* Whether the hash has a value that is given. */
static bool
names_a_host(pTHX_ HV *hash)
{
	SV *value;

	keep_alive(aTHX_ (SV *)hash);
	hv_iterinit(hash);
	while (iss_hash_next(aTHX_ hash, &value) != NULL)
		if (SvOK(value))
			return true;
	return false;
}

/* A hash of certificates that is empty is a mistake, not an identity that is
 * not wanted. */
static int
check_certs_by_host(pTHX_ struct iss_error *err, HV *args, bool server)
{
	static const char *const options[] = { "SSL_cert", "SSL_cert_file" };
	HV *hash;
	SV *value;
	size_t i;

	if (!iss_args_show_identity(aTHX_ args, server))
		return ISS_OK;
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		value = iss_hash_value(aTHX_ args, options[i]);
		hash = value != NULL ? plain_hash(value) : NULL;
		if (hash == NULL || names_a_host(aTHX_ hash))
			continue;
		iss_error_set(err,
		    "Failed to load certificate from file or handle: %s is a "
		    "hash without a host",
		    options[i]);
		return ISS_ERROR;
	}
	return ISS_OK;
}

static int
load_provider(pTHX_ struct iss_error *err, SV *name)
{
	SvGETMAGIC(name);
	if (!SvOK(name) || SvROK(name) || !sv_len(name) ||
	    iss_is_pem(aTHX_ name))
		iss_croak(aTHX_ newSVpvs(
		    "SSL_provider must be a name or an array of names"));
	if (SvTAINTED(name) && TAINTING_get)
		iss_croak(aTHX_ newSVpvs("SSL_provider: the name is tainted"));
	return iss_provider_load(err, SvPV_nomg_nolen(name));
}

/* SSL_provider: before anything asks for a key. */
static int
load_providers(pTHX_ struct iss_error *err, HV *args)
{
	SV *value = iss_hash_value(aTHX_ args, "SSL_provider");
	int rv = ISS_OK;
	SSize_t i;
	SV **name;
	AV *names;

	if (value == NULL || !iss_option_value_is_given(aTHX_ value))
		return ISS_OK;
	if (!SvROK(value) || SvTYPE(SvRV(value)) != SVt_PVAV)
		return load_provider(aTHX_ err, value);
	names = (AV *)SvRV(value);
	for (i = 0; rv == ISS_OK && i <= av_len(names); i++)
		if ((name = av_fetch(names, i, 0)) != NULL)
			rv = load_provider(aTHX_ err, *name);
	return rv;
}

int
iss_args_to_config(pTHX_ struct iss_error *err, HV *args, bool server,
    struct iss_config *config)
{
	struct draft *draft;
	int rv;

	if ((rv = load_providers(aTHX_ err, args)) != ISS_OK)
		return rv;
	ENTER;
	draft = new_draft(aTHX_ args, server);
	collect_all(aTHX_ err, draft, server);
	rv = check_certs_by_host(aTHX_ err, args, server);
	if (rv == ISS_OK)
		rv = fill_hosts(aTHX_ err, draft, server);
	if (rv == ISS_OK) {
		*config = draft->config; /* the caller's from here on */
		iss_config_init(&draft->config, server);
	}
	LEAVE;
	return rv;
}

int
iss_args_to_identity(
    pTHX_ struct iss_error *err, HV *args, struct iss_config *config)
{
	struct draft *draft;
	size_t count;
	const struct iss_option *options = iss_config_identity_options(&count);
	int rv;

	ENTER;
	draft = new_draft(aTHX_ args, false);
	collect_options(aTHX_ err, &draft->given, args, options, count);
	iss_vhost_options_sort(&draft->given);
	rv = fill_identities(aTHX_ err, &draft->given, "", &draft->config);
	if (rv == ISS_OK) {
		*config = draft->config; /* the caller's from here on */
		iss_config_init(&draft->config, false);
	}
	LEAVE;
	return rv;
}

bool
iss_args_give_verify_mode(pTHX_ HV *args)
{
	SV *value = iss_hash_value(aTHX_ args, "SSL_verify_mode");

	if (value == NULL || SvROK(value))
		return value != NULL;
	if (!looks_like_number(value))
		return sv_len(value) > 0;
	return SvIV(value) == 0 || (SvIV(value) & SSL_VERIFY_PEER) != 0;
}

static void
free_peer_config(pTHX_ void *config)
{
	iss_peer_config_release(config);
	Safefree(config);
}

int
iss_args_to_peer_config(pTHX_ struct iss_error *err, HV *args, bool server,
    struct iss_text sni, struct iss_peer_config *config)
{
	struct iss_peer_config *draft;
	size_t count;
	const struct iss_option *options = iss_peer_config_options(&count);
	int rv;

	ENTER;
	Newxz(draft, 1, struct iss_peer_config);
	iss_peer_config_init(draft);
	SAVEDESTRUCTOR_X(free_peer_config, draft);
	rv = set_options(aTHX_ err, args, draft, options, count);
	options = iss_peer_config_client_options(&count);
	if (rv == ISS_OK && !server)
		rv = set_options(aTHX_ err, args, draft, options, count);
	if (rv == ISS_OK && sni.bytes != NULL)
		iss_option_value_must(aTHX_ err,
		    iss_peer_config_set_sni(err, draft, sni.bytes, sni.len));
	if (rv == ISS_OK) {
		*config = *draft; /* the caller's from here on */
		iss_peer_config_init(draft);
	}
	LEAVE;
	return rv;
}
