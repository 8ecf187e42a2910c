#include "tickets.h"

#include "ask.h"
#include "state.h"

bool
iss_tickets_answer(
    void *handle, const unsigned char *name, struct iss_ticket_key *key)
{
	struct iss_call *call = handle;
	dCALL_PERL(call);
	SV *args[2];
	SV *answer;
	const char *bytes;
	STRLEN len;

	args[0] = iss_state_callback(aTHX_ call->glob, "ticket_keycb");
	if (call->died != NULL || args[0] == NULL)
		return false;
	args[1] =
	    name != NULL
		? sv_2mortal(newSVpvn((const char *)name, ISS_TICKET_NAME_LEN))
		: &PL_sv_undef;
	answer = iss_ask(aTHX_ call,
	    (SV *)get_cv("IO::Socket::SSL::Ticket::_ask", 0), args, 2);
	if (answer == NULL || !SvPOK(answer))
		return false;
	bytes = SvPV_nomg(answer, len);
	if (len != sizeof(key->secret) + sizeof(key->name))
		return false;
	Copy(bytes, key->secret, sizeof(key->secret), char);
	Copy(bytes + sizeof(key->secret), key->name, sizeof(key->name), char);
	return true;
}
