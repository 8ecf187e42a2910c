#include "attachment.h"

#include <errno.h>

#include "magic.h"

static void
free_attachment(pTHX_ void *object)
{
	struct iss_attachment *at = object;

	iss_conn_free(at->conn);
	Safefree(at);
}

/* The cache is not copied: it points to a stash of the other interpreter. */
static void *
dup_attachment(pTHX_ void *object, SV *owner)
{
	const struct iss_attachment *at = object;
	struct iss_attachment *copy;

	PERL_UNUSED_ARG(owner);
	Newxz(copy, 1, struct iss_attachment);
	copy->conn = iss_conn_up_ref(at->conn);
	return copy;
}

static const struct iss_magic conn_magic = { ISS_MAGIC_VTBL, dup_attachment,
	free_attachment };

GV *
iss_socket_glob(pTHX_ SV *socket)
{
	SvGETMAGIC(socket);
	if (SvROK(socket))
		socket = SvRV(socket);
	return isGV_with_GP(socket) ? (GV *)socket : NULL;
}

int
iss_fileno(pTHX_ GV *glob)
{
	PerlIO *in = GvIO(glob) != NULL ? IoIFP(GvIOp(glob)) : NULL;

	return in != NULL ? PerlIO_fileno(in) : -1;
}

struct iss_attachment *
iss_attachment(pTHX_ GV *glob)
{
	IO *io = glob != NULL ? GvIO(glob) : NULL;

	return io != NULL ? iss_magic_find(aTHX_ &conn_magic, (SV *)io) : NULL;
}

struct iss_attachment *
iss_attachment_and_tie(IO *io, const MAGIC **tie)
{
	struct iss_attachment *at = NULL;
	const MAGIC *mg;

	*tie = NULL;
	for (mg = SvMAGIC((SV *)io); mg != NULL; mg = mg->mg_moremagic)
		if (mg->mg_type == PERL_MAGIC_tiedscalar)
			*tie = mg;
		else if (mg->mg_virtual == &conn_magic.vtbl)
			at = (struct iss_attachment *)mg->mg_ptr;
	return at;
}

struct iss_conn *
iss_attached(pTHX_ GV *glob)
{
	const struct iss_attachment *at = iss_attachment(aTHX_ glob);

	return at != NULL ? at->conn : NULL;
}

void
iss_attach(pTHX_ GV *glob, struct iss_conn *conn)
{
	struct iss_attachment *at;

	Newxz(at, 1, struct iss_attachment);
	at->conn = conn;
	iss_magic_attach(aTHX_ &conn_magic, (SV *)GvIOn(glob), at, NULL);
}

void
iss_detach(pTHX_ GV *glob)
{
	if (GvIO(glob) != NULL)
		iss_magic_detach(aTHX_ &conn_magic, (SV *)GvIO(glob));
}

static void
drop_conn(pTHX_ void *conn)
{
	iss_conn_free(conn);
}

void
iss_hold(pTHX_ GV *glob, struct iss_conn *conn)
{
	SAVEFREESV(SvREFCNT_inc_simple_NN((SV *)glob));
	SAVEDESTRUCTOR_X(drop_conn, iss_conn_up_ref(conn));
}

void
iss_keep(pTHX_ SV *object)
{
	sv_2mortal(SvREFCNT_inc_simple_NN(object));
	if (SvROK(object))
		sv_2mortal(SvREFCNT_inc_simple_NN(SvRV(object)));
}

void
iss_keep_object(pTHX_ SV **args, I32 count)
{
	I32 i;

	for (i = 1; i < count; i++)
		if (SvROK(args[i]) || SvGMAGICAL(args[i]))
			break;
	if (i < count)
		iss_keep(aTHX_ args[0]);
}

int
iss_still_attached(pTHX_ GV *glob, struct iss_conn *conn)
{
	if (iss_attached(aTHX_ glob) == conn)
		return ISS_OK;
	if (iss_fileno(aTHX_ glob) >= 0)
		return iss_conn_refuse(conn, ECANCELED,
		    "TLS was stopped on this socket during the operation");
	return iss_conn_refuse(
	    conn, EBADF, "the socket was closed during the operation");
}
