/*
 * What SSL.xs and the files beside this one share: the two worlds meet
 * here.  Values are carried between Perl and the core; nothing here knows
 * TLS.  Layers: convert, attach < call < args, stream < SSL.xs.
 */
#ifndef ISS_GLUE_H
#define ISS_GLUE_H

#define PERL_NO_GET_CONTEXT
#include "EXTERN.h"
#include "perl.h"
#include "XSUB.h"
#include "ppport.h"

#include "connection/conn.h"
#include "context/ctx.h"
#include "base/error.h"
#include "sessions/session_cache.h"

/* ---- attach.c: core objects behind Perl ones ---- */

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

/* ---- convert.c: errors and handles ---- */

/* Once an interpreter, before the functions below. */
void iss_find_error_variable(pTHX_ bool in_new_thread);

/* Set $SSL_ERROR, $! and the object's last error from a core status. */
void iss_tell_status(pTHX_ GV *glob, const struct iss_conn *conn, int status);
void iss_tell_error(pTHX_ GV *glob, const struct iss_error *err);
void iss_tell_text(pTHX_ GV *glob, int e, const char *text);
/* Nothing is wrong: $SSL_ERROR is false. */
void iss_tell_success(pTHX);

/* The value at key of a glob's or an object's hash; NULL: undef or absent. */
SV *iss_hash_value(pTHX_ HV *hash, const char *key);

/* The handshake is done: the keys of the glob's hash that say so. */
void iss_tell_open(pTHX_ GV *glob, struct iss_conn *conn);

/*
 * A mistake of the program: an exception with the file and line of whoever
 * called the module (Carp).
 */
void iss_croak(pTHX_ SV *message) __attribute__((noreturn));

/* UTF-8 of a text: characters, or bytes that are UTF-8 already; other bytes
 * are Latin-1.  Good until the scalar changes, or the statement ends. */
const char *iss_utf8_text(pTHX_ SV *text, STRLEN *len);

/*
 * A handle that we exchange with Net::SSLeay: an address as integer.  Before
 * one is given away or taken, check that its OpenSSL, if it is loaded, is
 * ours; croaks.
 */
SV *iss_new_handle(pTHX_ const void *pointer);
void iss_check_exchange(pTHX);
/* For a hash that programs look into: one that croaks when it is used. */
SV *iss_new_kept_handle(pTHX_ const void *pointer);
/* Back: NULL for what cannot be one, or an exception that says so, which is
 * also for another OpenSSL's. */
void *iss_handle_address(pTHX_ SV *value);
void *iss_handle_pointer(pTHX_ SV *value, const char *option);

/* ---- call.c: the core's questions, answered by Perl ---- */

/*
 * One call of the core: whom its callbacks belong to.  What is held is so by
 * the caller, until Perl code runs; from then on by the call, too.
 */
struct iss_call {
	struct iss_conn *conn; /* held; NULL: making a context */
	void *outer;           /* the host that was lent before us */
	GV *glob;              /* held; or NULL */
	HV *callbacks;         /* borrowed: where a context's subs are */
	SV *scheme_code;       /* borrowed: of verify_hostname's scheme */
	SV *guarded;           /* held: the core points into its bytes */
	SV *died;              /* the first exception of a callback */
	bool exits;            /* a callback left the program */
	bool asked;            /* Perl code ran meanwhile */
	int sys_errno;         /* errno as that code left it */
#ifdef MULTIPLICITY
	PerlInterpreter *perl;
#endif
};

extern const struct iss_callbacks iss_perl_ops;

/*
 * Call code with mortal arguments; the result as a mortal, or NULL when it
 * died, which is noted in the call.  For the answers, in call.c and pump.c.
 */
SV *iss_call_ask(pTHX_ struct iss_call *call, SV *code, SV **args, int count);

/* A handle as an argument, mortal; another OpenSSL beside us is noted in the
 * call as an exception. */
SV *iss_call_handle(pTHX_ struct iss_call *call, const void *pointer);

/* The interpreter of a call, where there may be several. */
#ifdef MULTIPLICITY
#	define dCALL_PERL(call) PerlInterpreter *my_perl = (call)->perl
#else
#	define dCALL_PERL(call) dNOOP
#endif

