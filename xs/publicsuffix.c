#include "publicsuffix.h"

#include "magic.h"
#include "values.h"
#include "names/idn.h"
#include "names/suffix.h"

ISS_MAGIC_COUNTED(list_magic, struct iss_suffix_list, iss_suffix_list_up_ref,
    iss_suffix_list_free);

struct iss_suffix_list *
iss_attached_suffixes(pTHX_ SV *object)
{
	return iss_magic_find_behind(aTHX_ &list_magic, object);
}

void
iss_load_suffixes(pTHX_ SV *self, SV *text, UV fallback)
{
	struct iss_suffix_list *list = NULL;
	const char *bytes = NULL;
	struct iss_error err;
	STRLEN len = 0;

	if (!SvROK(self))
		Perl_croak(aTHX_ "a list of suffixes must be an object");
	if (SvOK(text))
		bytes = iss_utf8_text(aTHX_ text, &len);
	iss_error_clear(&err);
	if (iss_suffix_list_new(&err, &list, bytes, len, fallback) != ISS_OK)
		iss_croak(aTHX_ newSVpv(err.text, 0));
	iss_magic_attach(aTHX_ &list_magic, SvRV(self), list, NULL);
}

SV *
iss_convert_name(pTHX_ SV *name, bool to_unicode)
{
	struct iss_error err;
	struct iss_buf out;
	const char *text;
	STRLEN len;
	SV *result;
	int rv;

	text = SvPVutf8(sv_mortalcopy(name), len);
	iss_error_clear(&err);
	iss_buf_init(&out, ISS_IDN_MAX);
	rv = to_unicode ? iss_idn_to_unicode(&err, &out, text, len)
			: iss_idn_to_ascii(&err, &out, text, len);
	result = newSVpvn(iss_buf_text(&out), out.len);
	iss_buf_release(&out);
	if (rv != ISS_OK) {
		SvREFCNT_dec(result);
		iss_croak(aTHX_ Perl_newSVpvf(aTHX_ "'%" SVf "': %s",
		    SVfARG(iss_shown(aTHX_ name)), err.text));
	}
	sv_utf8_decode(result);
	return result;
}
