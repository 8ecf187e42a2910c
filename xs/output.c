#include "output.h"

#include "call.h"
#include "errors.h"
#include "override.h"
#include "scalar.h"
#include "connection/io.h"

static int
write_one(struct iss_conn *conn, void *buf, size_t len, size_t *done)
{
	return iss_io_write(conn, buf, len, done);
}

static int
write_all(struct iss_conn *conn, void *buf, size_t len, size_t *done)
{
	return iss_io_write_all(conn, buf, len, done);
}

/* Write bytes.  Returns their number as a new value; NULL if that failed. */
static SV *
write_bytes(pTHX_ GV *glob, struct iss_conn *conn, SV *owner, const char *bytes,
    size_t len, bool all)
{
	size_t total = 0;
	int rv = ISS_OK;

	/* Even no bytes at all flush what is unsent, and may fail. */
	do {
		size_t n = 0;

		/* write_one and write_all do not change the bytes. */
		rv = iss_stream_transfer(aTHX_ glob, conn, owner,
		    all ? write_all : write_one,
		    INT2PTR(void *, PTR2IV(bytes + total)), len - total, &n);
		total += n;
		if (rv == ISS_INTR && all)
			rv = iss_call_interrupted(aTHX_ glob, conn);
		if (rv != ISS_OK || !all)
			break;
	} while (total < len || conn->unsent.len > 0);
	iss_tell_status(aTHX_ glob, conn, rv);
	return total > 0 || rv == ISS_OK ? newSVuv(total) : NULL;
}

/* Have the write of a subclass write a line for print. */
static SV *
write_by_method(pTHX_ GV *glob, SV *line)
{
	SV *result;
	dSP;

	PUSHMARK(SP);
	mXPUSHs(newRV_inc((SV *)glob));
	XPUSHs(line);
	PUTBACK;
	call_method("write", G_SCALAR);
	SPAGAIN;
	result = POPs;
	PUTBACK;
	return SvOK(result) ? newSVsv(result) : NULL;
}

/*
 * Write all bytes for print, which returns true on success, even for none: then
 * "0 but true".
 */
static SV *
write_line(pTHX_ GV *glob, struct iss_conn *conn, SV *line)
{
	SV *result;

	if (iss_is_overridden(aTHX_ ISS_METHOD_WRITE, glob))
		return write_by_method(aTHX_ glob, line);
	result =
	    write_bytes(aTHX_ glob, conn, line, SvPVX(line), SvCUR(line), true);
	if (result != NULL && SvCUR(line) == 0)
		sv_setpvs(result, "0 but true");
	return result;
}

/*
 * The core may write from the program's own variable only if nothing can change
 * it between two calls of the core, and nothing can share its bytes.
 */
static bool
must_be_copied(pTHX_ SV *data, bool all)
{
	return all || !SvPOK(data) || SvUTF8(data) || SvTHINKFIRST(data) ||
	       SvGMAGICAL(data);
}

static SV *
write_from(pTHX_ GV *glob, struct iss_conn *conn, SV *data, SV *len_sv,
    SV *offset_sv, bool all)
{
	bool has_len = len_sv != NULL && (SvGMAGICAL(len_sv) || SvOK(len_sv));
	IV offset = iss_scalar_number(aTHX_ offset_sv);
	IV wish = iss_scalar_number(aTHX_ len_sv);
	STRLEN have = 0, at;
	const char *bytes = "";
	size_t len;
	SV *copy;

	SvGETMAGIC(data);
	if (must_be_copied(aTHX_ data, all)) {
		copy = sv_newmortal();
		sv_setsv_nomg(copy, data);
		data = copy;
		if (SvOK(data))
			(void)SvPV_force_nolen(data);
		if (SvUTF8(data) && !sv_utf8_downgrade(data, TRUE))
			Perl_croak(aTHX_ "Wide character in %s",
			    all ? "write" : "syswrite");
	}
	if (SvOK(data))
		bytes = SvPV_nomg(data, have);
	len = has_len ? iss_scalar_wanted(aTHX_ wish) : have;
	at = iss_scalar_place(aTHX_ offset, have, false);
	if (len > have - at)
		len = have - at;
	return write_bytes(
	    aTHX_ glob, conn, SvOK(data) ? data : NULL, bytes + at, len, all);
}

/* Append an item as the bytes that print sends for it. */
static void
append_item(pTHX_ SV *line, SV *item)
{
	STRLEN len;
	const char *bytes;

	SvGETMAGIC(item);
	if (!SvOK(item)) {
		if (ckWARN(WARN_UNINITIALIZED))
			Perl_warner(aTHX_ packWARN(WARN_UNINITIALIZED),
			    "Use of uninitialized value in print");
		return;
	}
	if (!SvUTF8(item) && !SvROK(item)) {
		bytes = SvPV_nomg(item, len);
		sv_catpvn_nomg(line, bytes, len);
		return;
	}
	item = sv_2mortal(newSVsv(item));
	(void)SvPV_force_nolen(item);
	if (SvUTF8(item) && !sv_utf8_downgrade(item, TRUE))
		Perl_ck_warner_d(
		    aTHX_ packWARN(WARN_UTF8), "Wide character in print");
	bytes = SvPV_nolen(item);
	sv_catpvn_nomg(line, bytes, SvCUR(item));
}

static SV *
print_items(pTHX_ GV *glob, struct iss_conn *conn, SV **items, SSize_t count,
    bool newline)
{
	SV *line = sv_2mortal(newSVpvs(""));
	SV *between = PL_ofsgv != NULL ? GvSV(PL_ofsgv) : NULL;
	SSize_t i;

	for (i = 0; i < count; i++) {
		if (i > 0 && between != NULL && SvOK(between))
			append_item(aTHX_ line, between);
		append_item(aTHX_ line, items[i]);
	}
	if (newline)
		sv_catpvs(line, "\n");
	else if (PL_ors_sv != NULL && SvOK(PL_ors_sv))
		append_item(aTHX_ line, PL_ors_sv);
	return write_line(aTHX_ glob, conn, line);
}

SV *
iss_output_printf(
    pTHX_ GV *glob, struct iss_conn *conn, SV **items, SSize_t count)
{
	SV *line = sv_2mortal(newSVpvs(""));
	SV *ready = sv_2mortal(newSVpvs(""));
	const char *format;
	STRLEN len;

	if (count > 0) {
		format = SvPV(items[0], len);
		if (SvUTF8(items[0]))
			SvUTF8_on(line);
		sv_vcatpvfn(line, format, len, NULL, items + 1,
		    (Size_t)(count - 1), NULL);
	}
	append_item(aTHX_ ready, line);
	return write_line(aTHX_ glob, conn, ready);
}

SV *
iss_output_write(
    pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count)
{
	return write_from(aTHX_ glob, conn, args[0], count > 1 ? args[1] : NULL,
	    count > 2 ? args[2] : NULL, true);
}

SV *
iss_output_syswrite(
    pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count)
{
	return write_from(aTHX_ glob, conn, args[0], count > 1 ? args[1] : NULL,
	    count > 2 ? args[2] : NULL, false);
}

SV *
iss_output_print(
    pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count)
{
	return print_items(aTHX_ glob, conn, args, count, false);
}

SV *
iss_output_say(pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count)
{
	return print_items(aTHX_ glob, conn, args, count, true);
}
