/*
 * Faults: the n-th allocation, recv(2) or send(2) fails.  A program that
 * includes this is linked with --wrap for the functions below (t/core.t), so
 * that calls of the core reach it, and OpenSSL allocates through it too.
 *
 * A scenario is a function that does something once, with everything that it
 * needs made and freed inside.  fault_try runs it again and again, each time
 * with another n, in a child process, and claims of every run:
 *
 * - it does not crash and does not hang;
 * - it fails with an error that has a text, or succeeds with a result that the
 *   scenario has checked;
 * - nothing that it allocated stays behind.
 *
 * Only some n are tried, unless ISS_FAULTS is "all" (make faults) or a number,
 * the only n.
 */
#ifndef ISS_FAULT_H
#define ISS_FAULT_H

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base/error.h"
#include "tap.h"

#ifndef ERR_raise /* OpenSSL 1.1.1 */
#	define ERR_raise(lib, reason) ERR_put_error(lib, 0, reason, "", 0)
#endif

enum {
	FAULT_SAMPLES = 12,      /* values of n where not all are tried */
	FAULT_SECONDS = 300,     /* for one run: more is a hang */
	FAULT_LIVE_MAX = 1 << 17 /* allocations at a time, a power of two */
};

/* What fails, and how. */
enum fault_what {
	FAULT_OURS,    /* malloc and its kind in the core */
	FAULT_OPENSSL, /* OpenSSL's */
	FAULT_RECV,
	FAULT_SEND,
	FAULT_KINDS
};

struct fault {
	const char *name;
	enum fault_what what;
	bool lasting;  /* all that follow fail too */
	int errnum;    /* 0: recv: the end; send: one byte is sent */
	bool harmless; /* the caller just goes on: it must succeed */
};

/* ---- the state of this process ---- */

static struct {
	bool armed;
	const struct fault *fault;
	unsigned long at;                 /* the n */
	unsigned long calls[FAULT_KINDS]; /* since it was armed */
	unsigned long fired;
	char wrong[1024]; /* a claim of the scenario that does not hold */
} fault_state;

/* For the parent: what the child is doing. */
static struct fault_report {
	unsigned long n; /* the child's next or present value */
	unsigned long runs, errors, leaks;
	char text[1024]; /* of the first violation */
} * fault_report;

/* Called by every place where a fault may be injected.  True: fail now. */
static bool
fault_hits(enum fault_what what)
{
	unsigned long n;

	if (!fault_state.armed)
		return false;
	n = ++fault_state.calls[what];
	if (fault_state.fault == NULL || fault_state.fault->what != what)
		return false;
	if (n != fault_state.at &&
	    !(fault_state.fault->lasting && n > fault_state.at))
		return false;
	fault_state.fired++;
	return true;
}

