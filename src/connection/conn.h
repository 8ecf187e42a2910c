/*
 * One TLS connection: its state, and what handshake.h, io.h and shutdown.h are
 * built on.  All functions that may wait return
 *
 *	ISS_OK
 *	ISS_WANT_READ   the descriptor does not block, and is not readable
 *	ISS_WANT_WRITE  likewise, and is not writable
 *	ISS_INTR        a signal arrived: call again
 *	ISS_EOF         the peer ended the connection
 *	ISS_TIMEOUT     the deadline passed, conn->err is filled
 *	ISS_ERROR       conn->err is filled
 *
 * The program reads the fields of struct iss_conn but never writes them.
 */
#ifndef ISS_CONN_H
#define ISS_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "base/buf.h"
#include "options/peer_config.h"
#include "context/ctx.h"
#include "base/deadline.h"
#include "base/error.h"
#include "base/kept_error.h"
#include "link/link.h"
#include "base/refcount.h"
#include "revocation/staple.h"
#include "connection/ahead.h"
#include "connection/limits.h"
#include "connection/pump.h"
#include "connection/report.h"
#include "connection/resume.h"
#include "connection/sock.h"
#include "verification/verify.h"

enum iss_conn_state {
	ISS_CONN_NEW,       /* no handshake yet */
	ISS_CONN_HANDSHAKE, /* under way */
	ISS_CONN_OPEN,      /* handshake done */
	ISS_CONN_FAILED     /* neither direction works any more */
};

enum { ISS_HELLO_MAX = 1 << 17 }; /* OpenSSL takes no longer ClientHello */
enum { ISS_RECORD_MAX = 16384 };  /* RFC 8446, 5.1: plaintext of a record */

struct iss_conn {
	struct iss_refcount refs;
	SSL *ssl;
	struct iss_ctx *ctx;    /* one reference */
	struct iss_ctx *chosen; /* likewise; NULL: iss_conn_choose */
	struct iss_sock *sock;  /* of ssl's BIO */
	struct iss_link link;
	struct iss_verify verify;
	struct iss_staple staple;
	struct iss_resume resume;
	struct iss_pump pump;
	struct iss_ahead ahead;
	enum iss_conn_state state;
	bool server;
	bool lazy;         /* iss_conn_begin_lazily, and not done yet */
	bool sent_notify;  /* our close_notify is out: we write no more TLS */
	bool got_notify;   /* the peer's is in: we read no more TLS */
	bool truncated;    /* the peer ended TCP without close_notify */
	bool plain_write;  /* after sent_notify, writes go out in the clear */
	bool plain_read;   /* after got_notify, reads come in the clear */
	bool end_reported; /* the program knows of got_notify */
	bool read_end;     /* a read has returned the end to the program */
	bool half_written; /* OpenSSL still has a part of taken */
	bool half_ticket;  /* a signal interrupted iss_conn_new_ticket */
	bool peer_gone;    /* a write met EPIPE: only reading works */
	bool lingers;      /* see iss_shutdown_close, which has until then: */
	iss_deadline linger_until;
	iss_deadline until, rest; /* see iss_conn_limit */
	uint64_t heard, sent;  /* bytes of the handshake, over the descriptor */
	bool strict_eof;       /* a truncated end is an error */
	bool frees_buffers;    /* see iss_conn_free_buffers */
	bool has_buffers;      /* and they may be there */
	bool tells_messages;   /* iss_conn_tell_messages */
	bool answered;         /* iss_conn_answered, and not gone on yet */
	struct iss_buf unsent; /* kept back by iss_io_write_later */
	struct iss_buf taken;  /* of a write that must be repeated: io.h */
	iss_deadline began, opened; /* the handshake; 0: not yet */
	uint64_t data_in, data_out; /* of the application, but for ahead */
	struct iss_report *report;  /* owned; NULL: nobody asked for one */
	struct iss_limits *limits;  /* owned; NULL: none */
	struct iss_buf *hello;      /* owned; see link.hello */
	struct iss_kept_error err;  /* of the last operation that failed */
};

/*
 * Make a connection on fd (borrowed) under ctx, of which it takes a reference,
 * with the options in config.  callbacks is kept and must be static.  *out is
 * the caller's to free.  Returns ISS_OK or ISS_ERROR.  SSL_new(3).
 */
int iss_conn_new(struct iss_error *err, struct iss_conn **out,
    struct iss_ctx *ctx, int fd, const struct iss_peer_config *config,
    const struct iss_callbacks *callbacks);

