/*
 * Whom a connection is meant for.  The socket and its context say so in Perl,
 * the core decides (options/peer_policy.h), and this does what it says: warn,
 * croak, or set the name that the peer's certificate must have.
 */
#include "peer.h"

#include "option_value.h"
#include "publicsuffix.h"
#include "state.h"
#include "values.h"
#include "connection/sock.h"

/* A text in a hash, and the fact that it is. */
struct source {
	const char *key;
	size_t offset;
	bool no_references; /* they are handles or lists, not texts */
};

#define FACT(member) offsetof(struct iss_peer_facts, member)

static const struct source of_socket[] = {
	{ "SSL_verifycn_name", FACT(verifycn_name), false },
	{ "SSL_hostname", FACT(hostname), false },
	{ "SSL_session_key", FACT(session_key), false },
	{ "PeerHost", FACT(host), true },
	{ "PeerAddr", FACT(addr), true },
	{ NULL, 0, false },
};

static const struct source of_context[] = {
	{ "verifycn_name", FACT(ctx_verifycn_name), false },
	{ "session_key", FACT(ctx_session_key), false },
	{ NULL, 0, false },
};

static struct iss_text
text_of(pTHX_ SV *value, enum iss_peer_encoding encoding)
{
	SV *copy = sv_mortalcopy(value); /* the program may change its own */
	struct iss_text text = { .bytes = "" };
	STRLEN len;

	if (!SvOK(copy)) /* a warning would name our line */
		return text;
	text.bytes =
	    encoding == ISS_PEER_BYTES ? SvPV(copy, len) : SvPVutf8(copy, len);
	text.len = len;
	return text;
}

struct iss_text
iss_peer_text(pTHX_ SV *value)
{
	return text_of(aTHX_ value, ISS_PEER_UTF8);
}

static void
read_texts(pTHX_ struct iss_peer_facts *facts, HV *hash,
    const struct source *sources, enum iss_peer_encoding encoding)
{
	SV *value;

	for (; sources->key != NULL; sources++) {
		value = iss_hash_value(aTHX_ hash, sources->key);
		if (value == NULL || (sources->no_references && SvROK(value)))
			continue;
		*(struct iss_text *)((char *)facts + sources->offset) =
		    text_of(aTHX_ value, encoding);
	}
}

static bool
is_true(pTHX_ HV *hash, const char *key)
{
	SV *value = iss_hash_value(aTHX_ hash, key);

	return value != NULL && SvTRUE_nomg(value);
}

/* A number that is not 0, as the context reads it: a server's must have
 * SSL_VERIFY_PEER, blanks may come before it. */
static bool
asks_to_verify(pTHX_ HV *args, bool server)
{
	SV *mode = iss_hash_value(aTHX_ args, "SSL_verify_mode");
	const char *text;

	if (mode == NULL || !SvTRUE_nomg(mode))
		return false;
	if (!SvROK(mode) && looks_like_number(mode))
		return (SvIV_nomg(mode) & (server ? SSL_VERIFY_PEER : ~0)) != 0;
	for (text = SvPV_nolen(mode); isSPACE_A(*text); text++)
		;
	return isDIGIT_A(*text);
}

static SV *
scheme_of(pTHX_ HV *args, HV *context)
{
	SV *scheme = iss_hash_value(aTHX_ args, "SSL_verifycn_scheme");

	return scheme != NULL
		   ? scheme
		   : iss_hash_value(aTHX_ context, "verifycn_scheme");
}

bool
iss_peer_as_in_1_77(pTHX)
{
	/* unlike get_sv, Perl remembers where the package is */
	HV *package = gv_stashpvs("IO::Socket::SSL::Defaults", 0);
	SV **entry =
	    package != NULL ? hv_fetchs(package, "AS_IN_1_77", 0) : NULL;
	SV *old = entry != NULL && isGV(*entry) ? GvSV(*entry) : NULL;

	return old != NULL && SvTRUE(old);
}

