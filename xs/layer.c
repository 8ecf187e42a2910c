/*
 * A PerlIO layer under the tie, for C code that takes the PerlIO of a handle
 * and ignores ties (Storable, formats, Digest's addfile):
 *
 *	$sock -> GV -> IO -> tie            Perl's builtins
 *	                  -> IoIFP, IoOFP   C code
 *	                       layer -> struct iss_conn
 *	                       :perlio
 *	                       :unix        fileno, select, fcntl
 *
 * The layer makes such code read and write through TLS too, from the start of
 * the handshake to stop_SSL.  Nothing is read ahead; small writes wait in the
 * connection for a full record, a flush or the close.
 *
 * A bond, magic on the IO, ties the layers of one interpreter to the glob that
 * callbacks are made for.  A layer without a bond (the handle is being
 * destroyed) makes no callbacks.
 */
#include "layer.h"

#include "perliol.h"

#include <errno.h>

#include "attachment.h"
#include "call.h"
#include "errors.h"
#include "magic.h"
#include "state.h"
#include "stream.h"
#include "connection/io.h"

struct layer {
	struct _PerlIO base;   /* Perl's own, must be first */
	struct iss_conn *conn; /* one reference */
	struct bond *bond;     /* borrowed; NULL once it is freed */
	struct layer *next;    /* of the same bond */
	PerlIO *handle;        /* that has this layer */
	bool has_written;      /* this handle wrote since the last flush */
	bool may_go;           /* TLS is over, or the handle is closed */
};

struct bond {
	SV *glob; /* a weakened reference to it, the magic's */
	struct layer *layers;
};

static PerlIO_funcs layer_funcs;

/* The layer in the handle; NULL if it is not there any more. */
static PerlIO *
find_layer(PerlIO *handle)
{
	while (handle != NULL && PerlIOValid(handle)) {
		if (PerlIOBase(handle)->tab == &layer_funcs)
			return handle;
		handle = PerlIONext(handle);
	}
	return NULL;
}

/* ---- the bond ---- */

static void
bind_layer(struct bond *bond, struct layer *layer)
{
	layer->bond = bond;
	layer->next = bond->layers;
	bond->layers = layer;
}

static void
unbind_layer(struct layer *layer)
{
	struct layer **at;

	if (layer->bond == NULL)
		return;
	for (at = &layer->bond->layers; *at != layer;)
		at = &(*at)->next;
	*at = layer->next;
	layer->bond = NULL;
}

static void
free_bond(pTHX_ void *object)
{
	struct bond *bond = object;

	while (bond->layers != NULL)
		unbind_layer(bond->layers);
	Safefree(bond);
}

#ifdef USE_ITHREADS
/* PerlIO has cloned the handles before, and knows the copy of each. */
static void *
dup_bond(pTHX_ void *object, SV *glob)
{
	const struct bond *bond = object;
	const struct layer *layer;
	struct bond *copy;
	PerlIO *handle;

	Newxz(copy, 1, struct bond);
	copy->glob = glob;
	for (layer = bond->layers; layer != NULL; layer = layer->next) {
		handle = (PerlIO *)ptr_table_fetch(PL_ptr_table, layer->handle);
		if ((handle = find_layer(handle)) != NULL)
			bind_layer(copy, PerlIOSelf(handle, struct layer));
	}
	return copy;
}
#else
#	define dup_bond NULL
#endif

static const struct iss_magic bond_magic = { ISS_MAGIC_VTBL, dup_bond,
	free_bond };

static struct bond *
new_bond(pTHX_ GV *glob)
{
	SV *ref = newRV_inc((SV *)glob);
	struct bond *bond;

	sv_rvweaken(ref);
	Newxz(bond, 1, struct bond);
	bond->glob = ref;
	iss_magic_attach(aTHX_ &bond_magic, (SV *)GvIOp(glob), bond, ref);
	SvREFCNT_dec(ref);
	return bond;
}

/* The glob that callbacks are made for; NULL if that is not known any more. */
static GV *
glob_of(pTHX_ const struct layer *layer)
{
	SV *ref = layer->bond != NULL ? layer->bond->glob : NULL;

	return ref != NULL && SvROK(ref) && isGV_with_GP(SvRV(ref))
		   ? (GV *)SvRV(ref)
		   : NULL;
}

/* ---- pushed and popped ---- */

