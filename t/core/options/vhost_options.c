/*
 * Options of a server of several names: which values a host has, and which
 * certificates it shows.  A row gives options in the words of a Perl hash, and
 * says what some hosts get.
 */
#include "options/vhost_options.h"

#include <string.h>

#include "tap.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

enum { GIVEN_MAX = 8, WANTED_MAX = 6 };

/* The value of an option, for all hosts (key NULL) or one of them. */
struct value {
	const char *option;
	const char *key;
	const char *value;
};

/* The hosts, and what is asked for one of them: an option of the context, or
 * the certificates as "tag=cert_file,key_file;..." */
struct want {
	const char *host;
	const char *option; /* NULL: the certificates */
	const char *value;  /* NULL: none */
};

static const struct {
	const char *label;
	struct value given[GIVEN_MAX];
	const char *hosts; /* each followed by a blank */
	struct want wanted[WANTED_MAX];
} cases[] = {
	{ "nothing is given", { { NULL, NULL, NULL } }, "",
	    { { "", NULL, "=-,-;" }, { "", "SSL_cipher_list", NULL } } },
	{ "all hosts",
	    { { "SSL_cert_file", NULL, "c" }, { "SSL_key_file", NULL, "k" },
		{ "SSL_cipher_list", NULL, "HIGH" } },
	    "", { { "", NULL, "=c,k;" }, { "", "SSL_cipher_list", "HIGH" } } },
	{ "two hosts and any other",
	    { { "SSL_cert_file", "a", "ca" }, { "SSL_cert_file", "b", "cb" },
		{ "SSL_cert_file", "", "c" }, { "SSL_key_file", "a", "ka" },
		{ "SSL_key_file", "b", "kb" }, { "SSL_key_file", "", "k" } },
	    "a b ",
	    { { "a", NULL, "=ca,ka;" }, { "b", NULL, "=cb,kb;" },
		{ "", NULL, "=c,k;" }, { "other", NULL, "=c,k;" } } },
	{ "no other host",
	    { { "SSL_cert_file", "a", "ca" }, { "SSL_key_file", "a", "ka" } },
	    "a ", { { "a", NULL, "=ca,ka;" }, { "", NULL, "" } } },
	{ "a key for all",
	    { { "SSL_cert_file", "a", "ca" }, { "SSL_cert_file", "b", "cb" },
		{ "SSL_key_file", NULL, "k" } },
	    "a b ",
	    { { "a", NULL, "=ca,k;" }, { "b", NULL, "=cb,k;" },
		{ "", NULL, "" } } },
	{ "a certificate for all, keys by host",
	    { { "SSL_cert_file", NULL, "c" }, { "SSL_key_file", "a", "ka" } },
	    "a ", { { "a", NULL, "=c,ka;" }, { "", NULL, "=c,-;" } } },
	{ "two certificates of a host",
	    { { "SSL_cert_file", "a", "ca" },
		{ "SSL_cert_file", "a%ecc", "ce" },
		{ "SSL_key_file", "a", "ka" },
		{ "SSL_key_file", "a%ecc", "ke" } },
	    "a ", { { "a", NULL, "=ca,ka;ecc=ce,ke;" } } },
	{ "tags without the one that is empty",
	    { { "SSL_cert_file", "a%rsa", "cr" },
		{ "SSL_cert_file", "a%ecc", "ce" },
		{ "SSL_key_file", NULL, "k" } },
	    "a ", { { "a", NULL, "ecc=ce,k;rsa=cr,k;" } } },
	{ "two certificates of any other host",
	    { { "SSL_cert_file", "", "c" }, { "SSL_cert_file", "%ecc", "ce" },
		{ "SSL_key_file", "", "k" }, { "SSL_key_file", "%ecc", "ke" } },
	    "", { { "", NULL, "=c,k;ecc=ce,ke;" } } },
	{ "a tag of the key alone",
	    { { "SSL_cert_file", "a", "ca" }, { "SSL_key_file", "a%b", "kb" } },
	    "a ", { { "a", NULL, "=ca,-;b=-,kb;" } } },
	{ "an empty tag is none", { { "SSL_cert_file", "a%", "ca" } }, "a ",
	    { { "a", NULL, "=ca,-;" } } },
	{ "a tag with a percent sign", { { "SSL_cert_file", "a%b%c", "ca" } },
	    "a ", { { "a", NULL, "b%c=ca,-;" } } },
	{ "an option by host alone: the certificates of all",
	    { { "SSL_cert_file", NULL, "c" }, { "SSL_key_file", NULL, "k" },
		{ "SSL_cipher_list", "a", "HIGH" } },
	    "a ",
	    { { "a", "SSL_cipher_list", "HIGH" },
		{ "", "SSL_cipher_list", NULL }, { "a", NULL, "=c,k;" },
		{ "", NULL, "=c,k;" } } },
	{ "a host without a value has that of any other",
	    { { "SSL_cert_file", "a", "ca" }, { "SSL_cert_file", "", "c" },
		{ "SSL_cipher_list", "", "HIGH" },
		{ "SSL_verify_mode", "b", "1" } },
	    "a b ",
	    { { "a", "SSL_cipher_list", "HIGH" },
		{ "a", "SSL_verify_mode", NULL },
		{ "b", "SSL_verify_mode", "1" }, { "b", NULL, "=c,-;" } } },
	{ "a tag means nothing to other options, but names the host",
	    { { "SSL_cipher_list", "a%ecc", "HIGH" } }, "a ",
	    { { "a", "SSL_cipher_list", NULL }, { "a", NULL, "=-,-;" } } },
	{ "capitals, a final dot",
	    { { "SSL_cert_file", "A.Example.", "ca" },
		{ "SSL_key_file", "a.example", "ka" } },
	    "a.example ", { { "a.example", NULL, "=ca,ka;" } } },
#ifdef HAVE_LIBIDN2
	{ "A-labels",
	    { { "SSL_cert_file",
		  "B\xc3\xbc"
		  "cher.example",
		  "cb" },
		{ "SSL_key_file", "xn--bcher-kva.EXAMPLE", "kb" } },
	    "xn--bcher-kva.example ",
	    { { "xn--bcher-kva.example", NULL, "=cb,kb;" } } },
#endif
	{ "no host name at all", { { "SSL_cert_file", "a*.A", "ca" } }, "a*.a ",
	    { { "a*.a", NULL, "=ca,-;" } } },
	{ "a wildcard serves hosts without certificates",
	    { { "SSL_cert_file", "*.A.test.", "cw" },
		{ "SSL_key_file", "*.a.test", "kw" },
		{ "SSL_cert_file", "b.a.test", "cb" },
		{ "SSL_key_file", "b.a.test", "kb" },
		{ "SSL_cipher_list", "c.a.test", "HIGH" } },
	    "*.a.test b.a.test c.a.test ",
	    { { "*.a.test", NULL, "=cw,kw;" }, { "b.a.test", NULL, "=cb,kb;" },
		{ "c.a.test", NULL, "=cw,kw;" } } },
	{ "exact, then the wildcard, then any other host",
	    { { "SSL_cipher_list", "*.a.test", "HIGH" },
		{ "SSL_cipher_list", "", "LOW" },
		{ "SSL_cipher_list", "b.a.test", "NULL" },
		{ "SSL_cert_file", "c.a.test", "c" },
		{ "SSL_cert_file", "c.c.a.test", "c" } },
	    "*.a.test b.a.test c.a.test c.c.a.test ",
	    { { "b.a.test", "SSL_cipher_list", "NULL" },
		{ "c.a.test", "SSL_cipher_list", "HIGH" },
		{ "c.c.a.test", "SSL_cipher_list", "LOW" } } },
	{ "a dot is any other host", { { "SSL_cert_file", ".", "c" } }, "",
	    { { "", NULL, "=c,-;" } } },
	{ "given twice: the later one",
	    { { "SSL_cert_file", "A", "first" },
		{ "SSL_cert_file", "a", "second" } },
	    "a ", { { "a", NULL, "=second,-;" } } },
};