/* ---- debug.c: $DEBUG and set_msg_callback ---- */

/* Once an interpreter. */
void iss_find_debug_variable(pTHX_ bool in_new_thread);
/* The level that $DEBUG has now; print a line to STDERR. */
IV iss_debug_level(pTHX);
void iss_debug_print(pTHX_ const char *text);
/* Tell messages of the protocol if the user asked for it. */
void iss_debug_begin(pTHX_ GV *glob, struct iss_conn *conn);
void iss_answer_message(void *host, const struct iss_message *message);

/* ---- pump.c: answers for a connection over a handle of the user's ---- */

int iss_pump_answer_read(void *host, void *buf, size_t len, size_t *got);
int iss_pump_answer_write(void *host, const void *buf, size_t len, size_t *put);
size_t iss_pump_answer_pending(void *host);

/*
 * Begin and end a call for a connection; end throws what a callback died
 * with, and goes on with an exit, after everything else is put back.  It
 * comes right behind the core: after an exit Perl's stacks are gone.
 */
void iss_call_begin(
    pTHX_ struct iss_call *call, GV *glob, struct iss_conn *conn, SV *guarded);
void iss_call_end(pTHX_ struct iss_call *call);

/* A sub of the context of a socket; NULL: there is none. */
SV *iss_callback(pTHX_ GV *glob, const char *name);

/* Run the handlers of signals that arrived; may die. */
void iss_run_signal_handlers(pTHX);

/*
 * A signal arrived: let its handler run, which may die.  ISS_OK: go on;
 * ISS_ERROR, and conn tells: it took the connection off.  Both must be held.
 */
int iss_interrupted(pTHX_ GV *glob, struct iss_conn *conn);
int iss_still_there(pTHX_ GV *glob, struct iss_conn *conn);

/* ---- session.c: sessions and tickets ---- */

/* The cache behind an IO::Socket::SSL::Session_Cache object; or NULL. */
struct iss_session_cache *iss_attached_session_cache(pTHX_ SV *object);
/* Make one for so many keys. */
void iss_create_session_cache(pTHX_ SV *object, UV max);

/* What a cache calls a session's key; valid as long as key's temporaries. */
struct iss_session_key iss_session_key(pTHX_ SV *key);

/* Give what has arrived to the cache of the socket's context. */
void iss_deliver_sessions(pTHX_ struct iss_call *call);

/*
 * Offer a session for the handshake that is to begin; from a cache of ours,
 * or by its handle.  True when the cache should drop that.
 */
bool iss_offer_session(pTHX_ GV *self, SSL_SESSION *session);
void iss_offer_from(pTHX_ GV *self, struct iss_session_cache *cache, SV *key);

/* Of host_ops. */
bool iss_answer_ticket_key(
    void *host, const unsigned char *name, struct iss_ticket_key *key);

/* ---- ocsp.c: revocation status ---- */

/* An answer as a new hash: statusType, thisUpdate, nextUpdate and so on; and
 * back, a missing time being 0. */
SV *iss_new_ocsp_entry(pTHX_ const struct iss_ocsp_answer *answer);
void iss_ocsp_entry_answer(pTHX_ HV *entry, struct iss_ocsp_answer *answer);
SV *iss_new_ocsp_description(pTHX_ const struct iss_ocsp_answer *answer);

/* Has the peer shown a certificate?  False is told. */
bool iss_has_peer(pTHX_ GV *self, const struct iss_conn *conn);

/* A request about these ids, a new string. */
SV *iss_new_ocsp_request(pTHX_ SV **ids, size_t count);

/* Push results on the stack, after a PUTBACK of the XSUB. */
void iss_push_ocsp_checks(pTHX_ struct iss_conn *conn);
void iss_push_ocsp_verdict(pTHX_ SV *response, SV *id, SV *issuer);

/* Of host_ops. */
enum iss_staple_opinion iss_answer_staple(void *host, OCSP_RESPONSE *response);
void iss_keep_ocsp_answer(void *host, const unsigned char *id, size_t len,
    const struct iss_ocsp_answer *answer);

