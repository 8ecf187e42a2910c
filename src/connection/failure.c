#include "connection/failure.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/compat.h"
#include "connection/hint.h"
#include "connection/stranger.h"
#include "x509/chain.h"

/* What failed, by the words that our sentences begin with. */
static const struct {
	const char *begins, *what;
} beginnings[] = {
	{ "SSL connect attempt failed", "connect" },
	{ "SSL accept attempt failed", "accept" }, { "SSL read", "read" },
	{ "SSL write", "write" }, { "SSL shutdown", "shutdown" },
	{ "hostname verification failed", "verify_hostname" },
	{ "cannot connect", "connect" }, { "cannot accept", "accept" },
	{ "cannot listen", "accept" },
	{ "IO::Socket", "connect" }, /* ... configuration failed */
};

static const char *
what_failed(const struct iss_error *err)
{
	const char *begins;
	size_t i;

	for (i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		begins = beginnings[i].begins;
		if (strncmp(err->text, begins, strlen(begins)) == 0)
			return beginnings[i].what;
	}
	return "context";
}

/* The address and the port, in digits. */
static void
note_peer(struct iss_failure *failure, const struct iss_conn *conn)
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);
	char host[48], port[8];

	/* A local socket has a name of another kind, or none. */
	if (!iss_sock_peer(conn->sock, &address, &len) ||
	    (address.ss_family != AF_INET && address.ss_family != AF_INET6) ||
	    getnameinfo((struct sockaddr *)&address, len, host, sizeof(host),
		port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return;
	snprintf(failure->peer, sizeof(failure->peer),
	    strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s", host, port);
}

/* The certificate of a failure that came after the chain was verified. */
static void
note_certificate(struct iss_failure *failure, const struct iss_conn *conn)
{
	STACK_OF(X509) *chain = iss_chain_get0_sent(conn->ssl);
	struct iss_blame seen = { NULL, chain };

	if (chain != NULL)
		seen.cert = sk_X509_value(chain, failure->err.depth);
	iss_blame_copy(&failure->blame, &seen);
}

static bool
is_about_certificate(enum iss_error_kind kind)
{
	switch (kind) {
	case ISS_KIND_VERIFY:
	case ISS_KIND_NAME:
	case ISS_KIND_PIN:
	case ISS_KIND_REVOKED:
	case ISS_KIND_STAPLE:
	case ISS_KIND_DANE:
	case ISS_KIND_REFUSED:
		return true;
	default:
		return false;
	}
}

/* What a peer that does not speak TLS said instead. */
static void
note_stranger(struct iss_failure *failure, const struct iss_conn *conn)
{
	struct iss_buf said;

	failure->looks_like = iss_stranger_language(conn->sock);
	iss_buf_init(&said, sizeof(failure->said) - 1);
	iss_stranger_quote(&said, conn->sock);
	snprintf(
	    failure->said, sizeof(failure->said), "%s", iss_buf_text(&said));
	iss_buf_release(&said);
}

static void
note_conn(struct iss_failure *failure, const struct iss_conn *conn)
{
	note_peer(failure, conn);
	failure->sent_alert = conn->link.sent_alert;
	if (conn->verify.name != NULL)
		failure->wanted = strdup(conn->verify.name);
	if (conn->report != NULL)
		failure->report = strdup(iss_report_text(conn->report));
	if (failure->err.kind == ISS_KIND_NOT_TLS)
		note_stranger(failure, conn);
	if (!is_about_certificate(failure->err.kind))
		return;
	if (conn->verify.blame.cert != NULL)
		iss_blame_copy(&failure->blame, &conn->verify.blame);
	else
		note_certificate(failure, conn);
}

static void
write_hint(struct iss_failure *failure, const struct iss_conn *conn)
{
	const struct iss_hint_facts facts = { &failure->err, failure->err.kind,
		&failure->blame, conn };

	iss_hint_write(failure->hint, sizeof(failure->hint), &facts);
}

struct iss_failure *
iss_failure_new(const struct iss_error *err, const struct iss_conn *conn)
{
	struct iss_failure *failure = calloc(1, sizeof(*failure));

	if (failure == NULL || !iss_refcount_init(&failure->refs)) {
		free(failure);
		return NULL;
	}
	failure->err = *err;
	failure->err.kind = iss_error_kind_of(err);
	failure->what = what_failed(err);
	if (conn != NULL)
		note_conn(failure, conn);
	write_hint(failure, conn);
	return failure;
}

struct iss_failure *
iss_failure_up_ref(struct iss_failure *failure)
{
	iss_refcount_up(&failure->refs);
	return failure;
}

void
iss_failure_free(struct iss_failure *failure)
{
	if (failure == NULL || !iss_refcount_down(&failure->refs))
		return;
	free(failure->wanted);
	free(failure->report);
	iss_blame_release(&failure->blame);
	iss_refcount_release(&failure->refs);
	free(failure);
}
