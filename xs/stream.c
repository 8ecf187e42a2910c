/*
 * Application data from and to scalars, with the manners of perlfunc's
 * read, syswrite, print and readline.  The core reads right into the
 * caller's scalar and writes right from it.
 */
#include "stream.h"

#include <errno.h>

#include "attach.h"
#include "call.h"
#include "errors.h"
#include "scalar.h"
#include "state.h"
#include "values.h"
#include "connection/io.h"
#include "connection/shutdown.h"
#include "base/line.h"

enum read_kind { READ_SOME, READ_ALL, READ_PEEK };

enum {
	FIRST_PEEK = 256, /* bytes looked at for the end of a line, at first */
	LARGEST_PEEK = ISS_RECORD_MAX
};

/*
 * One call of the core for the glob's connection.  Perl code may have run
 * before it (an overloaded argument, a tied buffer) and in it (a callback),
 * and have taken the connection off: the descriptor is somebody else's then.
 */
int
iss_stream_transfer(pTHX_ GV *glob, struct iss_conn *conn, SV *guarded,
    iss_transfer_fn *fn, void *buf, size_t len, size_t *done)
{
	bool was_open = conn->state == ISS_CONN_OPEN;
	struct iss_call call;
	int rv;

	*done = 0;
	if (iss_still_there(aTHX_ glob, conn) != ISS_OK)
		return ISS_ERROR;
	iss_call_begin(aTHX_ &call, glob, conn, guarded);
	rv = fn(conn, buf, len, done);
	iss_call_end(aTHX_ &call);
	if (call.asked && iss_still_there(aTHX_ glob, conn) != ISS_OK)
		return ISS_ERROR;
	if (!was_open && conn->state == ISS_CONN_OPEN)
		iss_tell_open(aTHX_ glob, conn);
	return rv;
}

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

/* The user's sub for the peer's close_notify, or NULL. */
static SV *
end_sub(pTHX_ GV *glob)
{
	SV *args = iss_hash_value(aTHX_ GvHV(glob), "_SSL_arguments");

	if (args == NULL || !SvROK(args) || SvTYPE(SvRV(args)) != SVt_PVHV)
		return NULL;
	return iss_hash_value(aTHX_ (HV *)SvRV(args), "SSL_on_peer_shutdown");
}

/*
 * The peer's close_notify has been read.  Either a sub of the user's says
 * what the read returns, and plain data may follow; or ours is sent too, and
 * nothing follows.  NULL: the read returns 0.
 */
static SV *
peer_closed(pTHX_ GV *glob, struct iss_conn *conn)
{
	SV *code = end_sub(aTHX_ glob);
	struct iss_call call;
	SV *result;
	dSP;

	if (!conn->got_notify || conn->end_reported)
		return NULL;
	conn->end_reported = true;
	(void)hv_stores(GvHVn(glob), "_SSL_read_closed", newSViv(1));
	if (code == NULL) {
		iss_call_begin(aTHX_ &call, glob, conn, NULL);
		iss_shutdown_answer(conn);
		iss_call_end(aTHX_ &call);
		(void)hv_stores(GvHVn(glob), "_SSL_write_closed", newSViv(1));
		return NULL;
	}
	conn->plain_read = true;
	PUSHMARK(SP);
	mXPUSHs(newRV_inc((SV *)glob));
	PUTBACK;
	call_sv(code, G_SCALAR);
	SPAGAIN;
	result = newSVsv(POPs);
	PUTBACK;
	return result;
}

/* Read to the place; *total tells how much was read, also on failure. */
static int
fill(pTHX_ GV *glob, struct iss_conn *conn, SV *buf, STRLEN at, size_t len,
    enum read_kind kind, size_t *total)
{
	iss_transfer_fn *fn = kind == READ_PEEK ? iss_io_peek : iss_io_read;
	int rv = ISS_OK;

	*total = 0;
	while (*total < len) {
		size_t n = len - *total;
		char *p;

		if (n > ISS_RECORD_MAX)
			n = ISS_RECORD_MAX;
		p = iss_scalar_room(aTHX_ buf, at + *total, n);
		rv = iss_stream_transfer(aTHX_ glob, conn, buf, fn, p, n, &n);
		if (rv == ISS_OK) {
			*total += n;
			iss_scalar_set_end(aTHX_ buf, at + *total);
		}
		if (rv == ISS_INTR && kind == READ_ALL)
			rv = iss_interrupted(aTHX_ glob, conn);
		if (rv != ISS_OK || kind != READ_ALL)
			break;
	}
	return rv;
}

