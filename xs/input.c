#include "input.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include <sys/socket.h>

#include "call.h"
#include "errors.h"
#include "override.h"
#include "scalar.h"
#include "values.h"
#include "base/line.h"
#include "connection/io.h"
#include "connection/lines.h"

enum read_kind { READ_SOME, READ_ALL, READ_PEEK };

/* Must signal handlers run before a long read goes on?  A peer that sends all
 * the time never lets it wait. */
static bool
wants_handlers(pTHX_ int rv)
{
	return rv == ISS_INTR || (rv == ISS_OK && PL_sig_pending != 0);
}

static int
run_handlers(pTHX_ GV *glob, struct iss_conn *conn, int rv)
{
	return rv == ISS_INTR ? iss_call_interrupted(aTHX_ glob, conn)
			      : iss_call_paused(aTHX_ glob, conn);
}

/* Read to a place of buf; *total is how much was read, also on failure. */
static int
read_to(pTHX_ GV *glob, struct iss_conn *conn, SV *buf, STRLEN at, size_t len,
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
		if (kind == READ_ALL && *total < len &&
		    wants_handlers(aTHX_ rv))
			rv = run_handlers(aTHX_ glob, conn, rv);
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

	/* A callback may drop every other reference. */
	SAVEFREESV(SvREFCNT_inc_simple_NN(buf));
	rv = read_to(aTHX_ glob, conn, buf, at, len, kind, &total);
	if (total == 0 && (rv == ISS_OK || rv == ISS_EOF)) {
		(void)iss_scalar_room(aTHX_ buf, at, 0);
		iss_scalar_set_end(aTHX_ buf, at);
	}
	/* Data that was read is returned first, the end by the next call. */
	if (rv == ISS_EOF &&
	    (total == 0 || !iss_stream_has_end_sub(aTHX_ glob)))
		result =
		    iss_stream_peer_closed(aTHX_ glob, conn, kind != READ_PEEK);
	if (result != NULL)
		return result;
	iss_tell_status(aTHX_ glob, conn, rv);
	if (total == 0 && rv != ISS_OK && rv != ISS_EOF)
		return NULL;
	if (total == 0 && rv == ISS_EOF && kind != READ_PEEK)
		iss_io_end_of_data(conn);
	return newSVuv(total);
}

/* After wide characters, bytes are appended as characters, as perlfunc says. */
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

/* Is this a string that needs no preparation to read into it? */
static bool
is_plain_buffer(SV *buf)
{
	return SvPOK(buf) && !SvUTF8(buf) && !SvTHINKFIRST(buf) &&
	       !SvMAGICAL(buf);
}

static SV *
read_at_hand(
    pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count, bool all)
{
	SV *buf = args[0];
	const char *next;
	size_t seen, len;

	if (count != 2 || !is_plain_buffer(buf) || SvGMAGICAL(args[1]) ||
	    !SvIOK(args[1]) || SvIVX(args[1]) <= 0 ||
	    (next = iss_io_at_hand(conn, &seen)) == NULL)
		return NULL;
	len = (size_t)SvIVX(args[1]);
	if (len > seen && all)
		return NULL;
	if (len > seen)
		len = seen;
	Copy(next, SvGROW(buf, len + 1), len, char);
	iss_scalar_set_end(aTHX_ buf, len);
	iss_tell_status(aTHX_ glob, conn, iss_io_served(conn, len));
	return newSVuv(len);
}

/*
 * How many of the seen bytes at next are a line by $/: a newline or a number of
 * bytes.  0: not all of it is here, or $/ needs a closer look.
 */
static size_t
length_of_line(pTHX_ const char *next, size_t seen)
{
	const SV *size;
	const char *end;

	if (SvGMAGICAL(PL_rs))
		return 0;
	if (SvROK(PL_rs)) {
		size = SvRV(PL_rs);
		return SvIOK(size) && !SvMAGICAL(size) && SvIVX(size) > 0 &&
			       (UV)SvIVX(size) <= seen
			   ? (size_t)SvIVX(size)
			   : 0;
	}
	if (!SvPOK(PL_rs) || SvCUR(PL_rs) != 1 || *SvPVX_const(PL_rs) != '\n' ||
	    (end = memchr(next, '\n', seen)) == NULL)
		return 0;
	return (size_t)(end + 1 - next);
}

static SV *
line_at_hand(pTHX_ GV *glob, struct iss_conn *conn)
{
	const char *next;
	size_t seen, len;
	SV *line;

	if ((next = iss_io_at_hand(conn, &seen)) == NULL ||
	    (len = length_of_line(aTHX_ next, seen)) == 0)
		return NULL;
	line = newSVpvn(next, len);
	iss_tell_status(aTHX_ glob, conn, iss_io_served(conn, len));
	IoLINES(GvIOp(glob))++;
	return line;
}

