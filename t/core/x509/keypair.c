/*
 * Certificates and keys from files of every format, and what is said of
 * those that cannot be read.
 */
#define _XOPEN_SOURCE 700 /* posix_openpt */
#include "x509/keypair.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>

#include "hidden.h"
#include "tap.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	CERT = ISS_KEYPAIR_CERT,
	KEY = ISS_KEYPAIR_KEY,
	BOTH = ISS_KEYPAIR_BOTH,
	TRY = ISS_KEYPAIR_TRY_KEY,
	P12 = ISS_KEYPAIR_PKCS12_KEY
};

static struct iss_error err;

/* A password, and how often it was asked for. */
struct asked {
	const char *password; /* NULL: there is none */
	int times;
};

static int
answer(void *arg, char *buf, size_t size)
{
	struct asked *asked = arg;
	size_t len;

	asked->times++;
	if (asked->password == NULL)
		return -1;
	len = strlen(asked->password);
	if (len > size)
		return -1;
	memcpy(buf, asked->password, len);
	return (int)len;
}

static const struct good_case {
	const char *file;
	unsigned want;
	const char *cert; /* the certificate that is found, or NULL */
	const char *key;  /* the certificate whose key is found, or NULL */
	const char *chain[3];
	int asked; /* times */
} good_cases[] = {
	/* PEM */
	{ "server.pem", CERT, "server", NULL, { NULL }, 0 },
	{ "server.key", KEY, NULL, "server", { NULL }, 0 },
	{ "server.pem", CERT | TRY, "server", NULL, { NULL }, 0 },
	{ "server-both.pem", BOTH, "server", "server", { NULL }, 0 },
	{ "server-both.pem", CERT, "server", NULL, { NULL }, 0 },
	{ "server-both.pem", KEY, NULL, "server", { NULL }, 0 },
	{ "server-both.pem", CERT | TRY, "server", "server", { NULL }, 0 },
	{ "server-sub-chain.pem", CERT, "server-sub", NULL, { "sub-ca" }, 0 },
	{ "server-sub-both.pem", BOTH, "server-sub", "server-sub", { "sub-ca" },
	    0 },
	{ "bom.pem", CERT, "server-sub", NULL, { "sub-ca" }, 0 },
	{ "bundle.pem", CERT, "ca", NULL, { "other-ca", "ca" }, 0 },
	{ "trusted-server.pem", CERT, "ca", NULL, { NULL }, 0 },
	{ "server-rsa.key", KEY, NULL, "server", { NULL }, 0 },
	{ "server-ecdsa.key", KEY, NULL, "server-ecdsa", { NULL }, 0 },
	{ "server-ecdsa-ec.key", KEY, NULL, "server-ecdsa", { NULL }, 0 },
	{ "encrypted.key", KEY, NULL, "server", { NULL }, 1 },
	{ "encrypted-rsa.key", KEY, NULL, "server", { NULL }, 1 },
	{ "encrypted-both.pem", BOTH, "server", "server", { NULL }, 1 },
	{ "encrypted-both.pem", CERT, "server", NULL, { NULL }, 0 },
	/* DER */
	{ "server.der", CERT, "server", NULL, { NULL }, 0 },
	{ "server.der", CERT | TRY, "server", NULL, { NULL }, 0 },
	{ "server-key.der", KEY, NULL, "server", { NULL }, 0 },
	{ "server-key-rsa.der", KEY, NULL, "server", { NULL }, 0 },
	{ "server-ecdsa-key-ec.der", KEY, NULL, "server-ecdsa", { NULL }, 0 },
	{ "encrypted-key.der", KEY, NULL, "server", { NULL }, 1 },
	/* PKCS#12, whose chain is not in order */
	{ "server-sub.p12", BOTH, "server-sub", "server-sub",
	    { "sub-ca", "ca" }, 0 },
	{ "server-sub-secret.p12", BOTH, "server-sub", "server-sub",
	    { "sub-ca", "ca" }, 1 },
	{ "server-sub-secret.p12", CERT, "server-sub", NULL, { "sub-ca", "ca" },
	    1 },
	{ "server-sub-secret.p12", KEY, NULL, "server-sub", { NULL }, 1 },
	{ "certs-only-secret.p12", CERT | TRY, "ca", NULL, { NULL }, 1 },
	{ "certs-only-secret.p12", CERT | P12, "ca", NULL, { NULL }, 1 },
	{ "server-sub.p12", CERT | P12, "server-sub", "server-sub",
	    { "sub-ca", "ca" }, 0 },
	{ "server-both.pem", CERT | P12, "server", NULL, { NULL }, 0 },
};