/* ---- args.c: SSL_* hashes to plain values ---- */

/*
 * Fill config from the hash, a server's hosts from a hash of such hashes by
 * name (IO::Socket::SSL::Hosts makes them); croaks, with config released, on
 * a wrong value.
 */
void iss_args_to_config(pTHX_ HV *args, HV *hosts, struct iss_config *config);
void iss_args_to_peer_config(pTHX_ HV *args, struct iss_peer_config *config);

/* Set the name check of a connection from a scheme as the user gives it. */
int iss_args_set_name(pTHX_ struct iss_error *err, struct iss_verify *verify,
    SV *name, SV *scheme, SV *publicsuffix);
/* The sub in a scheme that is a hash; NULL: there is none. */
SV *iss_args_scheme_code(pTHX_ SV *scheme);

/* ---- scalar.c: a scalar as a buffer, lengths and offsets ---- */

/* An argument that may be missing; asked once, since it may run Perl code. */
IV iss_scalar_number(pTHX_ SV *sv);
/* A length, and perl's own check of it, in its words. */
size_t iss_scalar_wanted(pTHX_ IV len);
/* Where offset points in a string of len bytes; negative: from its end. */
STRLEN iss_scalar_place(pTHX_ IV offset, STRLEN len, bool may_be_beyond);

/* Make it bytes that may be changed, undef empty; how many there are. */
STRLEN iss_scalar_make_bytes(pTHX_ SV *buf);
/* Does it hold characters that must stay, and are no bytes? */
bool iss_scalar_keeps_wide(pTHX_ SV *buf, IV offset);
/* Room for more bytes at the place, NUL between the old end and it. */
char *iss_scalar_room(pTHX_ SV *buf, STRLEN at, size_t more);
/* It ends here now. */
void iss_scalar_set_end(pTHX_ SV *buf, STRLEN end);

/* ---- stream.c: application data from and to scalars ---- */

/* One call of the core, with callbacks for the glob. */
typedef int iss_transfer_fn(
    struct iss_conn *conn, void *buf, size_t len, size_t *done);
int iss_stream_transfer(pTHX_ GV *glob, struct iss_conn *conn, SV *guarded,
    iss_transfer_fn *fn, void *buf, size_t len, size_t *done);

/*
 * Tell the status of a read whose caller cannot return what the sub of
 * SSL_on_peer_shutdown says; at the end of TLS that sub is called.
 */
void iss_stream_end(pTHX_ GV *glob, struct iss_conn *conn, int status);

/*
 * Do what a method does, with the arguments behind the handle, as perlfunc
 * has them.  Returns a new value, or NULL on failure, with $! and $SSL_ERROR
 * set; croaks on wrong arguments.  Glob and connection must be held.
 */
SV *iss_stream_run(pTHX_ enum iss_method method, GV *glob,
    struct iss_conn *conn, SV **args, SSize_t count);

/* How many bytes a read gets without touching the network. */
size_t iss_stream_pending(pTHX_ GV *glob, struct iss_conn *conn);

/* ---- dispatch.c: which code a method, or a tied handle's, ends in ---- */

/* Remember our own methods, whatever a program puts in their place. */
void iss_remember_methods(pTHX);

/*
 * The body of an XSUB: arguments on the stack from ax, results there too.
 * A method of a socket, without TLS its base class's; a method of the tied
 * handle, which is the one that the socket's class resolves.
 */
void iss_run_method(pTHX_ enum iss_method method, GV *glob, I32 ax, I32 items);
void iss_run_base(pTHX_ const char *name, I32 ax, I32 items);
void iss_run_tied(pTHX_ enum iss_method method, SV *handle, I32 ax, I32 items);

/* ---- layer.c: TLS for C code that takes the PerlIO of a handle ---- */

/* Under the tie of a glob, from the handshake's start to TLS's end. */
void iss_layer_push(pTHX_ GV *glob, struct iss_conn *conn);
void iss_layer_pop(pTHX_ GV *glob);

/* ---- life.c: contexts and connections begin and end ---- */

