/*
 * A context that can be replaced while connections use it: a place that holds
 * the one for new connections.  Counted, and shared by the interpreters
 * (ithreads) of a process.  Connections keep the context that they began with.
 *
 * The program replaces it, in three steps:
 *
 *	if (iss_current_look(current) != ISS_LOOK_SAME) {
 *		make a context, which runs callbacks of the program;
 *		iss_current_replace(current, ctx);   or   iss_current_keep
 *	}
 */
#ifndef ISS_CURRENT_H
#define ISS_CURRENT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/deadline.h"
#include "base/error.h"
#include "base/refcount.h"
#include "context/ctx.h"

struct iss_current {
	struct iss_refcount refs; /* its lock guards all that follows */
	struct iss_ctx *ctx;      /* owned */
	iss_deadline next_look;
	bool looking;      /* somebody is, so nobody else need: */
	unsigned int look; /* its number */
	pid_t looker;      /* and its process, which may have been forked */
	bool failed;       /* the last try */
	bool told;         /* of that failure, which was for this reason: */
	char reason[ISS_ERROR_TEXT_MAX];
};

/* Make a place with a context, whose reference it takes over on success.
 * Returns ISS_OK, or ISS_ERROR when memory runs out. */
int iss_current_new(
    struct iss_error *err, struct iss_current **out, struct iss_ctx *ctx);

/* Take one more reference; release one.  free(NULL) is fine. */
struct iss_current *iss_current_up_ref(struct iss_current *current);
void iss_current_free(struct iss_current *current);

/* The context for a new connection; a new reference. */
struct iss_ctx *iss_current_get1(struct iss_current *current);

enum iss_look {
	ISS_LOOK_SAME,    /* nothing to do, or somebody else does it */
	ISS_LOOK_CONFIRM, /* a change may have gone unnoticed: make it anew */
	ISS_LOOK_CHANGED  /* a file changed, or the last try failed */
};

/*
 * A connection is about to begin.  If SSL_reload is set and the last look is
 * that old, look at the files.  Unless the result is ISS_LOOK_SAME, nobody else
 * looks until the caller calls _replace or _keep.
 */
enum iss_look iss_current_look(struct iss_current *current);

/* Put ctx in place of the one before; takes over the reference. */
void iss_current_replace(struct iss_current *current, struct iss_ctx *ctx);

/*
 * The look of that number (current->look, while nobody else looks) ends, and
 * perhaps without either, because of an exception: then the next look tries
 * again.
 */
void iss_current_end_look(struct iss_current *current, unsigned int look);

/* A look ends without a new context, for a reason.  Is that one new, so that
 * the program must be told? */
bool iss_current_keep(struct iss_current *current, const char *reason);

#endif