static void
push_on(pTHX_ PerlIO *handle, struct bond *bond, struct iss_conn *conn)
{
	struct layer *layer;

	/* No mode: it takes that of the layer below. */
	if (PerlIO_push(aTHX_ handle, &layer_funcs, NULL, NULL) == NULL)
		return;
	layer = PerlIOSelf(handle, struct layer);
	layer->conn = iss_conn_up_ref(conn);
	bind_layer(bond, layer);
}

void
iss_layer_push(pTHX_ GV *glob, struct iss_conn *conn)
{
	IO *io = GvIO(glob);
	struct bond *bond;

	if (io == NULL || IoIFP(io) == NULL)
		return;
	bond = new_bond(aTHX_ glob);
	push_on(aTHX_ IoIFP(io), bond, conn);
	if (IoOFP(io) != NULL && IoOFP(io) != IoIFP(io))
		push_on(aTHX_ IoOFP(io), bond, conn);
}

void
iss_layer_pop(pTHX_ GV *glob)
{
	IO *io = GvIO(glob);
	const struct bond *bond =
	    io != NULL ? iss_magic_find(aTHX_ &bond_magic, (SV *)io) : NULL;
	struct layer *layer;

	if (bond == NULL)
		return;
	while ((layer = bond->layers) != NULL) {
		layer->may_go = true;
		PerlIO_pop(aTHX_ find_layer(layer->handle));
	}
	iss_magic_detach(aTHX_ &bond_magic, (SV *)io);
}

static IV
layer_pushed(
    pTHX_ PerlIO *handle, const char *mode, SV *arg, PerlIO_funcs *funcs)
{
	struct layer *layer = PerlIOSelf(handle, struct layer);

	layer->handle = handle;
	return PerlIOBase_pushed(aTHX_ handle, mode, arg, funcs);
}

/* Without callbacks and signal handlers: the handle is being destroyed. */
static int
flush_quietly(struct layer *layer)
{
	int rv;

	do
		rv = iss_io_flush(layer->conn);
	while (rv == ISS_INTR);
	layer->has_written = false;
	return rv;
}

/* A program's binmode ":pop" must not expose the plain socket. */
static IV
layer_popped(pTHX_ PerlIO *handle)
{
	struct layer *layer = PerlIOSelf(handle, struct layer);

	if (layer->conn != NULL && !layer->may_go)
		return -1;
	unbind_layer(layer);
	if (layer->has_written)
		(void)flush_quietly(layer);
	iss_conn_free(layer->conn);
	layer->conn = NULL;
	return PerlIOBase_popped(aTHX_ handle);
}

/* ---- duplicates ---- */

/*
 * A second handle on the descriptor would not be tied, so its syswrite would
 * write in the clear.  Only a new thread gets one, since it clones the tie too.
 */
static PerlIO *
layer_dup(pTHX_ PerlIO *copy, PerlIO *handle, CLONE_PARAMS *params, int flags)
{
	const struct layer *layer = PerlIOSelf(handle, struct layer);

	if (!(flags & PERLIO_DUP_CLONE)) {
		errno = EOPNOTSUPP;
		return NULL;
	}
	copy = PerlIOBase_dup(aTHX_ copy, handle, params, flags);
	if (copy != NULL)
		PerlIOSelf(copy, struct layer)->conn =
		    iss_conn_up_ref(layer->conn);
	return copy;
}

/* ---- data ---- */

/* Is the layer still there?  A callback or a signal handler may remove it. */
static bool
is_still(PerlIO *handle, const struct iss_conn *conn)
{
	return PerlIOValid(handle) && PerlIOBase(handle)->tab == &layer_funcs &&
	       PerlIOSelf(handle, struct layer)->conn == conn;
}

static void
release_conn(pTHX_ void *conn)
{
	iss_conn_free(conn);
}

/* One call of fn, with callbacks for the glob.  A handshake needs them. */
static int
transfer_once(pTHX_ GV *glob, struct iss_conn *conn, iss_transfer_fn *fn,
    char *buf, size_t len, size_t *done)
{
	int rv;

	if (glob == NULL && conn->state != ISS_CONN_OPEN) {
		errno = EBADF;
		return ISS_ERROR;
	}
	if (glob != NULL)
		rv = iss_stream_transfer(
		    aTHX_ glob, conn, NULL, fn, buf, len, done);
	else
		rv = fn(conn, buf, len, done);
	if (rv == ISS_EOF && glob != NULL)
		iss_stream_end(aTHX_ glob, conn, rv, true);
	else
		iss_tell_status(aTHX_ glob, conn, rv);
	return rv;
}

