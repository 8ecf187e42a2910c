/*
 * Secrets of a handshake: who is told of them, the file that gets them, and
 * files that cannot be written.
 */
#include "context/keylog.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pair.h"
#include "scratch.h"
#include "tap.h"

static const char *const versions[] = { "TLSv1_2", "TLSv1_3" };

/* What was told. */
static struct {
	int lines, warnings;
	char last[512], warning[512];
} told;

static void
hear_line(void *handle, const char *line)
{
	(void)handle;
	told.lines++;
	snprintf(told.last, sizeof(told.last), "%s", line);
}

static void
hear_warning(void *handle, const char *text)
{
	(void)handle;
	told.warnings++;
	snprintf(told.warning, sizeof(told.warning), "%s", text);
}

static const struct iss_callbacks callbacks = { .keylog = hear_line,
	.warn = hear_warning };

/* A context that logs to file; NULL: that tells only the program. */
static struct iss_ctx *
client_ctx(const char *version, const char *file)
{
	struct iss_link link = { .callbacks = &callbacks, .handle = &told };
	const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_ca_file", CERTS "ca.pem" },
		{ "SSL_version", version },
		{ file != NULL ? "SSL_keylog_file" : NULL, file },
	};
	struct iss_error err;
	struct iss_ctx *client = pair_try_ctx(&err, false, options, &link);

	ok(client != NULL, "a context that logs keys '%s'", err.text);
	return client;
}

static void
shake_hands_with(struct iss_ctx *client, const char *version)
{
	struct iss_ctx *server = pair_server_ctx(version);
	struct pair pair;

	memset(&told, 0, sizeof(told));
	pair_init(&pair);
	pair.client.callbacks = &callbacks;
	pair.client.handle = &told;
	pair_open(&pair, client, server);
	pair_handshake(&pair);
	is_int(pair.client.rv, ISS_OK, "%s: a handshake", version);
	pair_close(&pair);
	iss_ctx_free(client);
	iss_ctx_free(server);
}

static void
shake_hands(const char *version, const char *file)
{
	shake_hands_with(client_ctx(version, file), version);
}

static int
lines_of(const char *file)
{
	FILE *in = fopen(file, "r");
	int c, lines = 0;

	while (in != NULL && (c = getc(in)) != EOF)
		lines += c == '\n';
	if (in != NULL)
		fclose(in);
	return lines;
}

static void
test_file(const char *version)
{
	const char *file = scratch_path("keys");
	int first;
	struct stat status;

	unlink(file);
	shake_hands(version, file);
	first = told.lines;
	ok(first > 0, "... whose secrets are told");
	is_int(lines_of(file), first, "... and written, a line a secret");
	ok(stat(file, &status) == 0 && (status.st_mode & 0777) == 0600,
	    "... to a file of its owner");
	has_text(told.last,
	    strcmp(version, "TLSv1_3") == 0 ? "_SECRET" : "CLIENT_RANDOM ",
	    "... in words of NSS");
	shake_hands(version, file);
	is_int(lines_of(file), first + told.lines, "... and is appended to");
	shake_hands(version, NULL);
	ok(told.lines > 0, "told without a file, too");
	is_int(told.warnings, 0, "... no warning");
	unlink(file);
}

static void
test_full(void)
{
	if (access("/dev/full", W_OK) != 0) {
		diag("there is no /dev/full");
		return;
	}
	shake_hands("TLSv1_3", "/dev/full");
	is_int(told.warnings, 1, "one warning of many lines that are lost");
	has_text(told.warning,
	    "SSL_keylog_file: cannot write to /dev/full: ", "... which");
	has_text(told.warning, strerror(ENOSPC), "... why");
	ok(told.lines > 0, "... the program is told all the same");
}

static void
test_reader_gone(void)
{
	const char *fifo = scratch_path("pipe");
	struct iss_ctx *client;
	int reader;

	if (mkfifo(fifo, 0600) != 0 ||
	    (reader = open(fifo, O_RDONLY | O_NONBLOCK)) < 0) {
		diag("no named pipes");
		return;
	}
	client = client_ctx("TLSv1_3", fifo);
	close(reader);
	shake_hands_with(client, "TLSv1_3");
	is_int(told.warnings, 1, "... no signal, but a warning");
	has_text(told.warning, strerror(EPIPE), "... why");
	unlink(fifo);
}

static void
test_refused(void)
{
	SSL_CTX *ctx = raw_ctx(false, TLS1_3_VERSION);
	const char *fifo = scratch_path("fifo");
	struct iss_error err;
	bool is_public = true;

	iss_error_clear(&err);
	is_int(iss_keylog_use(
		   &err, ctx, scratch_path("none/keys"), false, &is_public),
	    ISS_ERROR, "a folder that is not there");
	has_text(err.text, "SSL_keylog_file: ", "... names the option");
	is_int(err.sys_errno, ENOENT, "... errno");
	iss_error_clear(&err);
	is_int(iss_keylog_use(&err, ctx, NULL, true, &is_public), ISS_ERROR,
	    "a process that is tainted");
	is_text(err.text, "no key log under setuid, setgid or taint",
	    "... says so");
	ok(!is_public, "... is not public");
	iss_error_clear(&err);
	if (mkfifo(fifo, 0600) == 0) {
		is_int(iss_keylog_use(&err, ctx, fifo, false, &is_public),
		    ISS_ERROR, "a pipe that nobody reads is not waited for");
		is_int(err.sys_errno, ENXIO, "... errno");
		unlink(fifo);
	}
	SSL_CTX_free(ctx);
}

static void
test_public(void)
{
	SSL_CTX *ctx = raw_ctx(false, TLS1_3_VERSION);
	const char *file = scratch_path("public");
	struct iss_error err;
	bool is_public = false;
	FILE *out = fopen(file, "w");

	if (out != NULL)
		fclose(out);
	chmod(file, 0644);
	iss_error_clear(&err);
	is_int(iss_keylog_use(&err, ctx, file, false, &is_public), ISS_OK,
	    "a file that others can read");
	ok(is_public, "... is told of");
	SSL_CTX_free(ctx);
	unlink(file);
}

int
main(void)
{
	size_t v;

	for (v = 0; v < ROWS(versions); v++)
		test_file(versions[v]);
	test_full();
	test_reader_gone();
	test_refused();
	test_public();
	return tap_done();
}