/* An array; any other value is refused when it is read. */
static bool
has_records(pTHX_ HV *args)
{
	SV *records = iss_hash_value(aTHX_ args, "SSL_tlsa");

	return records != NULL && SvROK(records);
}

struct iss_peer_facts
iss_peer_facts(
    pTHX_ HV *args, HV *context, bool server, enum iss_peer_encoding encoding)
{
	struct iss_peer_facts facts = {
		.server = server,
		.as_in_1_77 = iss_peer_as_in_1_77(aTHX),
		.ctx_verifies = is_true(aTHX_ context, "verify_mode"),
		.ctx_for_servers = is_true(aTHX_ context, "for_servers"),
		.asks_to_verify = asks_to_verify(aTHX_ args, server),
		.force_fingerprint =
		    is_true(aTHX_ args, "SSL_force_fingerprint"),
		.has_records = !server && has_records(aTHX_ args),
		.has_scheme = scheme_of(aTHX_ args, context) != NULL,
	};

	read_texts(aTHX_ &facts, args, of_socket, encoding);
	read_texts(aTHX_ &facts, context, of_context, encoding);
	return facts;
}

/* The address is looked up only where there is no name. */
static void
add_address(pTHX_ struct iss_peer_facts *facts, int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	char text[ISS_PEER_ADDRESS_MAX];

	if (!iss_peer_policy_wants_address(facts))
		return;
	if (!iss_sock_peer_of(fd, &address, &len))
		facts->address_to_come = iss_sock_is_internet(fd);
	else if (iss_peer_policy_address(
		     (const struct sockaddr *)&address, len, text))
		facts->address_text =
		    iss_peer_text(aTHX_ sv_2mortal(newSVpv(text, 0)));
}

SV *
iss_peer_choose_name(
    pTHX_ HV *args, HV *context, bool server, int fd, struct iss_text *name)
{
	struct iss_peer_facts facts =
	    iss_peer_facts(aTHX_ args, context, server, ISS_PEER_UTF8);
	SV *scheme = scheme_of(aTHX_ args, context);

	add_address(aTHX_ &facts, fd);
	switch (iss_peer_policy_name(&facts, name)) {
	case ISS_PEER_WRONG_CONTEXT:
		iss_croak(aTHX_ newSVpvs(
		    "this context was made for servers and does not verify the "
		    "peer; for a client make another context, or make this one "
		    "with an explicit SSL_verify_mode"));
	case ISS_PEER_UNCHECKED_MODE_IGNORED:
		iss_carp(aTHX_ Perl_newSVpvf(aTHX_
		    "SSL_verify_mode is ignored: the %s does not verify the "
		    "peer",
		    is_true(aTHX_ args, "SSL_reuse_ctx")
			? "context in SSL_reuse_ctx"
			: "context in use (see set_default_context)"));
		return NULL;
	case ISS_PEER_UNCHECKED_NAME_UNKNOWN:
		iss_carp(aTHX_ newSVpvs(
		    "the host name of the peer is unknown, so its certificate "
		    "is verified but the name in it is not checked; set "
		    "SSL_verifycn_name, or set SSL_verifycn_scheme to "
		    "\"none\""));
		return NULL;
	case ISS_PEER_CHECK_BY_SCHEME:
		return sv_2mortal(SvREFCNT_inc(scheme));
	case ISS_PEER_CHECK_BY_DEFAULT:
		return sv_2mortal(newSVpvs("default"));
	case ISS_PEER_UNCHECKED:
		break;
	}
	return NULL;
}

SV *
iss_peer_scheme_code(pTHX_ SV *scheme)
{
	SV *code;

	if (!SvROK(scheme) || SvTYPE(SvRV(scheme)) != SVt_PVHV)
		return NULL;
	code = iss_hash_value(aTHX_ (HV *)SvRV(scheme), "callback");
	return code != NULL && SvTRUE(code) ? code : NULL;
}

