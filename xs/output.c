#include "output.h"

#include "call.h"
#include "errors.h"
#include "gather.h"
#include "override.h"
#include "scalar.h"
#include "values.h"
#include "base/ascii.h"
#include "connection/io.h"
#include "connection/wait.h"

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

/* Who wants all to be written is told how much only on a descriptor that does
 * not block. */
static bool
is_success(const struct iss_conn *conn, int rv, size_t total, bool all)
{
	if (rv == ISS_OK)
		return true;
	return total > 0 &&
	       (!all || ((rv == ISS_WANT_READ || rv == ISS_WANT_WRITE) &&
			    !iss_conn_blocks(conn)));
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
	return is_success(conn, rv, total, all) ? newSVuv(total) : NULL;
}

/* Have the write of a subclass write a line for print. */
static SV *
write_by_method(pTHX_ GV *glob, SV *line)
{
	SV *args[] = { sv_2mortal(newRV_inc((SV *)glob)), line };
	SV *result = iss_call_perl(aTHX_ "write", G_METHOD, args, 2);

	return SvOK(result) ? newSVsv(result) : NULL;
}

/* Bytes to be written, which nothing else can change meanwhile. */
struct piece {
	const char *bytes;
	size_t len;
	SV *guarded; /* the bytes are in here; or NULL */
	char small[ISS_GATHERED_INLINE];
};

/*
 * The core may write from the program's own variable only if nothing can change
 * it between two calls of the core, and nothing can share its bytes.
 */
static bool
may_be_lent(SV *data, bool all)
{
	return !all && SvPOK(data) && !SvUTF8(data) && !SvTHINKFIRST(data) &&
	       !SvGMAGICAL(data);
}

/* Does a copy of the scalar share its bytes, instead of copying them all? */
static bool
shares_its_bytes(SV *data)
{
#ifdef CowREFCNT
	return SvPOK(data) && SvIsCOW(data) && SvLEN(data) > 0 &&
	       CowREFCNT(data) != SV_COW_REFCNT_MAX;
#else
	PERL_UNUSED_VAR(data);
	return false;
#endif
}

/*
 * Keep bytes of data as they are now, for the scope: at most one record if only
 * one is written.
 */
static void
keep_piece(pTHX_ struct piece *p, SV *data, bool all)
{
	SV *kept;

	p->guarded = NULL;
	if (may_be_lent(data, all)) {
		p->guarded = data;
		return;
	}
	if (!all && p->len > ISS_RECORD_MAX)
		p->len = ISS_RECORD_MAX;
	if (p->len <= sizeof(p->small)) {
		Copy(p->bytes, p->small, p->len, char);
		p->bytes = p->small;
		return;
	}
	if (shares_its_bytes(data)) {
		kept = newSV(0);
		sv_setsv_flags(
		    kept, data, SV_COW_SHARED_HASH_KEYS | SV_NOSTEAL);
		p->bytes = SvPVX_const(kept) + (p->bytes - SvPVX_const(data));
	} else {
		kept = newSVpvn(p->bytes, p->len);
		p->bytes = SvPVX_const(kept);
	}
	SAVEFREESV(kept);
	p->guarded = kept;
}

/*
 * A copy of a scalar as bytes.  An object is asked for its text once.  False:
 * some characters are wide, and the copy is UTF-8.
 */
static bool
copy_bytes(pTHX_ SV *from, SV **copy)
{
	*copy = sv_newmortal();
	sv_setsv_nomg(*copy, from);
	(void)SvPV_force_nolen(*copy);
	return !SvUTF8(*copy) || sv_utf8_downgrade(*copy, TRUE);
}

/* Are the scalar's bytes as Perl holds them the ones to send? */
static bool
is_bytes(pTHX_ SV *data)
{
	if (SvROK(data))
		return false;
	return !SvUTF8(data) || iss_ascii_is(SvPVX_const(data), SvCUR(data));
}

