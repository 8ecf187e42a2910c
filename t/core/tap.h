/*
 * Test Anything Protocol for the tests of the core: each is a program that
 * includes this once and ends with "return tap_done();".  The descriptions
 * are formats, so that a row of a table can tell its name.
 */
#ifndef ISS_TAP_H
#define ISS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static int tap_run, tap_failed;

#define TAP_FORMAT(n, m) __attribute__((format(printf, n, m), unused))

/* A remark; every line of it becomes a comment. */
TAP_FORMAT(1, 2)
static void
diag(const char *fmt, ...)
{
	char text[2048];
	char *line, *rest = text;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	while ((line = strtok_r(rest, "\n", &rest)) != NULL)
		printf("# %s\n", line);
	fflush(stdout);
}

/* The description, with what would end the line or begin a directive
 * written otherwise. */
static void
tap_line(bool pass, const char *file, int line, const char *fmt, va_list args)
{
	char text[1024];
	const char *c;

	vsnprintf(text, sizeof(text), fmt, args);
	printf("%sok %d - ", pass ? "" : "not ", ++tap_run);
	for (c = text; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c > '~' ||
		    *c == '#' || *c == '\\')
			printf("\\x%02x", (unsigned char)*c);
		else
			putchar(*c);
	putchar('\n');
	fflush(stdout);
	if (!pass) {
		tap_failed++;
		diag("failed at %s line %d", file, line);
	}
}

/* ok(condition, "%s", "what is claimed"); true if it holds. */
#define ok(pass, ...) tap_ok(pass, __FILE__, __LINE__, __VA_ARGS__)
TAP_FORMAT(4, 5)
static bool
tap_ok(bool pass, const char *file, int line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tap_line(pass, file, line, fmt, args);
	va_end(args);
	return pass;
}

#define is_int(got, want, ...)                                                 \
	tap_is_int(got, want, __FILE__, __LINE__, __VA_ARGS__)
TAP_FORMAT(5, 6)
static bool
tap_is_int(long long got, long long want, const char *file, int line,
    const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tap_line(got == want, file, line, fmt, args);
	va_end(args);
	if (got != want)
		diag("     got: %lld\nexpected: %lld", got, want);
	return got == want;
}

#define is_text(got, want, ...)                                                \
	tap_is_text(got, want, __FILE__, __LINE__, __VA_ARGS__)
TAP_FORMAT(5, 6)
static bool
tap_is_text(const char *got, const char *want, const char *file, int line,
    const char *fmt, ...)
{
	bool same = got == want ||
		    (got != NULL && want != NULL && strcmp(got, want) == 0);
	va_list args;

	va_start(args, fmt);
	tap_line(same, file, line, fmt, args);
	va_end(args);
	if (!same)
		diag("     got: %s\nexpected: %s", got ? got : "(null)",
		    want ? want : "(null)");
	return same;
}

/* Are the bytes, which may contain NUL, equal? */
#define is_bytes(got, got_len, want, want_len, ...)                            \
	tap_is_bytes(                                                          \
	    got, got_len, want, want_len, __FILE__, __LINE__, __VA_ARGS__)
TAP_FORMAT(7, 8)
static bool
tap_is_bytes(const void *got, size_t got_len, const void *want, size_t want_len,
    const char *file, int line, const char *fmt, ...)
{
	const void *texts[2] = { got, want };
	size_t lens[2] = { got_len, want_len };
	bool same = got_len == want_len &&
		    (got_len == 0 || memcmp(got, want, got_len) == 0);
	char hex[3 * 256 + 1];
	va_list args;
	size_t i, n;

	va_start(args, fmt);
	tap_line(same, file, line, fmt, args);
	va_end(args);
	for (n = 0; !same && n < 2; n++) {
		for (i = 0, hex[0] = '\0'; i < lens[n] && i < 256; i++)
			snprintf(hex + 3 * i, 4, " %02x",
			    ((const unsigned char *)texts[n])[i]);
		diag("%s: %zu bytes%s", n == 0 ? "     got" : "expected",
		    lens[n], hex);
	}
	return same;
}

/* Does the text contain the part?  For messages, whose rest may change. */
#define has_text(text, part, ...)                                              \
	tap_has_text(text, part, __FILE__, __LINE__, __VA_ARGS__)
TAP_FORMAT(5, 6)
static bool
tap_has_text(const char *text, const char *part, const char *file, int line,
    const char *fmt, ...)
{
	bool has = text != NULL && strstr(text, part) != NULL;
	va_list args;

	va_start(args, fmt);
	tap_line(has, file, line, fmt, args);
	va_end(args);
	if (!has)
		diag("     got: %s\nmissing: %s", text ? text : "(null)", part);
	return has;
}

/* The plan; the result is the exit status of the program. */
static inline int
tap_done(void)
{
	printf("1..%d\n", tap_run);
	return tap_failed > 0 || tap_run == 0 ? 1 : 0;
}

#endif