/* A sub, or an object that may pass as one. */
static bool
is_code(pTHX_ SV *value)
{
	if (SvAMAGIC(value))
		value = amagic_deref_call(value, to_cv_amg);
	return SvROK(value) && SvTYPE(SvRV(value)) == SVt_PVCV;
}

/* A scheme that is a hash of its members. */
static void
scheme_from_hash(pTHX_ HV *hash, struct iss_scheme *scheme)
{
	struct iss_error err;
	SV *key, *value;

	Zero(scheme, 1, struct iss_scheme);
	hv_iterinit(hash);
	while ((key = iss_hash_next(aTHX_ hash, &value)) != NULL) {
		if (strEQ(SvPV_nolen(key), "callback"))
			continue; /* a false one */
		iss_error_clear(&err);
		if (iss_scheme_set(&err, scheme, SvPV_nolen(key),
			SvOK(value) ? SvPV_nolen(value) : NULL) != ISS_OK)
			iss_croak(aTHX_ Perl_newSVpvf(
			    aTHX_ "SSL_verifycn_scheme: %s", err.text));
	}
}

static const struct iss_scheme *
scheme_by_name(pTHX_ SV *name)
{
	const struct iss_scheme *scheme = NULL;
	struct iss_buf names;
	const char *text;
	STRLEN len;
	SV *message;

	text = SvPV(name, len);
	if (strlen(text) == len)
		scheme = iss_peer_as_in_1_77(aTHX) ? iss_scheme_find_1_77(text)
						   : iss_scheme_find(text);
	if (scheme != NULL)
		return scheme;
	iss_buf_init(&names, ISS_ERROR_TEXT_MAX);
	iss_scheme_names(&names);
	message = Perl_newSVpvf(aTHX_
	    "SSL_verifycn_scheme: unknown scheme '%" SVf "'; valid schemes "
	    "are %s",
	    SVfARG(iss_shown(aTHX_ name)), iss_buf_text(&names));
	iss_buf_release(&names);
	iss_croak(aTHX_ message);
}

/* '' lets wildcards match below public suffixes; an object has its own list. */
static void
set_suffixes(pTHX_ struct iss_verify *verify, SV *given)
{
	struct iss_suffix_list *list = NULL;
	bool any = false;

	if (given != NULL && SvOK(given)) {
		any = SvPOK(given) && SvCUR(given) == 0;
		list = iss_attached_suffixes(aTHX_ given);
		if (list == NULL && iss_option_value_is_given(aTHX_ given))
			iss_croak(aTHX_ newSVpvs(
			    "SSL_verifycn_publicsuffix must be '' or an "
			    "IO::Socket::SSL::PublicSuffix object"));
	}
	iss_verify_set_suffixes(verify, any, list);
}

int
iss_peer_set_name(pTHX_ struct iss_error *err, struct iss_verify *verify,
    struct iss_text name, SV *scheme, SV *publicsuffix)
{
	struct iss_scheme own;
	const struct iss_scheme *rules = NULL;
	SV *code = iss_peer_scheme_code(aTHX_ scheme);

	if (code != NULL && !is_code(aTHX_ code))
		iss_croak(aTHX_ newSVpvs("SSL_verifycn_scheme: callback must "
					 "be a code reference"));
	if (code == NULL) {
		if (SvROK(scheme) && SvTYPE(SvRV(scheme)) == SVt_PVHV) {
			scheme_from_hash(aTHX_ (HV *)SvRV(scheme), &own);
			rules = &own;
		} else
			rules = scheme_by_name(aTHX_ scheme);
	}
	set_suffixes(aTHX_ verify, publicsuffix);
	if (name.bytes == NULL) {
		iss_verify_set_by_address(verify, rules);
		return ISS_OK;
	}
	return iss_verify_set_name(err, verify, name.bytes, name.len, rules);
}