static SV *
read_bytes(pTHX_ GV *glob, struct iss_conn *conn, SV *buf, size_t len,
    IV offset, enum read_kind kind)
{
	STRLEN at = iss_scalar_place(
	    aTHX_ offset, iss_scalar_make_bytes(aTHX_ buf), true);
	SV *result = NULL;
	size_t total;
	int rv;

	/* Nobody else may hold it by the time when a callback has run. */
	SAVEFREESV(SvREFCNT_inc_simple_NN(buf));
	rv = fill(aTHX_ glob, conn, buf, at, len, kind, &total);
	if (total == 0 && (rv == ISS_OK || rv == ISS_EOF)) {
		(void)iss_scalar_room(aTHX_ buf, at, 0);
		iss_scalar_set_end(aTHX_ buf, at);
	}
	/* What was read is told first, the end by the next call. */
	if (rv == ISS_EOF && (total == 0 || end_sub(aTHX_ glob) == NULL))
		result = peer_closed(aTHX_ glob, conn);
	if (result != NULL)
		return result;
	iss_tell_status(aTHX_ glob, conn, rv);
	if (total == 0 && rv != ISS_OK && rv != ISS_EOF)
		return NULL;
	if (total == 0)
		conn->read_end = rv == ISS_EOF;
	return newSVuv(total);
}

/* As perlfunc has it: behind wide characters come bytes as characters. */
static SV *
read_behind_wide(pTHX_ GV *glob, struct iss_conn *conn, SV *buf, size_t len,
    IV offset, enum read_kind kind)
{
	STRLEN at = iss_scalar_place(aTHX_ offset, sv_len_utf8(buf), true);
	SV *bytes = sv_2mortal(newSVpvs(""));
	STRLEN chars;
	SV *result;

	SAVEFREESV(SvREFCNT_inc_simple_NN(buf));
	if ((result = read_bytes(aTHX_ glob, conn, bytes, len, 0, kind)) ==
	    NULL)
		return NULL;
	(void)SvPV_force_nolen(buf);
	sv_utf8_upgrade(buf);
	chars = sv_len_utf8(buf);
	if (at < chars) {
		SvCUR_set(buf, sv_pos_u2b_flags(buf, at, NULL, 0));
		*SvEND(buf) = '\0';
	}
	for (; chars < at; chars++)
		sv_catpvn(buf, "", 1);
	sv_catsv_mg(buf, bytes);
	return result;
}

static SV *
read_into(pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count,
    enum read_kind kind)
{
	SV *buf = args[0];
	IV offset = iss_scalar_number(aTHX_ count > 2 ? args[2] : NULL);
	size_t len = iss_scalar_wanted(aTHX_ iss_scalar_number(aTHX_ args[1]));

	return iss_scalar_keeps_wide(aTHX_ buf, offset)
		   ? read_behind_wide(aTHX_ glob, conn, buf, len, offset, kind)
		   : read_bytes(aTHX_ glob, conn, buf, len, offset, kind);
}

/* Write bytes; what of them went out as a new value, or NULL for nothing. */
static SV *
put(pTHX_ GV *glob, struct iss_conn *conn, SV *owner, const char *bytes,
    size_t len, bool all)
{
	size_t total = 0;
	int rv = ISS_OK;

	/* Nothing is still a flush. */
	while (total < len || conn->unsent.len > 0) {
		size_t n = 0;

		/* write_one and write_all do not change what is there. */
		rv = iss_stream_transfer(aTHX_ glob, conn, owner,
		    all ? write_all : write_one,
		    INT2PTR(void *, PTR2IV(bytes + total)), len - total, &n);
		total += n;
		if (rv == ISS_INTR && all)
			rv = iss_interrupted(aTHX_ glob, conn);
		if (rv != ISS_OK || !all)
			break;
	}
	iss_tell_status(aTHX_ glob, conn, rv);
	return total > 0 || rv == ISS_OK ? newSVuv(total) : NULL;
}

