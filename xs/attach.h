/*
 * Core objects behind Perl ones, by extension magic.
 */
#ifndef ISS_XS_ATTACH_H
#define ISS_XS_ATTACH_H

#include "perl_core.h"

#include "connection/conn.h"
#include "context/ctx.h"
#include "names/suffix.h"

/*
 * A socket's methods, each of which a subclass may override; the tied
 * handle calls what the class resolves, or the core where that is ours.
 */
enum iss_method {
	ISS_METHOD_READ,
	ISS_METHOD_SYSREAD,
	ISS_METHOD_READLINE,
	ISS_METHOD_GETC,
	ISS_METHOD_PRINT,
	ISS_METHOD_PRINTF,
	ISS_METHOD_SAY,
	ISS_METHOD_SYSWRITE,
	ISS_METHOD_WRITE,
	ISS_METHOD_EOF,
	ISS_METHOD_PEEK,
	ISS_METHOD_COUNT
};

/* The name of a method, "sysread". */
const char *iss_method_name(enum iss_method method);

/* The glob behind a socket (object, glob or reference to it); or NULL. */
GV *iss_socket_glob(pTHX_ SV *socket);

/* The connection that hangs on a glob's IO; NULL: there is none. */
struct iss_conn *iss_attached(pTHX_ GV *glob);

/* Hang a connection there (its reference goes along), take it off. */
void iss_attach(pTHX_ GV *glob, struct iss_conn *conn);
void iss_detach(pTHX_ GV *glob);

/* Both live until the LEAVE of the current scope, whatever Perl code does. */
void iss_hold(pTHX_ GV *glob, struct iss_conn *conn);

/* Does glob's class resolve this method to ours?  Cached. */
bool iss_method_is_ours(pTHX_ GV *glob, enum iss_method method);

/* The context behind an IO::Socket::SSL::SSL_Context object; or NULL. */
struct iss_ctx *iss_attached_ctx(pTHX_ SV *object);
void iss_attach_ctx(pTHX_ SV *object, struct iss_ctx *ctx);

/* The list behind an IO::Socket::SSL::PublicSuffix object; or NULL. */
struct iss_suffix_list *iss_attached_suffixes(pTHX_ SV *object);
void iss_attach_suffixes(pTHX_ SV *object, struct iss_suffix_list *list);

/* Take over the program's reference to a certificate, unless that was done
 * before; it is dropped when the scalar with the handle is. */
void iss_take_cert(pTHX_ SV *handle);

#endif