static SV *
write_from(pTHX_ GV *glob, struct iss_conn *conn, SV *data, SV *len_sv,
    SV *offset_sv, bool all)
{
	bool has_len = len_sv != NULL && (SvGMAGICAL(len_sv) || SvOK(len_sv));
	IV offset = iss_scalar_number(aTHX_ offset_sv);
	IV wish = iss_scalar_number(aTHX_ len_sv);
	struct piece piece;
	STRLEN have = 0, at;

	SvGETMAGIC(data);
	if (!is_bytes(aTHX_ data) && !copy_bytes(aTHX_ data, &data))
		Perl_croak(
		    aTHX_ "Wide character in %s", all ? "write" : "syswrite");
	piece.bytes = SvOK(data) ? SvPV_nomg_const(data, have) : "";
	piece.len = has_len ? iss_scalar_wanted(aTHX_ wish) : have;
	at = iss_scalar_place(aTHX_ offset, have, false);
	if (piece.len > have - at)
		piece.len = have - at;
	piece.bytes += at;
	keep_piece(aTHX_ &piece, data, all);
	return write_bytes(
	    aTHX_ glob, conn, piece.guarded, piece.bytes, piece.len, all);
}

/* Gather an item as the bytes that print sends for it. */
static void
gather_item(pTHX_ struct iss_gathered *line, SV *item)
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
	if (!is_bytes(aTHX_ item) && !copy_bytes(aTHX_ item, &item))
		Perl_ck_warner_d(
		    aTHX_ packWARN(WARN_UTF8), "Wide character in print");
	bytes = SvPV_nomg_const(item, len);
	iss_gather(aTHX_ line, bytes, len);
}

/*
 * Write all that was gathered for print, which returns true on success, even
 * for no bytes at all: then "0 but true".
 */
static SV *
write_line(pTHX_ GV *glob, struct iss_conn *conn, struct iss_gathered *line)
{
	const char *bytes;
	size_t len;
	SV *result;

	bytes = iss_gathered_bytes(line, &len);
	if (iss_is_overridden(aTHX_ ISS_METHOD_WRITE, glob))
		return write_by_method(
		    aTHX_ glob, newSVpvn_flags(bytes, len, SVs_TEMP));
	result = write_bytes(aTHX_ glob, conn, line->more, bytes, len, true);
	if (result != NULL && len == 0)
		sv_setpvs(result, "0 but true");
	return result;
}

/* A long text alone need not be gathered. */
static bool
is_long_text(SV *item)
{
	return SvPOK(item) && !SvROK(item) && !SvUTF8(item) &&
	       !SvGMAGICAL(item) && SvCUR(item) > ISS_GATHERED_INLINE;
}

/* Has $\ a value? */
static bool
has_end(pTHX)
{
	return PL_ors_sv != NULL && SvOK(PL_ors_sv);
}

static SV *
print_items(pTHX_ GV *glob, struct iss_conn *conn, SV **items, SSize_t count,
    bool newline)
{
	SV *between = PL_ofsgv != NULL ? GvSV(PL_ofsgv) : NULL;
	struct iss_gathered line;
	SSize_t i;

	if (count == 1 && !newline && !has_end(aTHX) &&
	    is_long_text(items[0]) &&
	    !iss_is_overridden(aTHX_ ISS_METHOD_WRITE, glob))
		return write_from(aTHX_ glob, conn, items[0], NULL, NULL, true);
	/* An item may be tied to code that changes $, and $\. */
	if (between != NULL && count > 1)
		sv_2mortal(SvREFCNT_inc_simple_NN(between));
	iss_gather_begin(&line);
	for (i = 0; i < count; i++) {
		if (i > 0 && between != NULL && SvOK(between))
			gather_item(aTHX_ &line, between);
		gather_item(aTHX_ &line, items[i]);
	}
	if (newline)
		iss_gather(aTHX_ &line, "\n", 1);
	else if (has_end(aTHX))
		gather_item(aTHX_ &line, PL_ors_sv);
	return write_line(aTHX_ glob, conn, &line);
}

SV *
iss_output_printf(
    pTHX_ GV *glob, struct iss_conn *conn, SV **items, SSize_t count)
{
	SV *text = sv_2mortal(newSVpvs(""));
	struct iss_gathered line;
	const char *format;
	STRLEN len;

	if (count > 0) {
		format = SvPV(items[0], len);
		if (SvUTF8(items[0]))
			SvUTF8_on(text);
		sv_vcatpvfn(text, format, len, NULL, items + 1,
		    (Size_t)(count - 1), NULL);
	}
	iss_gather_begin(&line);
	gather_item(aTHX_ &line, text);
	return write_line(aTHX_ glob, conn, &line);
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