/*
 * What is written may be the program's own variable as long as nothing can
 * change it between two calls of the core, and nothing can share its bytes.
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
	return put(
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
	return put(aTHX_ glob, conn, line, SvPVX(line), SvCUR(line), true);
}

static SV *
do_printf(pTHX_ GV *glob, struct iss_conn *conn, SV **items, SSize_t count)
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
	return put(aTHX_ glob, conn, ready, SvPVX(ready), SvCUR(ready), true);
}

void
iss_stream_end(pTHX_ GV *glob, struct iss_conn *conn, int rv)
{
	if (rv == ISS_EOF)
		SvREFCNT_dec(peer_closed(aTHX_ glob, conn));
	iss_tell_status(aTHX_ glob, conn, rv);
}

static SV *
do_getc(pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count)
{
	size_t got = 0;
	char byte;
	int rv;

	PERL_UNUSED_VAR(args);
	PERL_UNUSED_VAR(count);
	do
		rv = iss_stream_transfer(
		    aTHX_ glob, conn, NULL, iss_io_read, &byte, 1, &got);
	while (rv == ISS_INTR &&
	       (rv = iss_interrupted(aTHX_ glob, conn)) == ISS_OK);
	iss_stream_end(aTHX_ glob, conn, rv);
	if (got > 0)
		return newSVpvn(&byte, 1);
	conn->read_end = rv == ISS_EOF;
	/* As everywhere in Perl; the empty list is for failures. */
	return conn->read_end ? newSV(0) : NULL;
}

static SV *
do_eof(pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count)
{
	size_t got = 0;
	char byte;
	int rv;

	PERL_UNUSED_VAR(args);
	PERL_UNUSED_VAR(count);
	do
		rv = iss_stream_transfer(
		    aTHX_ glob, conn, NULL, iss_io_peek, &byte, 1, &got);
	while (rv == ISS_INTR &&
	       (rv = iss_interrupted(aTHX_ glob, conn)) == ISS_OK);
	iss_stream_end(aTHX_ glob, conn, rv);
	/* What may still come is no end. */
	return newSVsv(
	    boolSV(rv == ISS_EOF || rv == ISS_ERROR || rv == ISS_TIMEOUT));
}

/*
 * $/ as it stands; copied, since a signal's handler may change it before the
 * line is whole.
 */
static void
find_separator(pTHX_ struct iss_line *line)
{
	STRLEN len;
	SV *copy;

	Zero(line, 1, struct iss_line);
	SvGETMAGIC(PL_rs);
	if (!SvOK(PL_rs)) {
		line->kind = ISS_LINE_ALL;
		return;
	}
	if (SvROK(PL_rs) && SvIV(SvRV(PL_rs)) > 0) {
		line->kind = ISS_LINE_RECORD;
		line->record = (size_t)SvIV(SvRV(PL_rs));
		return;
	}
	line->sep = SvPV_nomg(PL_rs, len);
	line->sep_len = len;
	line->kind = len > 0 ? ISS_LINE_TEXT : ISS_LINE_PARAGRAPH;
	if (len == 1 && *line->sep == '\n') {
		line->sep = "\n";
		return;
	}
	copy = sv_2mortal(newSVpvn_utf8(line->sep, len, SvUTF8(PL_rs) != 0));
	/* One that no byte stream can hold stays UTF-8. */
	sv_utf8_downgrade(copy, TRUE);
	line->sep = SvPV(copy, line->sep_len);
}

/*
 * Read on until the line ends; *ends tells whether it did.  What is looked
 * at is read only as far as it belongs to the line, since the rest must stay
 * with the connection: pending, select and stop_SSL count on it.
 */
static int
more_of_line(pTHX_ GV *glob, struct iss_conn *conn, const struct iss_line *line,
    SV *text, size_t look, bool *ends)
{
	STRLEN had = SvCUR(text);
	char *p = iss_scalar_room(aTHX_ text, had, look);
	size_t got = 0, take, skip = 0;
	int rv;

	*ends = false;
	if (line->kind == ISS_LINE_ALL) {
		rv = iss_stream_transfer(
		    aTHX_ glob, conn, NULL, iss_io_read, p, look, &got);
		iss_scalar_set_end(aTHX_ text, had + got);
		return rv;
	}
	rv = iss_stream_transfer(
	    aTHX_ glob, conn, NULL, iss_io_peek, p, look, &got);
	if (rv != ISS_OK)
		return rv;
	if (had == 0)
		skip = iss_line_skip(line, p, got);
	take =
	    skip > 0 ? skip : iss_line_take(line, p - had, had, p, got, ends);
	rv = iss_stream_transfer(
	    aTHX_ glob, conn, NULL, iss_io_read, p, take, &got);
	if (rv == ISS_OK && skip == 0)
		iss_scalar_set_end(aTHX_ text, had + got);
	return rv;
}