static SV *
byte_at_hand(pTHX_ GV *glob, struct iss_conn *conn)
{
	const char *next;
	size_t seen;
	SV *byte;

	if ((next = iss_io_at_hand(conn, &seen)) == NULL)
		return NULL;
	byte = newSVpvn(next, 1);
	iss_tell_status(aTHX_ glob, conn, iss_io_served(conn, 1));
	return byte;
}

SV *
iss_input_at_hand(pTHX_ enum iss_method method, GV *glob, struct iss_conn *conn,
    SV **args, SSize_t count)
{
	switch (method) {
	case ISS_METHOD_READ:
	case ISS_METHOD_SYSREAD:
		return read_at_hand(
		    aTHX_ glob, conn, args, count, method == ISS_METHOD_READ);
	case ISS_METHOD_READLINE:
		if (iss_is_overridden(aTHX_ ISS_METHOD_SYSREAD, glob) ||
		    iss_is_overridden(aTHX_ ISS_METHOD_PEEK, glob))
			return NULL;
		return line_at_hand(aTHX_ glob, conn);
	case ISS_METHOD_GETC:
		if (iss_is_overridden(aTHX_ ISS_METHOD_READ, glob))
			return NULL;
		return byte_at_hand(aTHX_ glob, conn);
	default:
		return NULL;
	}
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

/*
 * Have a method of a subclass read up to len bytes to the end of buf.  Returns
 * how many, 0 at the end, -1 on failure.
 */
static IV
read_by_method(pTHX_ GV *glob, const char *method, SV *buf, size_t len)
{
	const int args_count = strEQ(method, "peek") ? 3 : 4;
	IV count = -1;
	SV *args[4], *result;

	ENTER;
	SAVETMPS;
	args[0] = sv_2mortal(newRV_inc((SV *)glob));
	args[1] = buf;
	do {
		args[2] = sv_2mortal(newSVuv(len));
		args[3] = sv_2mortal(newSVuv(SvCUR(buf)));
		errno = 0; /* an EINTR from before is none of its own */
		result =
		    iss_call_perl(aTHX_ method, G_METHOD, args, args_count);
	} while (!SvOK(result) && errno == EINTR);
	if (SvOK(result))
		count = SvIV(result);
	FREETMPS;
	LEAVE;
	if (!SvPOK(buf))
		sv_setpvs(buf, "");
	return count;
}

static SV *
getc_by_method(pTHX_ GV *glob)
{
	SV *byte = newSVpvs("");
	IV count;

	sv_2mortal(byte);
	count = read_by_method(aTHX_ glob, "read", byte, 1);
	if (count > 0)
		return SvREFCNT_inc_simple_NN(byte);
	return count == 0 ? newSV(0) : NULL;
}

SV *
iss_input_getc(pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count)
{
	size_t got = 0;
	char byte;
	int rv;

	PERL_UNUSED_VAR(args);
	PERL_UNUSED_VAR(count);
	if (iss_is_overridden(aTHX_ ISS_METHOD_READ, glob))
		return getc_by_method(aTHX_ glob);
	do
		rv = iss_stream_transfer(
		    aTHX_ glob, conn, NULL, iss_io_read, &byte, 1, &got);
	while (rv == ISS_INTR &&
	       (rv = iss_call_interrupted(aTHX_ glob, conn)) == ISS_OK);
	iss_stream_end(aTHX_ glob, conn, rv, true);
	if (got > 0)
		return newSVpvn(&byte, 1);
	if (rv != ISS_EOF)
		return NULL;
	iss_io_end_of_data(conn);
	return newSV(0); /* at the end undef, as everywhere in Perl */
}

SV *
iss_input_eof(pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count)
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
	       (rv = iss_call_interrupted(aTHX_ glob, conn)) == ISS_OK);
	iss_stream_end(aTHX_ glob, conn, rv, false);
	/* Data that may still come is not the end. */
	return newSVsv(
	    boolSV(rv == ISS_EOF || rv == ISS_ERROR || rv == ISS_TIMEOUT));
}

/*
 * The present $/.  It is copied, since a signal handler may change it before
 * the line is complete.
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
	/* A separator with wide characters stays UTF-8. */
	sv_utf8_downgrade(copy, TRUE);
	line->sep = SvPV(copy, line->sep_len);
}

/* The argument of step_line. */
struct line_step {
	struct iss_lines *lines;
	char *text;
};

static int
step_line(struct iss_conn *conn, void *arg, size_t had, size_t *got)
{
	const struct line_step *step = arg;

	return iss_lines_step(step->lines, conn, step->text, had, got);
}

/* Look at what comes with the subclass's peek, and read as much of it as
 * belongs to the line.  False: the line has ended, or reading. */
