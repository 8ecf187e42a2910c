/*
 * Core objects hang on Perl's by extension magic, found by the address of
 * their vtable:
 *
 *	$sock -> GV -> IO -> magic -> struct attachment -> struct iss_conn
 *	$ctx  -> HV -> magic -> struct iss_ctx
 *	$suffixes -> HV -> magic -> struct iss_suffix_list
 *	SSL_cert => [$leaf, $more]: $more -> magic -> SV -> magic -> X509
 *
 * The IO is where the tie hangs too: it survives rebless, alias and untie,
 * and is freed once, in whatever order global destruction goes.  A new
 * ithread takes one more reference (svt_dup), each interpreter drops its own
 * (svt_free).
 */
#include "attach.h"

#include "handles.h"
#include "x509/cert.h"

static const char *const method_names[ISS_METHOD_COUNT] = {
	"read",
	"sysread",
	"readline",
	"getc",
	"print",
	"printf",
	"say",
	"syswrite",
	"write",
	"eof",
	"peek",
};

/* One interpreter's hold on a connection. */
struct attachment {
	struct iss_conn *conn;
	/* Which methods are ours: a cache, good while these stay the same. */
	HV *stash;
	U32 sub_generation;
	U32 class_generation;
	U32 package_generation;
	U32 ours; /* a bit a method */
};

static int
free_conn(pTHX_ SV *sv, MAGIC *mg)
{
	struct attachment *at = (struct attachment *)mg->mg_ptr;

	PERL_UNUSED_ARG(sv);
	if (at != NULL) {
		iss_conn_free(at->conn);
		Safefree(at);
	}
	mg->mg_ptr = NULL;
	return 0;
}

#ifdef USE_ITHREADS
static int
dup_conn(pTHX_ MAGIC *mg, CLONE_PARAMS *params)
{
	const struct attachment *at = (struct attachment *)mg->mg_ptr;
	struct attachment *copy;

	PERL_UNUSED_ARG(params);
	Newxz(copy, 1, struct attachment);
	copy->conn = iss_conn_up_ref(at->conn);
	mg->mg_ptr = (char *)copy;
	return 0;
}
#else
#	define dup_conn NULL
#endif

static const MGVTBL conn_vtbl = { .svt_free = free_conn, .svt_dup = dup_conn };

static int
free_ctx(pTHX_ SV *sv, MAGIC *mg)
{
	PERL_UNUSED_ARG(sv);
	iss_ctx_free((struct iss_ctx *)mg->mg_ptr);
	mg->mg_ptr = NULL;
	return 0;
}

#ifdef USE_ITHREADS
static int
dup_ctx(pTHX_ MAGIC *mg, CLONE_PARAMS *params)
{
	PERL_UNUSED_ARG(params);
	iss_ctx_up_ref((struct iss_ctx *)mg->mg_ptr);
	return 0;
}
#else
#	define dup_ctx NULL
#endif

static const MGVTBL ctx_vtbl = { .svt_free = free_ctx, .svt_dup = dup_ctx };

const char *
iss_method_name(enum iss_method method)
{
	return method_names[method];
}

GV *
iss_socket_glob(pTHX_ SV *socket)
{
	SvGETMAGIC(socket);
	if (SvROK(socket))
		socket = SvRV(socket);
	return isGV_with_GP(socket) ? (GV *)socket : NULL;
}

static MAGIC *
conn_magic(pTHX_ GV *glob)
{
	IO *io = GvIO(glob);

	if (io == NULL || !SvMAGICAL((SV *)io))
		return NULL;
	return mg_findext((SV *)io, PERL_MAGIC_ext, &conn_vtbl);
}

struct iss_conn *
iss_attached(pTHX_ GV *glob)
{
	MAGIC *mg = glob != NULL ? conn_magic(aTHX_ glob) : NULL;

	return mg != NULL ? ((struct attachment *)mg->mg_ptr)->conn : NULL;
}

void
iss_attach(pTHX_ GV *glob, struct iss_conn *conn)
{
	struct attachment *at;
	MAGIC *mg;

	iss_detach(aTHX_ glob);
	Newxz(at, 1, struct attachment);
	at->conn = conn;
	mg = sv_magicext((SV *)GvIOn(glob), NULL, PERL_MAGIC_ext, &conn_vtbl,
	    (const char *)at, 0);
	mg->mg_flags |= MGf_DUP;
}