/* For scenarios: claim what must hold whatever failed. */
#define fault_claim(condition)                                                 \
	do {                                                                   \
		if (!(condition) && fault_state.wrong[0] == '\0')              \
			snprintf(fault_state.wrong, sizeof(fault_state.wrong), \
			    "%s:%d: does not hold: %s", __FILE__, __LINE__,    \
			    #condition);                                       \
	} while (0)

/* ---- what is allocated ---- */

static void *fault_live[FAULT_LIVE_MAX]; /* a hash table, open addressing */
static size_t fault_n_live;

static size_t
fault_slot(const void *ptr)
{
	uint64_t hash = (uint64_t)(uintptr_t)ptr * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(hash >> 40) & (FAULT_LIVE_MAX - 1);
}

static void *
fault_remember(void *ptr)
{
	size_t i = fault_slot(ptr);

	if (ptr == NULL || fault_n_live >= FAULT_LIVE_MAX / 2)
		return ptr;
	while (fault_live[i] != NULL)
		i = (i + 1) & (FAULT_LIVE_MAX - 1);
	fault_live[i] = ptr;
	fault_n_live++;
	return ptr;
}

static void
fault_forget(const void *ptr)
{
	size_t i = fault_slot(ptr), next;
	void *moved;

	while (fault_live[i] != ptr) {
		if (fault_live[i] == NULL)
			return;
		i = (i + 1) & (FAULT_LIVE_MAX - 1);
	}
	fault_live[i] = NULL;
	fault_n_live--;
	/* those behind it may have been put there because it was in the way */
	for (next = (i + 1) & (FAULT_LIVE_MAX - 1); fault_live[next] != NULL;
	     next = (next + 1) & (FAULT_LIVE_MAX - 1)) {
		moved = fault_live[next];
		fault_live[next] = NULL;
		fault_n_live--;
		fault_remember(moved);
	}
}

/* ---- the wrapped functions ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *ptr, size_t size);
void __real_free(void *ptr);
ssize_t __real_recv(int fd, void *buf, size_t len, int flags);
ssize_t __real_send(int fd, const void *buf, size_t len, int flags);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *ptr, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *ptr);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags);

static void *
fault_malloc(enum fault_what what, size_t size)
{
	if (!fault_hits(what))
		return fault_remember(__real_malloc(size));
	errno = ENOMEM;
	return NULL;
}

static void *
fault_realloc(enum fault_what what, void *ptr, size_t size)
{
	void *larger;

	if (fault_hits(what)) {
		errno = ENOMEM;
		return NULL;
	}
	if (ptr != NULL)
		fault_forget(ptr);
	larger = __real_realloc(ptr, size);
	return fault_remember(larger != NULL ? larger : ptr) == larger ? larger
								       : NULL;
}

void *
__wrap_malloc(size_t size)
{
	return fault_malloc(FAULT_OURS, size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	void *zeroed;

	if (size > 0 && count > SIZE_MAX / size)
		return NULL;
	if ((zeroed = fault_malloc(FAULT_OURS, count * size)) != NULL)
		memset(zeroed, 0, count * size);
	return zeroed;
}

void *
__wrap_realloc(void *ptr, size_t size)
{
	return fault_realloc(FAULT_OURS, ptr, size);
}

char *
__wrap_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = fault_malloc(FAULT_OURS, size);

	return copy != NULL ? memcpy(copy, text, size) : NULL;
}

void
__wrap_free(void *ptr)
{
	if (ptr != NULL)
		fault_forget(ptr);
	__real_free(ptr);
}

static void *
fault_openssl_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return size > 0 ? fault_malloc(FAULT_OPENSSL, size) : NULL;
}

static void
fault_openssl_free(void *ptr, const char *file, int line)
{
	(void)file;
	(void)line;
	__wrap_free(ptr);
}

static void *
fault_openssl_realloc(void *ptr, size_t size, const char *file, int line)
{
	if (size > 0)
		return fault_realloc(FAULT_OPENSSL, ptr, size);
	fault_openssl_free(ptr, file, line);
	return NULL;
}

/* Everything that the core sends goes through here: see fault_seen_sent. */
static void (*fault_sent)(const void *buf, size_t len);

ssize_t
__wrap_recv(int fd, void *buf, size_t len, int flags)
{
	if (!fault_hits(FAULT_RECV))
		return __real_recv(fd, buf, len, flags);
	if (fault_state.fault->errnum == 0)
		return 0;
	errno = fault_state.fault->errnum;
	return -1;
}

ssize_t
__wrap_send(int fd, const void *buf, size_t len, int flags)
{
	if (fault_sent != NULL)
		fault_sent(buf, len);
	if (!fault_hits(FAULT_SEND))
		return __real_send(fd, buf, len, flags);
	if (fault_state.fault->errnum == 0)
		return __real_send(fd, buf, len > 1 ? 1 : len, flags);
	errno = fault_state.fault->errnum;
	return -1;
}

/* OpenSSL's queue has 16 places, and keeps the memory of their texts: have it
 * all now, so that it is not taken for a leak later. */
static void
fault_fill_queue(void)
{
	int i;

	for (i = 0; i < 20; i++) {
		ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
		ERR_add_error_data(1, "text");
	}
	ERR_clear_error();
}

/* ---- the runs ---- */

/* True: it succeeded, and its result is right (fault_claim).  False: it
 * failed, and err tells why. */
typedef bool fault_scenario(struct iss_error *err);

/* Before anything else in main. */
static void
fault_begin(void)
{
	FILE *shared;

	if (!CRYPTO_set_mem_functions(fault_openssl_malloc,
		fault_openssl_realloc, fault_openssl_free)) {
		printf("Bail out! OpenSSL has allocated already\n");
		exit(2);
	}
	if ((shared = tmpfile()) == NULL ||
	    ftruncate(fileno(shared), sizeof(*fault_report)) != 0 ||
	    (fault_report = mmap(NULL, sizeof(*fault_report),
		 PROT_READ | PROT_WRITE, MAP_SHARED, fileno(shared), 0)) ==
		MAP_FAILED) {
		printf("Bail out! no shared memory: %s\n", strerror(errno));
		exit(2);
	}
	fclose(shared);
}

static bool
fault_run(fault_scenario *scenario, const struct fault *fault, unsigned long n,
    struct iss_error *err)
{
	bool good;

	memset(&fault_state, 0, sizeof(fault_state));
	iss_error_clear(err);
	fault_state.fault = fault;
	fault_state.at = n;
	fault_state.armed = true;
	good = scenario(err);
	fault_state.armed = false;
	return good;
}

/* The first violation is told, all are counted. */
TAP_FORMAT(1, 2)
static void
fault_violation(const char *fmt, ...)
{
	va_list args;

	if (fault_report->errors++ > 0)
		return;
	va_start(args, fmt);
	vsnprintf(fault_report->text, sizeof(fault_report->text), fmt, args);
	va_end(args);
}

static void
fault_judge(
    fault_scenario *scenario, const struct fault *fault, unsigned long n)
{
	struct iss_error err;
	size_t live = fault_n_live;
	bool good = fault_run(scenario, fault, n, &err);

	fault_report->runs++;
	if (fault_state.wrong[0] != '\0')
		fault_violation("n = %lu: %s", n, fault_state.wrong);
	else if (!good && !iss_error_is_set(&err))
		fault_violation("n = %lu: it failed without an error", n);
	else if (!good && fault_state.fired == 0)
		fault_violation(
		    "n = %lu: it failed, without a fault: %s", n, err.text);
	else if (!good && fault->harmless)
		fault_violation("n = %lu: it failed: %s", n, err.text);
	ERR_clear_error();
	if (fault_n_live <= live)
		return;
	/* OpenSSL makes some things once, when they are needed first. */
	live = fault_n_live;
	fault_run(scenario, fault, n, &err);
	ERR_clear_error();
	if (fault_n_live > live) {
		fault_report->leaks++;
		fault_violation("n = %lu: %zu allocations stay behind (%s)", n,
		    fault_n_live - live, err.text);
	}
}

/* Which n are tried: from first, every step, up to last. */
static struct {
	unsigned long first, step, last;
} fault_tries;

static void
fault_choose(unsigned long total)
{
	const char *which = getenv("ISS_FAULTS");
	unsigned long one = which != NULL ? strtoul(which, NULL, 10) : 0;

	fault_tries.first = one > 0 ? one : 1;
	fault_tries.last = one > 0 && one < total ? one : total;
	fault_tries.step = which != NULL ? 1 : total / FAULT_SAMPLES + 1;
}

/* In a child: from n, until it is done or dies. */
static void
fault_child(fault_scenario *scenario, const struct fault *fault)
{
	fault_run(scenario, NULL, 0, &(struct iss_error){ 0 });
	for (; fault_report->n <= fault_tries.last;
	     fault_report->n += fault_tries.step) {
		alarm(FAULT_SECONDS);
		fault_judge(scenario, fault, fault_report->n);
	}
	_exit(0);
}

/* Children, until all n are tried: each that dies is a violation. */
static void
fault_children(fault_scenario *scenario, const struct fault *fault)
{
	int status;
	pid_t pid;

	memset(fault_report, 0, sizeof(*fault_report));
	fault_report->n = fault_tries.first;
	while (fault_report->n <= fault_tries.last) {
		fflush(stdout);
		if ((pid = fork()) == 0)
			fault_child(scenario, fault);
		if (pid < 0 || waitpid(pid, &status, 0) != pid) {
			printf("Bail out! fork: %s\n", strerror(errno));
			exit(2);
		}
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			continue;
		fault_violation("n = %lu: status 0x%x (%s)", fault_report->n,
		    (unsigned)status,
		    WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM
			? "a hang"
			: "a crash");
		fault_report->n += fault_tries.step;
	}
}

/* Let one fault happen at every n of a scenario that succeeds without. */
static void
fault_try(const char *name, fault_scenario *scenario, const struct fault *fault)
{
	struct iss_error err;
	unsigned long total;

	fault_fill_queue();
	fault_run(scenario, NULL, 0, &err); /* OpenSSL loads what it needs */
	if (!fault_run(scenario, NULL, 0, &err) ||
	    fault_state.wrong[0] != '\0') {
		ok(false, "%s", name);
		diag("without a fault: %s%s", err.text, fault_state.wrong);
		return;
	}
	if ((total = fault_state.calls[fault->what]) == 0)
		return;
	fault_choose(total);
	fault_children(scenario, fault);
	ok(fault_report->errors == 0, "%s: %s", name, fault->name);
	diag("%lu of %lu tried", fault_report->runs, total);
	if (fault_report->errors > 0)
		diag("%lu violations (%lu leaks), the first: %s",
		    fault_report->errors, fault_report->leaks,
		    fault_report->text);
}

/* Memory runs out: for one allocation, or for good. */
static const struct fault fault_memory[] = {
	{ "an allocation of ours fails", FAULT_OURS, .lasting = false },
	{ "ours fail from then on", FAULT_OURS, .lasting = true },
	{ "an allocation of OpenSSL's fails", FAULT_OPENSSL, .lasting = false },
	{ "OpenSSL's fail from then on", FAULT_OPENSSL, .lasting = true },
};

static inline void
fault_try_memory(const char *name, fault_scenario *scenario)
{
	size_t i;

	for (i = 0; i < ROWS(fault_memory); i++)
		fault_try(name, scenario, &fault_memory[i]);
}

#endif