static bool
is_cert(const X509 *got, const char *name)
{
	X509 *want;
	bool same;

	if (got == NULL || name == NULL)
		return got == NULL && name == NULL;
	want = fixture_cert(name);
	same = X509_cmp(got, want) == 0;
	X509_free(want);
	return same;
}

static bool
is_key_of(EVP_PKEY *got, const char *name)
{
	X509 *cert;
	bool same;

	if (got == NULL || name == NULL)
		return got == NULL && name == NULL;
	cert = fixture_cert(name);
	same = X509_check_private_key(cert, got) == 1;
	X509_free(cert);
	return same;
}

static const char *
want_text(unsigned want)
{
	static const char *const texts[] = {
		[CERT] = "cert",
		[KEY] = "key",
		[BOTH] = "cert and key",
		[CERT | TRY] = "cert, perhaps a key",
		[CERT | P12] = "cert, a key in PKCS#12",
	};

	return texts[want];
}

static void
test_good(const struct good_case *c)
{
	struct asked asked = { "secret", 0 };
	const char *want = want_text(c->want);
	struct iss_keypair pair;
	char path[256];
	int i = 0;

	iss_keypair_init(&pair);
	snprintf(path, sizeof(path), CERTS "%s", c->file);
	is_int(iss_keypair_load(&err, &pair, path, c->want, answer, &asked), 0,
	    "%s: %s", c->file, want);
	is_text(err.text, "", "%s: %s: no error", c->file, want);
	ok(is_cert(pair.cert, c->cert), "%s: %s: certificate is %s", c->file,
	    want, c->cert ? c->cert : "none");
	ok(is_key_of(pair.key, c->key), "%s: %s: key is of %s", c->file, want,
	    c->key ? c->key : "none");
	while (i < 3 && c->chain[i] != NULL) {
		ok(is_cert(sk_X509_value(pair.chain, i), c->chain[i]),
		    "%s: %s: in chain %s", c->file, want, c->chain[i]);
		i++;
	}
	ok(pair.chain == NULL ? i == 0 : sk_X509_num(pair.chain) == i,
	    "%s: %s: nothing else in the chain", c->file, want);
	is_int(
	    asked.times, c->asked, "%s: %s: password asked for", c->file, want);
	is_int((long long)ERR_peek_error(), 0, "%s: %s: empty queue", c->file,
	    want);
	iss_keypair_release(&pair);
	ok(pair.cert == NULL && pair.chain == NULL && pair.key == NULL,
	    "%s: %s: released", c->file, want);
}

