#include "scalar.h"

/* No string can be longer: sums of two such lengths do not overflow. */
#define LONGEST ((size_t)-1 / 4)

IV
iss_scalar_number(pTHX_ SV *sv)
{
	if (sv == NULL)
		return 0;
	SvGETMAGIC(sv);
	return SvOK(sv) ? SvIV_nomg(sv) : 0;
}

STRLEN
iss_scalar_place(pTHX_ IV offset, STRLEN len, bool may_be_beyond)
{
	UV back = (UV)0 - (UV)offset;

	if (offset < 0 && back <= len)
		return len - (STRLEN)back;
	if (offset < 0 || ((UV)offset > len && !may_be_beyond))
		Perl_croak(aTHX_ "Offset outside string");
	if ((UV)offset > LONGEST)
		Perl_croak(aTHX_ "Offset is too large");
	return (STRLEN)offset;
}

STRLEN
iss_scalar_make_bytes(pTHX_ SV *buf)
{
	STRLEN len;

	if (!SvOK(buf))
		sv_setpvs(buf, "");
	(void)SvPV_force(buf, len);
	if (SvUTF8(buf) && !sv_utf8_downgrade(buf, TRUE))
		sv_setpvs(buf, "");
	return SvCUR(buf);
}

bool
iss_scalar_keeps_wide(pTHX_ SV *buf, IV offset)
{
	return offset != 0 && SvOK(buf) && SvUTF8(buf) &&
	       !sv_utf8_downgrade(buf, TRUE);
}

size_t
iss_scalar_wanted(pTHX_ IV len)
{
	if (len < 0)
		Perl_croak(aTHX_ "Negative length");
	return (UV)len < LONGEST ? (size_t)len : LONGEST;
}

char *
iss_scalar_room(pTHX_ SV *buf, STRLEN at, size_t more)
{
	STRLEN len;
	char *bytes;

	if (!SvPOK(buf) || SvUTF8(buf) || SvTHINKFIRST(buf))
		iss_scalar_make_bytes(aTHX_ buf);
	len = SvCUR(buf);
	bytes = SvGROW(buf, at + more + 1);
	if (at > len)
		Zero(bytes + len, at - len, char);
	return bytes + at;
}

void
iss_scalar_set_end(pTHX_ SV *buf, STRLEN end)
{
	SvCUR_set(buf, end);
	*SvEND(buf) = '\0';
	SvPOK_only(buf);
	SvSETMAGIC(buf);
}
