#include "tickets.h"

#include "ask.h"
#include "state.h"

static bool
is_code(SV *value)
{
	return SvROK(value) && !SvOBJECT(SvRV(value)) &&
	       SvTYPE(SvRV(value)) == SVt_PVCV;
}

/* An item of SSL_ticket_keycb's array; NULL if it is not an array, or has no
 * such item. */
static SV *
item_at(pTHX_ SV *value, SSize_t i)
{
	SV **slot;

	if (!SvROK(value) || SvOBJECT(SvRV(value)) ||
	    SvTYPE(SvRV(value)) != SVt_PVAV)
		return NULL;
	slot = av_fetch((AV *)SvRV(value), i, 0);
	if (slot != NULL)
		SvGETMAGIC(*slot);
	return slot != NULL ? *slot : NULL;
}

bool
iss_tickets_is_callback(pTHX_ SV *value)
{
	SV *first = item_at(aTHX_ value, 0);

	return is_code(first != NULL ? first : value);
}

/* Copy a text of exactly so many bytes. */
static bool
copy_bytes(pTHX_ unsigned char *to, size_t size, SV *text)
{
	const char *bytes;
	STRLEN len;

	if (text == NULL || !sv_utf8_downgrade(text, TRUE))
		return false;
	bytes = SvPV_nomg(text, len);
	if (len != size)
		return false;
	Copy(bytes, to, size, char);
	return true;
}

static bool
take_key(pTHX_ struct iss_call *call, struct iss_ticket_key *key, SV **answer)
{
	SV *message;

	if (copy_bytes(aTHX_ key->secret, sizeof(key->secret),
		iss_ask_text(aTHX_ call, answer[0])) &&
	    copy_bytes(aTHX_ key->name, sizeof(key->name),
		iss_ask_text(aTHX_ call, answer[1])))
		return true;
	message = sv_2mortal(
	    Perl_newSVpvf(aTHX_ "SSL_ticket_keycb must return a key of %d "
				"bytes and a name of %d bytes, or an empty "
				"list",
		ISS_TICKET_SECRET_LEN, ISS_TICKET_NAME_LEN));
	iss_ask(aTHX_ call, (SV *)get_cv("Carp::croak", 0), &message, 1);
	return false;
}

bool
iss_tickets_answer(
    void *handle, const unsigned char *name, struct iss_ticket_key *key)
{
	struct iss_call *call = handle;
	dCALL_PERL(call);
	SV *callback = iss_state_callback(aTHX_ call->glob, "ticket_keycb");
	SV *code, *data, *args[2], *answer[2];

	if (call->died != NULL || callback == NULL)
		return false;
	code = item_at(aTHX_ callback, 0);
	data = item_at(aTHX_ callback, 1);
	args[0] = data != NULL ? sv_mortalcopy(data) : sv_newmortal();
	if (name != NULL)
		args[1] = sv_2mortal(
		    newSVpvn((const char *)name, ISS_TICKET_NAME_LEN));
	if (iss_ask_list(aTHX_ call, code != NULL ? code : callback, args,
		name != NULL ? 2 : 1, answer, 2) < 2)
		return false;
	return SvOK(answer[0]) && SvOK(answer[1]) &&
	       take_key(aTHX_ call, key, answer);
}