static const struct iss_option *
option_named(const char *name)
{
	size_t i, n, count;
	const struct iss_option *options = iss_config_options(&count);

	for (n = 0; n < 2; n++) {
		for (i = 0; i < count; i++)
			if (strcmp(options[i].name, name) == 0)
				return &options[i];
		options = iss_config_identity_options(&count);
	}
	return NULL;
}

static void
collect(struct iss_vhost_options *given, const struct value *values)
{
	const struct iss_option *option, *last = NULL;
	struct iss_error err;
	size_t i;

	iss_vhost_options_init(given);
	for (i = 0; i < GIVEN_MAX && values[i].option != NULL; i++) {
		option = option_named(values[i].option);
		iss_error_clear(&err);
		if (values[i].key == NULL)
			iss_vhost_options_set(
			    &err, given, option, (void *)values[i].value);
		else if (option != last)
			iss_vhost_options_begin(&err, given, option);
		if (values[i].key != NULL)
			iss_vhost_options_add(&err, given, option,
			    values[i].key, strlen(values[i].key),
			    (void *)values[i].value);
		last = option;
	}
	iss_vhost_options_sort(given);
}

static void
describe_hosts(const struct iss_vhost_options *given, struct iss_buf *text)
{
	const char *host = "";

	while ((host = iss_vhost_options_next(given, host)) != NULL)
		iss_buf_printf(text, "%s ", host);
}

