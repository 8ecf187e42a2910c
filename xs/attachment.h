/*
 * The connection on a socket:
 *
 *	$sock -> GV -> IO -> magic -> struct iss_attachment -> struct iss_conn
 *
 * The IO is where the tie hangs too: it survives rebless, alias and untie.
 */
#ifndef ISS_XS_ATTACHMENT_H
#define ISS_XS_ATTACHMENT_H

#include "perl_core.h"

#include "connection/conn.h"

/*
 * Which methods of the socket's class are ours, one bit a method, and whether
 * all methods of its tie are; valid while the rest stays as it is.  override.c
 * uses it.
 */
struct iss_method_cache {
	HV *stash;
	U32 sub_generation;
	U32 class_generation;
	U32 package_generation;
	U32 ours;
	HV *tie_stash;
	U32 tie_generation;
	bool tie_is_ours;
};

/* One interpreter's hold on a connection. */
struct iss_attachment {
	struct iss_conn *conn; /* one reference */
	struct iss_method_cache methods;
};

/* The glob of a socket (object, glob or reference to it); NULL for anything
 * else. */
GV *iss_socket_glob(pTHX_ SV *socket);

/* The descriptor of a handle, tied or not; -1 if it is not open. */
int iss_fileno(pTHX_ GV *glob);

/* What is attached to a glob, which may be NULL; NULL if nothing is. */
struct iss_attachment *iss_attachment(pTHX_ GV *glob);
struct iss_conn *iss_attached(pTHX_ GV *glob);

/* The same for an IO with magic, and what the handle is tied to, or NULL. */
struct iss_attachment *iss_attachment_and_tie(IO *io, const MAGIC **tie);

/* Attach a connection, whose reference is taken over; detach it. */
void iss_attach(pTHX_ GV *glob, struct iss_conn *conn);
void iss_detach(pTHX_ GV *glob);

/* Keep both alive until the LEAVE of the current scope, whatever Perl code
 * does. */
void iss_hold(pTHX_ GV *glob, struct iss_conn *conn);

/* Keep the first argument of a method, and what it refers to, until the
 * statement ends, whatever Perl code does.  Perl's stack holds neither. */
void iss_keep(pTHX_ SV *object);

/*
 * Before a method converts its arguments: the same if one of those after the
 * object may run code, which may drop the program's last reference.
 */
void iss_keep_object(pTHX_ SV **args, I32 count);

/* Is conn still attached?  ISS_OK, or ISS_ERROR with conn->err filled.  Both
 * must be held. */
int iss_still_attached(pTHX_ GV *glob, struct iss_conn *conn);

#endif