static bool
step_by_methods(pTHX_ GV *glob, const struct iss_line *line, SV *text, SV *seen)
{
	STRLEN had = SvCUR(text), len;
	size_t take, skip = 0;
	bool ends = false;
	const char *next;

	sv_setpvs(seen, "");
	if (line->kind == ISS_LINE_ALL)
		return read_by_method(
			   aTHX_ glob, "sysread", text, ISS_RECORD_MAX) > 0;
	if (line->kind == ISS_LINE_RECORD)
		return read_by_method(aTHX_ glob, "sysread", text,
			   line->record - had) > 0 &&
		       SvCUR(text) < line->record;
	if (read_by_method(aTHX_ glob, "peek", seen, ISS_RECORD_MAX) <= 0)
		return false;
	next = SvPV_nomg(seen, len);
	if (had == 0 && (skip = iss_line_skip(line, next, len)) > 0) {
		sv_setpvs(seen, "");
		return read_by_method(aTHX_ glob, "sysread", seen, skip) > 0;
	}
	take = iss_line_take(line, SvPVX(text), had, next, len, &ends);
	return read_by_method(aTHX_ glob, "sysread", text, take) > 0 &&
	       SvCUR(text) > had && !(ends && SvCUR(text) >= had + take);
}

static SV *
readline_by_methods(pTHX_ GV *glob, SV *text)
{
	SV *seen = sv_2mortal(newSVpvs(""));
	struct iss_line line;

	find_separator(aTHX_ &line);
	/* A method may end TLS, and with it the socket's class. */
	while (step_by_methods(aTHX_ glob, &line, text, seen) &&
	       iss_attached(aTHX_ glob) != NULL)
		;
	if (SvCUR(text) == 0)
		return NULL;
	if (GvIO(glob) != NULL)
		IoLINES(GvIOp(glob))++;
	return SvREFCNT_inc_simple_NN(text);
}

SV *
iss_input_readline(
    pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count)
{
	struct iss_lines lines;
	struct line_step step = { &lines, NULL };
	struct iss_line line;
	size_t had, got;
	int rv = ISS_OK;
	SV *text, *at_hand;

	PERL_UNUSED_VAR(args);
	PERL_UNUSED_VAR(count);
	if (iss_is_overridden(aTHX_ ISS_METHOD_SYSREAD, glob) ||
	    iss_is_overridden(aTHX_ ISS_METHOD_PEEK, glob))
		return readline_by_methods(
		    aTHX_ glob, sv_2mortal(newSVpvs("")));
	if ((at_hand = line_at_hand(aTHX_ glob, conn)) != NULL)
		return at_hand;
	text = sv_2mortal(newSVpvs(""));
	find_separator(aTHX_ &line);
	iss_lines_begin(&lines, &line);
	while (rv == ISS_OK && !lines.ended) {
		had = SvCUR(text);
		step.text =
		    iss_scalar_room(aTHX_ text, had, iss_lines_room(&lines)) -
		    had;
		rv = iss_stream_transfer(
		    aTHX_ glob, conn, text, step_line, &step, had, &got);
		iss_scalar_set_end(aTHX_ text, rv == ISS_OK ? had + got : had);
		if (!lines.ended && wants_handlers(aTHX_ rv)) {
			rv = run_handlers(aTHX_ glob, conn, rv);
			iss_lines_look_again(&lines);
		}
	}
	iss_stream_end(aTHX_ glob, conn, rv, false);
	if (SvCUR(text) == 0)
		return NULL;
	if (GvIO(glob) != NULL) /* Perl code may have emptied the glob */
		IoLINES(GvIOp(glob))++;
	return SvREFCNT_inc_simple_NN(text);
}

SV *
iss_input_read(pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count)
{
	return read_into(aTHX_ glob, conn, args, count, READ_ALL);
}

SV *
iss_input_sysread(
    pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count)
{
	return read_into(aTHX_ glob, conn, args, count, READ_SOME);
}

SV *
iss_input_peek(pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count)
{
	return read_into(aTHX_ glob, conn, args, count, READ_PEEK);
}

static SSize_t
look_ahead(pTHX_ PerlIO *in, char *to, size_t len)
{
	SSize_t ahead = PerlIO_has_cntptr(in) ? PerlIO_get_cnt(in) : 0;

	if (ahead <= 0)
		return recv(PerlIO_fileno(in), to, len, MSG_PEEK);
	if ((size_t)ahead > len)
		ahead = (SSize_t)len;
	Copy(PerlIO_get_ptr(in), to, ahead, char);
	return ahead;
}

SV *
iss_input_peek_plain(pTHX_ GV *glob, SV **args, SSize_t count)
{
	SV *buf = args[0];
	IV offset = iss_scalar_number(aTHX_ count > 2 ? args[2] : NULL);
	size_t len = iss_scalar_wanted(aTHX_ iss_scalar_number(aTHX_ args[1]));
	STRLEN at = iss_scalar_place(
	    aTHX_ offset, iss_scalar_make_bytes(aTHX_ buf), true);
	char *to = iss_scalar_room(aTHX_ buf, at, len);
	SSize_t got = -1;

	if (GvIO(glob) != NULL) /* an argument may have emptied the glob */
		got = look_ahead(aTHX_ IoIFP(GvIOp(glob)), to, len);
	else
		SETERRNO(EBADF, RMS_IFI);
	if (got < 0)
		return NULL;
	iss_scalar_set_end(aTHX_ buf, at + (STRLEN)got);
	return newSViv(got);
}