static const struct bad_case {
	const char *file;
	unsigned want;
	const char *password; /* NULL: the callback has none */
	bool no_callback;
	int asked;
	const char *reason;
	int sys_errno;
} bad_cases[] = {
	{ .file = "no-such-file.pem",
	    .want = CERT,
	    .reason = "No such file",
	    .sys_errno = ENOENT },
	{ .file = "ca-dir",
	    .want = CERT,
	    .reason = "s a directory",
	    .sys_errno = EISDIR },
	{ .file = "empty.pem", .want = CERT, .reason = "is empty" },
	{ .file = "garbage.txt",
	    .want = CERT,
	    .reason = "neither PEM, DER nor PKCS#12" },
	{ .file = "garbage.der",
	    .want = KEY,
	    .reason = "neither PEM, DER nor PKCS#12" },
	{ .file = "garbage-block.pem",
	    .want = CERT,
	    .reason = "certificate in PEM block 1 is damaged" },
	{ .file = "cut-off.pem",
	    .want = CERT,
	    .reason = "PEM block 1 is damaged" },
	{ .file = "server.pem", .want = KEY, .reason = "no private key found" },
	{ .file = "server.der",
	    .want = BOTH,
	    .reason = "no private key found" },
	{ .file = "server.key",
	    .want = CERT,
	    .reason = "no certificate found" },
	{ .file = "server-key.der",
	    .want = CERT,
	    .reason = "no certificate found" },
	{ .file = "encrypted-key.der",
	    .want = CERT,
	    .password = "secret",
	    .reason = "no certificate found" },
	{ .file = "crl.pem", .want = BOTH, .reason = "no certificate found" },
	{ .file = "certs-only-secret.p12",
	    .want = KEY,
	    .password = "secret",
	    .asked = 1,
	    .reason = "no private key found" },

	{ .file = "encrypted.key",
	    .want = KEY,
	    .password = "wrong",
	    .asked = 1,
	    .reason = "wrong password" },
	{ .file = "encrypted.key",
	    .want = KEY,
	    .password = "",
	    .asked = 1,
	    .reason = "wrong password" },
	{ .file = "encrypted-rsa.key",
	    .want = KEY,
	    .password = "wrong",
	    .asked = 1,
	    .reason = "wrong password" },
	{ .file = "encrypted-both.pem",
	    .want = CERT | TRY,
	    .password = "wrong",
	    .asked = 1,
	    .reason = "wrong password" },
	{ .file = "encrypted-key.der",
	    .want = KEY,
	    .password = "wrong",
	    .asked = 1,
	    .reason = "wrong password" },
	{ .file = "server-sub-secret.p12",
	    .want = BOTH,
	    .password = "wrong",
	    .asked = 1,
	    .reason = "wrong password" },
	{ .file = "encrypted.key",
	    .want = KEY,
	    .asked = 1,
	    .reason = "no password was given" },
	{ .file = "encrypted-rsa.key",
	    .want = KEY,
	    .asked = 1,
	    .reason = "no password was given" },
	{ .file = "server-sub-secret.p12",
	    .want = CERT,
	    .asked = 1,
	    .reason = "PKCS#12 is encrypted and no password was given" },
	{ .file = "encrypted-key.der",
	    .want = KEY,
	    .no_callback = true,
	    .reason = "no password was given" },
	{ .file = "server-sub-secret.p12",
	    .want = CERT,
	    .no_callback = true,
	    .reason = "no password was given" },
};

static void
test_bad(const struct bad_case *c)
{
	struct asked asked = { c->password, 0 };
	const char *want = want_text(c->want);
	struct iss_keypair pair;
	char path[256];

	iss_keypair_init(&pair);
	pair.cert = fixture_cert("ca");
	snprintf(path, sizeof(path), CERTS "%s", c->file);
	is_int(iss_keypair_load(&err, &pair, path, c->want,
		   c->no_callback ? NULL : answer, &asked),
	    ISS_ERROR, "%s: %s: refused", c->file, want);
	ok(strncmp(err.text, path, strlen(path)) == 0,
	    "%s: %s: error begins with the file", c->file, want);
	has_text(err.text, c->reason, "%s: %s: reason", c->file, want);
	is_int(err.sys_errno, c->sys_errno, "%s: %s: errno", c->file, want);
	is_int(
	    asked.times, c->asked, "%s: %s: password asked for", c->file, want);
	ok(is_cert(pair.cert, "ca") && pair.key == NULL,
	    "%s: %s: what was held before stays", c->file, want);
	is_int((long long)ERR_peek_error(), 0, "%s: %s: empty queue", c->file,
	    want);
	iss_error_clear(&err);
	iss_keypair_release(&pair);
}

/* Two loads into one pair, as of a certificate and a key file; loading anew
 * replaces. */