/*
 * One more holder; each calls iss_conn_free, which accepts NULL.  The last call
 * frees the connection, but neither sends close_notify nor closes the
 * descriptor.
 */
struct iss_conn *iss_conn_up_ref(struct iss_conn *conn);
void iss_conn_free(struct iss_conn *conn);

/*
 * For a client, before the handshake: iss_resume_keep, with conn->err filled on
 * failure; iss_resume_offer; iss_resume_offer_from; iss_resume_offer_stored;
 * iss_resume_import.
 */
int iss_conn_keep_sessions(struct iss_conn *conn, bool share);
bool iss_conn_offer_session(struct iss_conn *conn, SSL_SESSION *session);
void iss_conn_offer_from(struct iss_conn *conn, struct iss_session_cache *cache,
    struct iss_session_key key);
void iss_conn_offer_stored(struct iss_conn *conn, const struct iss_store *store,
    struct iss_session_key key);
void iss_conn_import_session(struct iss_conn *conn,
    const struct iss_seal_secret *secret, const void *bytes, size_t len);

/* iss_resume_export. */
int iss_conn_export_session(struct iss_error *err, struct iss_conn *conn,
    bool has_cache, const struct iss_seal_secret *secret, struct iss_buf *out);

/*
 * Touch the descriptor no more: it was closed and may be somebody else's, or
 * the process is about to exit.
 */
void iss_conn_abandon(struct iss_conn *conn);

/* Turn the message callback on or off; a report needs it in any case. */
void iss_conn_tell_messages(struct iss_conn *conn, bool tell);

/*
 * For the callback hello: the connection is to go over to ctx, of which it
 * takes a reference.  False, with nothing changed, unless ctx is a server's.
 */
bool iss_conn_choose(struct iss_conn *conn, struct iss_ctx *ctx);

/* The connection has read the ClientHello, or will never do so. */
void iss_conn_drop_hello(struct iss_conn *conn);

/* Can application data be read, or written, under TLS? */
bool iss_conn_can_read(const struct iss_conn *conn);
bool iss_conn_can_write(const struct iss_conn *conn);

/*
 * Bracket around every OpenSSL call that reads or writes.  _enter clears stale
 * errors, and refuses a callback that comes back to the connection it was
 * called for (ISS_ERROR, EDEADLK).  _leave follows the call.
 */
int iss_conn_enter(struct iss_conn *conn);
void iss_conn_leave(struct iss_conn *conn);

/*
 * A client has read application data, or failed to: note whether more than a
 * record came.  OpenSSL frees its buffer for reading by itself, but not the one
 * for writing, which it also makes for a message that comes after the
 * handshake, such as a ticket.  _free_buffers does that, after a successful
 * read of ours that leaves nothing unread (CVE-2024-4741).
 * SSL_free_buffers(3).
 */
static inline void
iss_conn_note_reads(struct iss_conn *conn)
{
	/* A record is read in two parts. */
	if (conn->sock->reads_left < ISS_SOCK_READS - 2)
		conn->has_buffers = conn->frees_buffers;
}

static inline void
iss_conn_free_buffers(struct iss_conn *conn)
{
	if (!conn->has_buffers || conn->server || SSL_has_pending(conn->ssl))
		return;
	SSL_free_buffers(conn->ssl);
	conn->has_buffers = false;
}

/*
 * The program gets the SSL, and may read from it: from now on nothing is looked
 * at ahead (ahead.h).
 */
void iss_conn_lend_ssl(struct iss_conn *conn);

/*
 * The program's deadline for reading or writing (enum iss_ways), or for both;
 * ISS_NO_DEADLINE: none.  Data that was not read by then stays unread, so
 * nothing is looked at ahead meanwhile.  ISS_OK, or ISS_ERROR if memory ran
 * out.
 */
int iss_conn_set_deadline(struct iss_conn *conn, int ways, iss_deadline until);

/* What decides whether we may look ahead has changed. */
void iss_conn_look_ahead(struct iss_conn *conn);

/* The error of the last operation that failed, borrowed until the next one. */
static inline const struct iss_error *
iss_conn_error(const struct iss_conn *conn)
{
	return iss_kept_error_get0(&conn->err);
}

/* Fill conn->err for an operation that is not even tried: why, and errnum.
 * Returns ISS_ERROR. */
int iss_conn_refuse(struct iss_conn *conn, int errnum, const char *why);

#endif
