/*
 * Nothing slow happens while the lock is held: files are looked at, and
 * contexts freed, after it.
 */
#include "context/current.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
lock(struct iss_current *current)
{
	CRYPTO_THREAD_write_lock(current->refs.lock);
}

static void
unlock(struct iss_current *current)
{
	CRYPTO_THREAD_unlock(current->refs.lock);
}

/* The lock is held. */
static void
plan_next_look(struct iss_current *current)
{
	current->next_look = current->ctx->reload > 0
				 ? iss_deadline_after(current->ctx->reload)
				 : ISS_NO_DEADLINE;
}

int
iss_current_new(
    struct iss_error *err, struct iss_current **out, struct iss_ctx *ctx)
{
	struct iss_current *current = calloc(1, sizeof(*current));

	if (current == NULL || !iss_refcount_init(&current->refs)) {
		free(current);
		return iss_error_memory(err);
	}
	current->ctx = ctx;
	plan_next_look(current);
	*out = current;
	return ISS_OK;
}

struct iss_current *
iss_current_up_ref(struct iss_current *current)
{
	iss_refcount_up(&current->refs);
	return current;
}

void
iss_current_free(struct iss_current *current)
{
	if (current == NULL || !iss_refcount_down(&current->refs))
		return;
	iss_ctx_free(current->ctx);
	iss_refcount_release(&current->refs);
	free(current);
}

struct iss_ctx *
iss_current_get1(struct iss_current *current)
{
	struct iss_ctx *ctx;

	lock(current);
	ctx = iss_ctx_up_ref(current->ctx);
	unlock(current);
	return ctx;
}

/* After a fork the child would wait for a look of its parent. */
static bool
somebody_looks(const struct iss_current *current)
{
	return current->looking && current->looker == getpid();
}

/* Is it time, and is the caller the one who looks?  Then *ctx is a new
 * reference. */
static bool
begin_look(struct iss_current *current, struct iss_ctx **ctx, bool *failed)
{
	bool begins;

	lock(current);
	begins = current->next_look != ISS_NO_DEADLINE &&
		 !somebody_looks(current) &&
		 iss_deadline_is_over(current->next_look);
	if (begins) {
		current->looking = true;
		current->look++;
		current->looker = getpid();
		plan_next_look(current);
		*ctx = iss_ctx_up_ref(current->ctx);
		*failed = current->failed;
	}
	unlock(current);
	return begins;
}

static void
end_look(struct iss_current *current)
{
	lock(current);
	current->looking = false;
	unlock(current);
}

void
iss_current_end_look(struct iss_current *current, unsigned int look)
{
	lock(current);
	if (current->looking && current->look == look) {
		current->looking = false;
		current->failed = true;
	}
	unlock(current);
}

enum iss_look
iss_current_look(struct iss_current *current)
{
	enum iss_look look = ISS_LOOK_SAME;
	struct iss_ctx *ctx;
	bool failed;

	if (!begin_look(current, &ctx, &failed))
		return ISS_LOOK_SAME;
	if (failed || iss_watch_has_changed(&ctx->watch))
		look = ISS_LOOK_CHANGED;
	else if (!ctx->watch.settled)
		look = ISS_LOOK_CONFIRM;
	iss_ctx_free(ctx);
	if (look == ISS_LOOK_SAME)
		end_look(current);
	return look;
}

void
iss_current_replace(struct iss_current *current, struct iss_ctx *ctx)
{
	struct iss_ctx *old;

	lock(current);
	old = current->ctx;
	current->ctx = ctx;
	current->looking = false;
	current->failed = false;
	current->told = false;
	plan_next_look(current);
	unlock(current);
	iss_ctx_free(old);
}

bool
iss_current_keep(struct iss_current *current, const char *reason)
{
	char text[sizeof(current->reason)];
	bool is_new;

	snprintf(text, sizeof(text), "%s", reason);
	lock(current);
	is_new = !current->told || strcmp(current->reason, text) != 0;
	memcpy(current->reason, text, sizeof(text));
	current->told = true;
	current->failed = true;
	current->looking = false;
	unlock(current);
	return is_new;
}