static void
test_two_files(void)
{
	struct iss_keypair pair;

	iss_keypair_init(&pair);
	iss_keypair_load(
	    &err, &pair, CERTS "server-sub-chain.pem", CERT, NULL, NULL);
	iss_keypair_load(&err, &pair, CERTS "server.key", KEY, NULL, NULL);
	ok(is_cert(pair.cert, "server-sub") && is_key_of(pair.key, "server"),
	    "certificate and key of two files");
	is_int(iss_keypair_check(&err, &pair, "c.pem", "k.pem"), ISS_ERROR,
	    "which do not belong together");
	has_text(err.text,
	    "the private key in k.pem does not match the certificate in "
	    "c.pem",
	    "error names both files");
	iss_error_clear(&err);
	is_int(iss_keypair_check(&err, &pair, "x.pem", "x.pem"), ISS_ERROR,
	    "nor were they in one file");
	has_text(err.text, "x.pem: the private key does not match",
	    "error names the file");
	iss_error_clear(&err);

	iss_keypair_load(&err, &pair, CERTS "server-sub.key", KEY, NULL, NULL);
	ok(is_key_of(pair.key, "server-sub"), "a new key replaces the old");
	is_int(iss_keypair_check(&err, &pair, "c.pem", "k.pem"), 0, "and fits");
	iss_keypair_load(&err, &pair, CERTS "ca.pem", CERT, NULL, NULL);
	ok(is_cert(pair.cert, "ca") && pair.chain == NULL,
	    "a new certificate replaces the old and its chain");
	iss_keypair_load(
	    &err, &pair, CERTS "server-ecdsa.key", KEY, NULL, NULL);
	is_int(iss_keypair_check(&err, &pair, "c.pem", "k.pem"), ISS_ERROR,
	    "keys of different kinds do not fit");
	iss_error_clear(&err);
	iss_keypair_release(&pair);
}

/* A key whose public half is hidden is tried by a signature. */
static void
test_hidden_key(void)
{
	struct iss_keypair pair;
	EVP_PKEY *hidden = hidden_key("server-ecdsa");

	if (hidden == NULL)
		return;
	iss_keypair_init(&pair);
	pair.cert = fixture_cert("server-ecdsa");
	pair.key = hidden;
	EVP_PKEY_up_ref(hidden);
	is_int(iss_keypair_check(&err, &pair, "SSL_cert", "SSL_key"), ISS_OK,
	    "a hidden key fits: %s", err.text);
	ok(pair.key != hidden && pair.matched, "... and can be used");
	is_int((long)ERR_peek_error(), 0, "... empty queue");
	iss_keypair_release(&pair);

	pair.cert = fixture_cert("server");
	pair.key = hidden;
	is_int(iss_keypair_check(&err, &pair, "SSL_cert", "SSL_key"), ISS_ERROR,
	    "... or it does not");
	has_text(err.text,
	    "the private key in SSL_key does not match the certificate in "
	    "SSL_cert",
	    "... the error says so");
	ok(pair.key == hidden, "... and the key stays");
	iss_error_clear(&err);
	iss_keypair_release(&pair);
}

/* Put a whole file, smaller than a pipe's room, into a pipe; the end to read
 * from, or -1. */
static int
file_in_pipe(const char *path)
{
	char chunk[16384];
	FILE *in = fopen(path, "r");
	size_t len = fread(chunk, 1, sizeof(chunk), in);
	int fds[2];

	fclose(in);
	if (pipe(fds) != 0)
		return -1;
	if (write(fds[1], chunk, len) != (ssize_t)len) {
		close(fds[0]);
		fds[0] = -1;
	}
	close(fds[1]);
	return fds[0];
}

static void
test_pipe(void)
{
	int fd = file_in_pipe(CERTS "server-both.pem");
	struct iss_keypair pair;
	char path[64];

	iss_keypair_init(&pair);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	if (access(path, R_OK) != 0) {
		ok(true, "no /dev/fd here");
	} else {
		is_int(iss_keypair_load(&err, &pair, path, BOTH, NULL, NULL), 0,
		    "from a pipe");
		ok(is_cert(pair.cert, "server") &&
			is_key_of(pair.key, "server"),
		    "comes all");
	}
	close(fd);
	iss_keypair_release(&pair);
}

static void
test_too_large(void)
{
	struct iss_keypair pair;

	iss_keypair_init(&pair);
	if (access("/dev/zero", R_OK) != 0) {
		ok(true, "no /dev/zero here");
		return;
	}
	is_int(iss_keypair_load(&err, &pair, "/dev/zero", CERT, NULL, NULL),
	    ISS_ERROR, "an endless file is refused");
	has_text(err.text, "the file is too large", "as too large");
	iss_error_clear(&err);
	is_int(iss_keypair_parse(&err, &pair, "here", "x", 0, CERT, NULL, NULL),
	    ISS_ERROR, "no bytes at all are refused");
	iss_error_clear(&err);
}

/* A password of all the bytes there is room for, and answers that are not
 * possible. */
static int
answer_size(void *arg, char *buf, size_t size)
{
	memset(buf, 'x', size);
	return (int)size + *(int *)arg;
}