/* True, or false with the error told. */
bool iss_create_ctx(pTHX_ SV *self, HV *args, HV *hosts, bool server);
bool iss_begin(pTHX_ GV *self, struct iss_ctx *ctx, int fd, HV *args, SV *name,
    SV *scheme);

/* TLS is over: the connection is forgotten, the handle is plain. */
void iss_end(pTHX_ GV *self);

/* New values: 1 done, '' failed, undef under way; the last two told. */
SV *iss_handshake(pTHX_ GV *self, bool server, SV *seconds, bool wait);
SV *iss_shutdown(pTHX_ GV *self, bool fast, SV *seconds, bool wait);

/* Does cert (a handle; undef: the peer's) belong to name?  False is told. */
bool iss_verify_name(
    pTHX_ GV *self, SV *cert, SV *name, SV *scheme, SV *suffix);

/* Make a blessed thing an unblessed one. */
void iss_unbless(pTHX_ SV *sv);

/* ---- builtin.c: send, recv, shutdown of Perl's, on a TLS socket ---- */

/* Have them look for a connection; once a process, again does no harm. */
void iss_watch_builtins(pTHX);

/*
 * Before shutdown(2): our close_notify goes first.  False, and told: not yet,
 * the socket is busy.
 */
bool iss_before_shutdown(pTHX_ GV *glob, IV how);

/* ---- facts.c: what is known of a connection ---- */

enum iss_fact {
	ISS_FACT_CIPHER,
	ISS_FACT_VERSION,
	ISS_FACT_VERSION_NUMBER,
	ISS_FACT_SERVERNAME,
	ISS_FACT_ALPN,
	ISS_FACT_NPN,
	ISS_FACT_REUSED,
	ISS_FACT_DUMP
};

/* A new value, undef where the connection does not know. */
SV *iss_fact(pTHX_ struct iss_conn *conn, enum iss_fact fact);

/* Push results on the stack, after a PUTBACK of the XSUB. */
void iss_push_certificate(pTHX_ struct iss_conn *conn, bool ours, SV *field);
void iss_push_field(pTHX_ X509 *cert, SV *field);
void iss_push_chain(pTHX_ struct iss_conn *conn);
void iss_push_default_ca(pTHX);
void iss_push_fingerprint(
    pTHX_ GV *self, SV *algo, SV *cert, bool pubkey, bool binary);

/*
 * The certificate of a handle, with undef that of the peer: a reference of
 * the caller's own; NULL: there is none.
 */
X509 *iss_get1_cert(pTHX_ GV *self, SV *handle);

/* ---- utils.c, certspec.c: IO::Socket::SSL::Utils ---- */

/* What iss_push_pem looks for, and where. */
enum {
	ISS_PEM_FILE = 1, /* the source is a file's name, not PEM */
	ISS_PEM_KEY = 2,  /* a private key, not a certificate */
	ISS_PEM_ALL = 4,  /* all certificates */
	ISS_PEM_FILE_ALL = ISS_PEM_FILE | ISS_PEM_ALL,
	ISS_PEM_FILE_KEY = ISS_PEM_FILE | ISS_PEM_KEY
};

/* Push handles that are the program's to free. */
void iss_push_pem(pTHX_ SV *source, unsigned what);
/* Certificate and key, from the hash of CERT_create. */
void iss_push_new_cert(pTHX_ HV *spec);

/* New values; all of these croak with the reason. */
SV *iss_cert_to_pem(pTHX_ X509 *cert);
SV *iss_key_to_pem(pTHX_ EVP_PKEY *key);
void iss_write_pem(pTHX_ SV *file, SV *pem, bool secret);
SV *iss_new_rsa_key(pTHX_ SV *bits);
SV *iss_new_ec_key(pTHX_ SV *curve);
SV *iss_cert_as_hash(pTHX_ X509 *cert, SV *digest);

/* ---- names.c: IO::Socket::SSL::PublicSuffix ---- */

/* Put a list on an object; the text may be undef: libpsl's. */
void iss_load_suffixes(pTHX_ SV *self, SV *text, UV fallback);
/* A name as A-labels or as Unicode; a new value. */
SV *iss_convert_name(pTHX_ SV *name, bool to_unicode);

#endif