static SV *
do_readline(pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count)
{
	SV *text = sv_2mortal(newSVpvs(""));
	size_t look = FIRST_PEEK;
	struct iss_line line;
	bool ends = false;
	int rv = ISS_OK;

	PERL_UNUSED_VAR(args);
	PERL_UNUSED_VAR(count);
	find_separator(aTHX_ &line);
	if (line.kind == ISS_LINE_ALL || line.kind == ISS_LINE_RECORD)
		look = LARGEST_PEEK;
	while (!ends) {
		rv = more_of_line(aTHX_ glob, conn, &line, text, look, &ends);
		if (rv == ISS_INTR)
			rv = iss_interrupted(aTHX_ glob, conn);
		if (rv != ISS_OK)
			break;
		if (look < LARGEST_PEEK)
			look *= 2;
	}
	iss_stream_end(aTHX_ glob, conn, rv);
	if (SvCUR(text) == 0) {
		conn->read_end = rv == ISS_EOF;
		return NULL;
	}
	IoLINES(GvIOp(glob))++;
	return SvREFCNT_inc_simple_NN(text);
}

static SV *
do_read(pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count)
{
	return read_into(aTHX_ glob, conn, args, count, READ_ALL);
}

static SV *
do_sysread(pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count)
{
	return read_into(aTHX_ glob, conn, args, count, READ_SOME);
}

static SV *
do_peek(pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count)
{
	return read_into(aTHX_ glob, conn, args, count, READ_PEEK);
}

static SV *
do_write(pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count)
{
	return write_from(aTHX_ glob, conn, args[0], count > 1 ? args[1] : NULL,
	    count > 2 ? args[2] : NULL, true);
}

static SV *
do_syswrite(pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count)
{
	return write_from(aTHX_ glob, conn, args[0], count > 1 ? args[1] : NULL,
	    count > 2 ? args[2] : NULL, false);
}

static SV *
do_print(pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count)
{
	return print_items(aTHX_ glob, conn, args, count, false);
}

static SV *
do_say(pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count)
{
	return print_items(aTHX_ glob, conn, args, count, true);
}

/* What each method is called with. */
static const struct {
	SV *(*run)(pTHX_ GV *, struct iss_conn *, SV **, SSize_t);
	SSize_t at_least;
	const char *usage;
} methods[ISS_METHOD_COUNT] = {
	[ISS_METHOD_READ] = { do_read, 2, "BUFFER, LENGTH[, OFFSET]" },
	[ISS_METHOD_SYSREAD] = { do_sysread, 2, "BUFFER, LENGTH[, OFFSET]" },
	[ISS_METHOD_PEEK] = { do_peek, 2, "BUFFER, LENGTH[, OFFSET]" },
	[ISS_METHOD_READLINE] = { do_readline, 0, "" },
	[ISS_METHOD_GETC] = { do_getc, 0, "" },
	[ISS_METHOD_EOF] = { do_eof, 0, "" },
	[ISS_METHOD_PRINT] = { do_print, 0, "LIST" },
	[ISS_METHOD_SAY] = { do_say, 0, "LIST" },
	[ISS_METHOD_PRINTF] = { do_printf, 1, "FORMAT, LIST" },
	[ISS_METHOD_WRITE] = { do_write, 1, "DATA[, LENGTH[, OFFSET]]" },
	[ISS_METHOD_SYSWRITE] = { do_syswrite, 1, "DATA[, LENGTH[, OFFSET]]" },
};

size_t
iss_stream_pending(pTHX_ GV *glob, struct iss_conn *conn)
{
	struct iss_call call;
	size_t count;

	if (!conn->sock->pumped)
		return iss_io_pending(conn);
	iss_call_begin(aTHX_ &call, glob, conn, NULL);
	count = iss_io_pending(conn);
	iss_call_end(aTHX_ &call);
	return count;
}

SV *
iss_stream_run(pTHX_ enum iss_method method, GV *glob, struct iss_conn *conn,
    SV **args, SSize_t count)
{
	if (count < methods[method].at_least)
		Perl_croak(aTHX_ "Usage: $socket->%s(%s)",
		    iss_method_name(method), methods[method].usage);
	return methods[method].run(aTHX_ glob, conn, args, count);
}