static int
answer_zero(void *arg, char *buf, size_t size)
{
	(void)arg;
	(void)size;
	memcpy(buf, "secret\0x", 8);
	return 8;
}

static void
test_odd_passwords(void)
{
	struct iss_keypair pair;
	int more;

	iss_keypair_init(&pair);
	for (more = 0; more < 2; more++) {
		is_int(iss_keypair_load(&err, &pair, CERTS "encrypted-rsa.key",
			   KEY, answer_size, &more),
		    ISS_ERROR, "password of all bytes and %d", more);
		has_text(err.text,
		    more ? "no password was given" : "wrong password",
		    "is told as that");
		iss_error_clear(&err);
	}
	is_int(iss_keypair_load(&err, &pair, CERTS "server-sub-secret.p12",
		   BOTH, answer_zero, NULL),
	    ISS_ERROR, "a zero in a password does not end it");
	has_text(err.text, "wrong password", "so it is wrong");
	iss_error_clear(&err);
}

/*
 * What OpenSSL 3 refuses without its legacy provider is told as that, before
 * a password is asked for; other versions read it.
 */
static void
test_legacy(void)
{
	struct asked asked = { "secret", 0 };
	struct iss_keypair pair;
	int rv;

	iss_keypair_init(&pair);
	rv = iss_keypair_load(
	    &err, &pair, CERTS "legacy-secret.p12", BOTH, answer, &asked);
	if (rv == 0)
		ok(is_cert(pair.cert, "server"), "legacy PKCS#12 is read");
	else
		has_text(err.text, "this OpenSSL does not support",
		    "legacy PKCS#12 is refused as that");
	iss_error_clear(&err);
	iss_keypair_release(&pair);
}

/* In the child: a session of its own, on this terminal or on none, with a
 * password on standard input that must not be taken. */
static int
load_on_terminal(const char *terminal)
{
	struct iss_keypair pair;
	int fds[2], rv;

	if (pipe(fds) != 0 || write(fds[1], "secret\n", 7) != 7 ||
	    dup2(fds[0], 0) != 0)
		return 3;
	close(fds[1]);
	setsid();
	if (terminal != NULL && open(terminal, O_RDWR) < 0)
		return 4;
	iss_keypair_init(&pair);
	rv = iss_keypair_load(
	    &err, &pair, CERTS "encrypted.key", KEY, NULL, NULL);
	if (rv == 0)
		rv = is_key_of(pair.key, "server") ? 0 : 5;
	else
		rv = strstr(err.text, "no password was given") ? 1 : 6;
	iss_keypair_release(&pair);
	return rv;
}

static int
exit_status(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Wait until the prompt appears, then type.  False when it does not. */
static bool
type_at_prompt(int master, const char *text)
{
	struct pollfd pfd = { .fd = master, .events = POLLIN };
	char seen[256] = "";
	size_t len = 0;
	ssize_t got;

	while (strstr(seen, "phrase") == NULL) {
		if (poll(&pfd, 1, 10000) != 1)
			return false;
		got = read(master, seen + len, sizeof(seen) - 1 - len);
		if (got <= 0)
			return false;
		len += (size_t)got;
		seen[len] = '\0';
	}
	return write(master, text, strlen(text)) == (ssize_t)strlen(text);
}

static void
test_terminal(void)
{
	pid_t pid;
	int master;

	fflush(stdout);
	if ((pid = fork()) == 0)
		_exit(load_on_terminal(NULL));
	is_int(exit_status(pid), 1,
	    "without a terminal there is no prompt, nor a look at stdin");

	master = posix_openpt(O_RDWR | O_NOCTTY);
	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
		ok(true, "no pseudo terminals here");
		return;
	}
	if ((pid = fork()) == 0)
		_exit(load_on_terminal(ptsname(master)));
	ok(type_at_prompt(master, "secret\n"), "on a terminal one is asked");
	is_int(exit_status(pid), 0, "and what is typed is the password");
	close(master);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < COUNT(good_cases); i++)
		test_good(&good_cases[i]);
	for (i = 0; i < COUNT(bad_cases); i++)
		test_bad(&bad_cases[i]);
	test_two_files();
	test_hidden_key();
	test_pipe();
	test_too_large();
	test_odd_passwords();
	test_legacy();
	test_terminal();
	return tap_done();
}
