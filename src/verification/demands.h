/*
 * What one connection demands of its peer: a name and how it is checked,
 * fingerprints, the program's consent.  verify.h judges by it.
 */
#ifndef ISS_DEMANDS_H
#define ISS_DEMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "link/link.h"
#include "names/reference_id.h"
#include "names/scheme.h"
#include "names/suffix.h"
#include "options/fingerprint.h"
#include "options/tlsa.h"
#include "sessions/session_policy.h"
#include "verification/blame.h"

/* How the name of a peer is checked. */
enum iss_name_check {
	ISS_NAME_UNCHECKED,
	ISS_NAME_BY_SCHEME,
	ISS_NAME_BY_CALLBACK /* the scheme is a sub: the check_name callback */
};

/* One connection's rules.  Zeroed: no name check.  The outcome is in the link:
 * pinned and failure. */
struct iss_verify {
	enum iss_name_check check;
	struct iss_scheme scheme;
	bool any_suffix; /* wildcards may match below public suffixes */
	struct iss_suffix_list *suffixes; /* owned; NULL: the default ones */
	char *name;                       /* as the user wrote it, owned */
	bool by_address; /* it is not known yet: iss_verify_find_address */
	struct iss_reference_id host;
	struct iss_fingerprint_list fingerprints; /* owned */
	bool force_fingerprint;                   /* nothing else accepts */
	struct iss_tlsa_list tlsa; /* the usable ones, owned: dane.h */
	int name_of_ee; /* with one of usage 3: 1, 0; -1: by scheme */
	bool must_ask;  /* refuse all if the program cannot be asked */
	/* of the peer, parsed when the program first asked for a name; owned */
	struct iss_kept_names *peer_names; /* cert_names.h */
	struct iss_blame blame;            /* of the last refusal */
};

/* Free what the struct owns, and zero it. */
void iss_verify_release(struct iss_verify *verify);

/*
 * Require that the peer's certificate belongs to name, of len bytes, by the
 * rules of scheme; if scheme is NULL, by the check_name callback.  Both are
 * copied.  Returns ISS_OK, or ISS_ERROR if no certificate could ever match that
 * name, or memory runs out.
 */
int iss_verify_set_name(struct iss_error *err, struct iss_verify *verify,
    const char *name, size_t len, const struct iss_scheme *scheme);

/*
 * The same for the address of the peer of a socket that is not connected yet.
 * It is looked up when the certificate is there.
 */
void iss_verify_set_by_address(
    struct iss_verify *verify, const struct iss_scheme *scheme);

/*
 * Before a certificate is judged: look up the peer of fd, getpeername(2), if
 * its address is the name and not known yet.  Returns ISS_OK, or ISS_ERROR if
 * there is none.
 */
int iss_verify_find_address(
    struct iss_error *err, struct iss_verify *verify, int fd);

/* Check no name any more. */
void iss_verify_forget_name(struct iss_verify *verify);

/*
 * The name is one that no certificate can have: accept nothing but a
 * fingerprint.  False, and nothing is changed, if there are no fingerprints.
 */
bool iss_verify_require_fingerprint(struct iss_verify *verify);

/*
 * The public suffixes below which no wildcard may match: those of list (one
 * more reference is taken), the default ones if it is NULL; none at all if any
 * is true.
 */
void iss_verify_set_suffixes(
    struct iss_verify *verify, bool any, struct iss_suffix_list *list);

/* The program has a verify callback: refuse all certificates if it cannot be
 * asked. */
void iss_verify_set_must_ask(struct iss_verify *verify, bool must_ask);

/*
 * Accept a peer whose certificate has one of the fingerprints (copied); with
 * force, accept no other.  Before iss_verify_begin.  Returns ISS_OK, or
 * ISS_ERROR when memory runs out.
 */
int iss_verify_set_fingerprints(struct iss_error *err,
    struct iss_verify *verify, const struct iss_fingerprint_list *fingerprints,
    bool force);

/* The same in place of others, before iss_verify_follow. */
int iss_verify_replace_fingerprints(struct iss_error *err,
    struct iss_verify *verify, const struct iss_fingerprint_list *fingerprints,
    bool force);

/* Add everything that this connection demands of its peer, stapling
 * included. */
void iss_verify_add_policy(
    const struct iss_link *link, struct iss_session_policy *policy);

#endif