static const char *
shown(const char *value)
{
	return value != NULL ? value : "-";
}

static void
describe_identities(const struct iss_vhost_options *given, const char *host,
    struct iss_buf *text)
{
	const struct iss_option *cert = option_named("SSL_cert_file");
	const struct iss_option *key = option_named("SSL_key_file");
	struct iss_vhost_identity place = { NULL, NULL };

	while (iss_vhost_options_next_identity(given, host, &place))
		iss_buf_printf(text, "%s=%s,%s;", place.tag,
		    shown(
			iss_vhost_options_identity_value(given, cert, &place)),
		    shown(
			iss_vhost_options_identity_value(given, key, &place)));
}

static void
test_case(size_t i)
{
	const struct want *want = cases[i].wanted;
	struct iss_vhost_options given;
	struct iss_buf text;

	collect(&given, cases[i].given);
	iss_buf_init(&text, 256);
	describe_hosts(&given, &text);
	is_text(
	    iss_buf_text(&text), cases[i].hosts, "%s: hosts", cases[i].label);
	for (; want < cases[i].wanted + WANTED_MAX && want->host != NULL;
	     want++) {
		if (want->option != NULL) {
			is_text(iss_vhost_options_value(&given,
				    option_named(want->option), want->host),
			    want->value, "... %s of '%s'", want->option,
			    want->host);
			continue;
		}
		iss_buf_clear(&text);
		describe_identities(&given, want->host, &text);
		is_text(iss_buf_text(&text), want->value,
		    "... certificates of '%s'", want->host);
	}
	iss_buf_release(&text);
	iss_vhost_options_release(&given);
}

/* An empty hash is given: no certificate, not one that serves all. */
static void
test_empty_hash(void)
{
	struct iss_vhost_identity place = { NULL, NULL };
	struct iss_vhost_options given;
	struct iss_error err;

	iss_vhost_options_init(&given);
	iss_error_clear(&err);
	iss_vhost_options_begin(&err, &given, option_named("SSL_cert_file"));
	iss_vhost_options_sort(&given);
	ok(!iss_vhost_options_next_identity(&given, "", &place),
	    "an empty hash of certificates: none is shown");
	iss_vhost_options_release(&given);
}

static void
test_nul(void)
{
	struct iss_vhost_options given;
	struct iss_error err;

	iss_vhost_options_init(&given);
	iss_error_clear(&err);
	is_int(iss_vhost_options_add(&err, &given,
		   option_named("SSL_cert_file"), "a\0b", 3, &given),
	    ISS_ERROR, "a host with a NUL character is refused");
	has_text(err.text, "SSL_cert_file", "... which names the option");
	iss_vhost_options_release(&given);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < ROWS(cases); i++)
		test_case(i);
	test_empty_hash();
	test_nul();
	return tap_done();
}
