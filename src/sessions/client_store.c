#include "sessions/client_store.h"

#include <openssl/err.h>

#include "base/buf.h"
#include "sessions/packed.h"
#include "sessions/session.h"
#include "sessions/session_policy.h"
#include "x509/chain.h"

/* Larger than any key that a program could mean. */
enum { NAME_MAX_LEN = (1 << 20) + ISS_SESSION_POLICY_LEN };

static const char role[] = "client";

/* The policy is of fixed length, so nothing need stand between the two. */
static bool
name_value(struct iss_buf *name, struct iss_session_key key, const void *policy,
    size_t len)
{
	iss_buf_init(name, NAME_MAX_LEN);
	return len == ISS_SESSION_POLICY_LEN &&
	       iss_buf_append(name, policy, len) &&
	       iss_buf_append(name, key.bytes, key.len);
}

static struct iss_store_key
store_key(const struct iss_buf *name)
{
	struct iss_store_key key = { role, iss_buf_text(name), name->len };

	return key;
}

void
iss_client_store_put(const struct iss_store *store, const struct iss_link *link,
    struct iss_session_key key, const SSL_SESSION *session)
{
	struct iss_buf name, value;
	struct iss_store_key where;
	const unsigned char *policy;
	unsigned int len;

	policy = SSL_SESSION_get0_id_context(session, &len);
	iss_buf_init(&value, ISS_SEAL_MAX);
	if (name_value(&name, key, policy, len) &&
	    iss_packed_write(&value, session, iss_chain_get0_sent(link->ssl))) {
		where = store_key(&name);
		iss_store_put(store, link, &where, &value,
		    iss_session_seconds_left(session));
	}
	iss_buf_release(&value);
	iss_buf_release(&name);
	ERR_clear_error();
}

/* Who does not take a session for single use himself must not use it. */
static bool
may_use(const struct iss_link *link, const SSL_SESSION *session,
    const char *name, const void *policy, size_t len)
{
	return iss_session_is_usable(session) &&
	       iss_session_has_policy(session, policy, len) &&
	       (!iss_session_is_single_use(session) ||
		   iss_store_take(link, name));
}

SSL_SESSION *
iss_client_store_use(const struct iss_store *store, const struct iss_link *link,
    struct iss_session_key key, const void *policy, size_t len)
{
	char stored_as[ISS_SEAL_KEY_LEN + 1];
	SSL_SESSION *session = NULL;
	struct iss_buf name, value;
	struct iss_store_key where;

	iss_buf_init(&value, ISS_SEAL_MAX);
	if (name_value(&name, key, policy, len)) {
		where = store_key(&name);
		if (iss_store_get(store, link, &where, &value, stored_as))
			session =
			    iss_packed_read(iss_buf_text(&value), value.len);
	}
	iss_buf_release(&value);
	iss_buf_release(&name);
	if (session != NULL &&
	    !may_use(link, session, stored_as, policy, len)) {
		SSL_SESSION_free(session);
		session = NULL;
	}
	return session;
}