/*
 * Transfer all len bytes, as C code expects of a buffered handle; *done tells
 * how many were transferred.  After a signal it goes on, unless a handler
 * removed the layer.
 */
static int
transfer_all(pTHX_ PerlIO *handle, iss_transfer_fn *fn, char *buf, size_t len,
    size_t *done)
{
	struct layer *layer = PerlIOSelf(handle, struct layer);
	struct iss_conn *conn = iss_conn_up_ref(layer->conn);
	GV *glob = glob_of(aTHX_ layer);
	size_t n;
	int rv;
	dSP;

	ENTER;
	PUSHSTACKi(PERLSI_MAGIC); /* the caller's stack is in use */
	SAVEDESTRUCTOR_X(release_conn, conn);
	if (glob != NULL)
		SAVEFREESV(SvREFCNT_inc_simple_NN((SV *)glob));
	*done = 0;
	do {
		n = 0;
		rv = transfer_once(
		    aTHX_ glob, conn, fn, buf + *done, len - *done, &n);
		*done += n;
		if (rv == ISS_INTR)
			iss_call_run_signal_handlers(aTHX_ conn);
		if (!is_still(handle, conn)) {
			errno = EBADF;
			rv = ISS_ERROR;
		}
	} while ((rv == ISS_OK && *done < len) || rv == ISS_INTR);
	POPSTACK;
	LEAVE;
	return rv;
}

/* Set what error and eof of the handle say; a busy socket is not an error. */
static void
note_outcome(PerlIO *handle, const struct iss_conn *conn, int rv)
{
	if (!is_still(handle, conn))
		return;
	PerlIOBase(handle)->flags &= ~(U32)PERLIO_F_EOF;
	if (rv == ISS_EOF)
		PerlIOBase(handle)->flags |= PERLIO_F_EOF;
	else if (rv == ISS_ERROR || rv == ISS_TIMEOUT)
		PerlIOBase(handle)->flags |= PERLIO_F_ERROR;
}

static bool
is_allowed(PerlIO *handle, U32 direction)
{
	if (PerlIOBase(handle)->flags & direction)
		return true;
	PerlIOBase(handle)->flags |= PERLIO_F_ERROR;
	errno = EBADF;
	return false;
}

static SSize_t
layer_read(pTHX_ PerlIO *handle, void *buf, Size_t len)
{
	struct iss_conn *conn = PerlIOSelf(handle, struct layer)->conn;
	size_t got;
	int rv;

	if (!is_allowed(handle, PERLIO_F_CANREAD))
		return -1;
	if (len == 0)
		return 0;
	rv = transfer_all(aTHX_ handle, iss_io_read, buf, len, &got);
	note_outcome(handle, conn, rv);
	if (rv == ISS_EOF && got == 0 && is_still(handle, conn))
		iss_io_end_of_data(conn);
	return got > 0 || rv == ISS_EOF ? (SSize_t)got : -1;
}

/* iss_io_write_later under the type of a transfer; it changes nothing. */
static int
write_later(struct iss_conn *conn, void *buf, size_t len, size_t *put)
{
	return iss_io_write_later(conn, buf, len, put);
}

static SSize_t
layer_write(pTHX_ PerlIO *handle, const void *buf, Size_t len)
{
	struct layer *layer = PerlIOSelf(handle, struct layer);
	struct iss_conn *conn = layer->conn;
	size_t put;
	int rv;

	if (!is_allowed(handle, PERLIO_F_CANWRITE))
		return -1;
	if (len == 0)
		return 0;
	layer->has_written = true;
	rv = transfer_all(
	    aTHX_ handle, write_later, INT2PTR(char *, PTR2IV(buf)), len, &put);
	note_outcome(handle, conn, rv);
	return put > 0 ? (SSize_t)put : -1;
}

static int
flush_step(struct iss_conn *conn, void *buf, size_t len, size_t *done)
{
	PERL_UNUSED_ARG(buf);
	*done = len;
	return iss_io_flush(conn);
}

/*
 * Perl flushes all handles before it forks, clones of other threads too: only
 * handles that have written do anything.
 */
