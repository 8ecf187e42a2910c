/*
 * The options of a server of several names.  An option is given once for all
 * hosts, or as a hash from the host that a client asks for (SNI):
 *
 *	SSL_version   => "TLSv1_3",
 *	SSL_cert_file => {
 *	    "foo.example"     => "foo.pem",
 *	    "foo.example%ecc" => "foo-ecc.pem",    one more certificate
 *	    "*.example"       => "any.pem",        one whole label for the star
 *	    "*.example"       => "any.pem",        one whole label for the star
 *	    ""                => "default.pem",    any other host, or none
 *	}
 *
 * First everything that was given is collected, then each host is asked for
 * its own values.  They are opaque here, borrowed, and never NULL: NULL means
 * "not given".  Hosts are compared as clients ask for them: in lower case, in
 * A-labels, without a final dot.  A host without a value of its own has that of
 * the wildcard, or else of "".
 */
#ifndef ISS_VHOST_OPTIONS_H
#define ISS_VHOST_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "options/config.h"

/*
 * The wildcard that stands for a host: its first label becomes "*".  False if
 * there is none, since the host has one label or is an address.
 */
enum { ISS_VHOST_WILDCARD_SIZE = 258 };
bool iss_vhost_wildcard(
    const char *host, char wildcard[ISS_VHOST_WILDCARD_SIZE]);

/* An option, and the value that serves all hosts. */
struct iss_vhost_option {
	const struct iss_option *option;
	bool by_vhost; /* it is a hash; value is NULL */
	void *value;
};

/* An element of such a hash. */
struct iss_vhost_value {
	const struct iss_option *option;
	char *host; /* owned; "": any other */
	char *tag;  /* owned; "": none */
	void *value;
	size_t order; /* in which it was given */
};

struct iss_vhost_options {
	struct iss_vhost_option *options; /* owned */
	size_t n_options;
	struct iss_vhost_value *values; /* owned; see _sort */
	size_t n_values;
};

void iss_vhost_options_init(struct iss_vhost_options *given);
void iss_vhost_options_release(struct iss_vhost_options *given);

/*
 * Collect.  _set: the option has this value for all hosts.  _begin: it is a
 * hash, whose elements follow; _add: one of them, whose key is "host" or
 * "host%tag" in UTF-8.  Of two that name the same host and tag the later one
 * counts.  Return ISS_OK, or ISS_ERROR when memory runs out or the key has a
 * NUL character in it.
 */
int iss_vhost_options_set(struct iss_error *err,
    struct iss_vhost_options *given, const struct iss_option *option,
    void *value);
int iss_vhost_options_begin(struct iss_error *err,
    struct iss_vhost_options *given, const struct iss_option *option);
int iss_vhost_options_add(struct iss_error *err,
    struct iss_vhost_options *given, const struct iss_option *option,
    const char *key, size_t len, void *value);

/* Call it once, between collecting and the functions below. */
void iss_vhost_options_sort(struct iss_vhost_options *given);

/* The host that follows in order; after "" the first one; NULL: no more. */
const char *iss_vhost_options_next(
    const struct iss_vhost_options *given, const char *host);

/* The value that an option of struct iss_config has for a host: its own, that
 * of its wildcard, or that of ""; NULL: not given. */
void *iss_vhost_options_value(const struct iss_vhost_options *given,
    const struct iss_option *option, const char *host);

/*
 * The certificates of a host, one after the other; zero the struct first;
 * false: no more.  A host has one for each tag under which it is given a
 * certificate or a key.  If it is given none, it has those of its wildcard, or
 * else of "".  If "" is given none either, it has the one that serves all
 * hosts, unless certificates are given by host.
 */
struct iss_vhost_identity {
	const char *host; /* NULL: at the start */
	const char *tag;
};
bool iss_vhost_options_next_identity(const struct iss_vhost_options *given,
    const char *host, struct iss_vhost_identity *place);

/* The value of an option of struct iss_identity for one of them; NULL: not
 * given.  A value that serves all hosts serves all tags, too: one key can go
 * with several certificates. */
void *iss_vhost_options_identity_value(const struct iss_vhost_options *given,
    const struct iss_option *option, const struct iss_vhost_identity *place);

#endif