void
iss_detach(pTHX_ GV *glob)
{
	if (conn_magic(aTHX_ glob) != NULL)
		sv_unmagicext(
		    (SV *)GvIO(glob), PERL_MAGIC_ext, (MGVTBL *)&conn_vtbl);
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

/*
 * A socket that was blessed into a class which knows nothing of us keeps its
 * connection; that class's methods would only come back to the tie.
 */
static bool
is_stranger(pTHX_ HV *stash)
{
	SV *class = sv_2mortal(newSVpv(HvNAME(stash), 0));

	return !sv_derived_from(class, "IO::Socket::SSL");
}

static U32
find_ours(pTHX_ HV *stash)
{
	HV *our_stash = gv_stashpvs("IO::Socket::SSL::XS", GV_ADD);
	U32 ours = 0;
	GV *theirs, **own;
	int i;

	if (is_stranger(aTHX_ stash))
		return ~(U32)0;
	for (i = 0; i < ISS_METHOD_COUNT; i++) {
		const char *name = method_names[i];

		theirs = gv_fetchmethod_autoload(stash, name, FALSE);
		own = (GV **)hv_fetch(our_stash, name, strlen(name), 0);
		if (theirs != NULL && own != NULL && GvCV(theirs) != NULL &&
		    GvCV(theirs) == GvCV(*own))
			ours |= 1U << i;
	}
	return ours;
}

/* Perl's own method cache is kept by the same three numbers. */
bool
iss_method_is_ours(pTHX_ GV *glob, enum iss_method method)
{
	MAGIC *mg = conn_magic(aTHX_ glob);
	HV *stash = SvOBJECT((SV *)glob) ? SvSTASH((SV *)glob) : NULL;
	struct attachment *at;
	struct mro_meta *meta;

	if (mg == NULL || stash == NULL)
		return mg != NULL;
	if (!SvOOK((SV *)stash) || (meta = HvAUX(stash)->xhv_mro_meta) == NULL)
		return (find_ours(aTHX_ stash) >> method & 1) != 0;
	at = (struct attachment *)mg->mg_ptr;
	if (at->stash != stash || at->sub_generation != PL_sub_generation ||
	    at->class_generation != meta->cache_gen ||
	    at->package_generation != meta->pkg_gen) {
		at->ours = find_ours(aTHX_ stash);
		meta = HvAUX(stash)->xhv_mro_meta;
		at->stash = stash;
		at->sub_generation = PL_sub_generation;
		at->class_generation = meta->cache_gen;
		at->package_generation = meta->pkg_gen;
	}
	return (at->ours >> method & 1) != 0;
}

struct iss_ctx *
iss_attached_ctx(pTHX_ SV *object)
{
	MAGIC *mg;

	if (object == NULL || !SvROK(object) || !SvMAGICAL(SvRV(object)))
		return NULL;
	mg = mg_findext(SvRV(object), PERL_MAGIC_ext, &ctx_vtbl);
	return mg != NULL ? (struct iss_ctx *)mg->mg_ptr : NULL;
}

void
iss_attach_ctx(pTHX_ SV *object, struct iss_ctx *ctx)
{
	MAGIC *mg;

	sv_unmagicext(SvRV(object), PERL_MAGIC_ext, (MGVTBL *)&ctx_vtbl);
	mg = sv_magicext(SvRV(object), NULL, PERL_MAGIC_ext, &ctx_vtbl,
	    (const char *)ctx, 0);
	mg->mg_flags |= MGf_DUP;
}

static int
free_suffixes(pTHX_ SV *sv, MAGIC *mg)
{
	PERL_UNUSED_ARG(sv);
	iss_suffix_list_free((struct iss_suffix_list *)mg->mg_ptr);
	mg->mg_ptr = NULL;
	return 0;
}

#ifdef USE_ITHREADS
static int
dup_suffixes(pTHX_ MAGIC *mg, CLONE_PARAMS *params)
{
	PERL_UNUSED_ARG(params);
	iss_suffix_list_up_ref((struct iss_suffix_list *)mg->mg_ptr);
	return 0;
}
#else
#	define dup_suffixes NULL
#endif

static const MGVTBL suffixes_vtbl = { .svt_free = free_suffixes,
	.svt_dup = dup_suffixes };

struct iss_suffix_list *
iss_attached_suffixes(pTHX_ SV *object)
{
	MAGIC *mg;

	if (!SvROK(object) || !SvMAGICAL(SvRV(object)))
		return NULL;
	mg = mg_findext(SvRV(object), PERL_MAGIC_ext, &suffixes_vtbl);
	return mg != NULL ? (struct iss_suffix_list *)mg->mg_ptr : NULL;
}

void
iss_attach_suffixes(pTHX_ SV *object, struct iss_suffix_list *list)
{
	MAGIC *mg = sv_magicext(SvRV(object), NULL, PERL_MAGIC_ext,
	    &suffixes_vtbl, (const char *)list, 0);

	mg->mg_flags |= MGf_DUP;
}

static int
free_cert(pTHX_ SV *sv, MAGIC *mg)
{
	PERL_UNUSED_ARG(sv);
	X509_free((X509 *)mg->mg_ptr);
	mg->mg_ptr = NULL;
	return 0;
}

#ifdef USE_ITHREADS
static int
dup_cert(pTHX_ MAGIC *mg, CLONE_PARAMS *params)
{
	PERL_UNUSED_ARG(params);
	X509_up_ref((X509 *)mg->mg_ptr);
	return 0;
}
#else
#	define dup_cert NULL
#endif

static const MGVTBL cert_vtbl = { .svt_free = free_cert, .svt_dup = dup_cert };
static const MGVTBL taken_vtbl = { NULL };

/*
 * The reference that was the program's hangs on its own scalar from here on,
 * so that the same list can be used for another context.  It is on a scalar
 * of ours in between, since "local" copies magic, and counts scalars alone.
 */
void
iss_take_cert(pTHX_ SV *handle)
{
	X509 *cert = iss_handle_pointer(aTHX_ handle, "SSL_cert");
	SV *owner;
	MAGIC *mg;

	if (!iss_cert_take(cert))
		return;
	owner = newSV(0);
	mg = sv_magicext(
	    owner, NULL, PERL_MAGIC_ext, &cert_vtbl, (const char *)cert, 0);
	mg->mg_flags |= MGf_DUP;
	sv_magicext(handle, owner, PERL_MAGIC_ext, &taken_vtbl, NULL, 0);
	SvREFCNT_dec(owner);
}