static IV
layer_flush(pTHX_ PerlIO *handle)
{
	struct layer *layer = PerlIOSelf(handle, struct layer);
	struct iss_conn *conn = layer->conn;
	size_t done;
	int rv;

	if (!layer->has_written)
		return 0;
	if (PL_dirty)
		return flush_quietly(layer) == ISS_OK ? 0 : -1;
	rv = transfer_all(aTHX_ handle, flush_step, NULL, 1, &done);
	note_outcome(handle, conn, rv);
	if (is_still(handle, conn) && conn->unsent.len == 0)
		layer->has_written = false;
	return rv == ISS_OK ? 0 : -1;
}

/*
 * Close the layers below.  The number of the descriptor may then go to a
 * stranger: the glob is done with the connection, and start_SSL may begin anew
 * on what is opened in its place.  If another handle of the process has the
 * descriptor (made by "&=", or of a thread, which shares the connection), the
 * number goes later.
 */
static IV
close_below(pTHX_ PerlIO *handle, struct layer *layer)
{
	const struct bond *bond = layer->bond;
	bool is_last = bond != NULL && bond->layers->next == NULL;
	GV *glob = is_last ? glob_of(aTHX_ layer) : NULL;
	int fd = PerlIO_fileno(handle);
	bool is_shared = fd >= 0 && PerlIOUnix_refcnt(fd) > 1;

	if (!is_shared)
		iss_conn_abandon(layer->conn);
	if (glob != NULL) {
		iss_state_fail(aTHX_ glob);
		if (is_shared)
			iss_detach(aTHX_ glob);
	}
	layer->may_go = true;
	return PerlIOBase_close(aTHX_ handle);
}

/*
 * The handle goes out of scope, C code closes it, or a builtin that looks at no
 * tie opens it anew: accept, socket, pipe, sysopen.  Data that was written must
 * arrive, so none may be left unread in the socket.  A handle that wrote
 * nothing must not read either: it may be that of a child which inherited the
 * socket.
 */
static IV
layer_close(pTHX_ PerlIO *handle)
{
	struct layer *layer = PerlIOSelf(handle, struct layer);
	struct iss_conn *conn = layer->conn;
	const bool has_written = layer->has_written;
	IV rv = 0;

	if (has_written)
		rv = PerlIO_flush(handle);
	if (!is_still(handle, conn))
		return rv;
	if (has_written)
		iss_sock_drop_unread(conn->sock->fd);
	layer->has_written = false;
	return rv | close_below(aTHX_ handle, layer);
}

/* ---- operations that a stream does not have ---- */

static IV
layer_seek(pTHX_ PerlIO *handle, Off_t offset, int whence)
{
	PERL_UNUSED_ARG(handle);
	PERL_UNUSED_ARG(offset);
	PERL_UNUSED_ARG(whence);
	errno = ESPIPE;
	return -1;
}

static Off_t
layer_tell(pTHX_ PerlIO *handle)
{
	PERL_UNUSED_ARG(handle);
	errno = ESPIPE;
	return -1;
}

/* Perl would keep the data where the tie does not see it. */
static SSize_t
layer_unread(pTHX_ PerlIO *handle, const void *buf, Size_t len)
{
	PERL_UNUSED_ARG(handle);
	PERL_UNUSED_ARG(buf);
	PERL_UNUSED_ARG(len);
	errno = EOPNOTSUPP;
	return 0;
}

/* Not const only because PerlIO's functions do not take a const one. */
static PerlIO_funcs layer_funcs = {
	.fsize = sizeof(PerlIO_funcs),
	.name = "IO::Socket::SSL",
	.size = sizeof(struct layer),
	.kind = PERLIO_K_RAW,
	.Pushed = layer_pushed,
	.Popped = layer_popped,
	.Binmode = PerlIOBase_binmode, /* without it, ":raw" would pop us */
	.Fileno = PerlIOBase_fileno,
	.Dup = layer_dup,
	.Read = layer_read,
	.Unread = layer_unread,
	.Write = layer_write,
	.Seek = layer_seek,
	.Tell = layer_tell,
	.Close = layer_close,
	.Flush = layer_flush,
	.Eof = PerlIOBase_eof,
	.Error = PerlIOBase_error,
	.Clearerr = PerlIOBase_clearerr,
	.Setlinebuf = PerlIOBase_setlinebuf,
};

bool
iss_layer_has_read_ahead(pTHX_ PerlIO *in)
{
	return PerlIOValid(in) && PerlIO_has_cntptr(in) &&
	       ((PerlIOBase(in)->flags & PERLIO_F_RDBUF) ||
		   PerlIOBase(in)->tab->Get_cnt != PerlIOBuf_get_cnt) &&
	       PerlIO_get_cnt(in) > 0;
}
