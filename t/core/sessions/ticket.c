/*
 * Session tickets under keys of the program: keys that change or are unknown,
 * a program that refuses or cannot be asked, damaged tickets.
 */
#include "sessions/ticket.h"

#include "link/link.h"
#include "pair.h"
#include "tap.h"

enum { KEYS = 2 };

/* The program: its keys, which of them is current, and which it still knows. */
static struct {
	struct iss_ticket_key keys[KEYS];
	int current; /* -1: none */
	bool knows[KEYS];
	int asked_new, asked_old;
} program;

static bool
ticket_key(void *handle, const unsigned char *name, struct iss_ticket_key *key)
{
	int i;

	ok(handle == &program, "the program is asked with its handle");
	if (name == NULL) {
		program.asked_new++;
		if (program.current < 0)
			return false;
		*key = program.keys[program.current];
		return true;
	}
	program.asked_old++;
	for (i = 0; i < KEYS; i++)
		if (program.knows[i] && memcmp(name, program.keys[i].name,
					    ISS_TICKET_NAME_LEN) == 0) {
			*key = program.keys[program.current];
			memcpy(key->secret, program.keys[i].secret,
			    ISS_TICKET_SECRET_LEN);
			return true;
		}
	return false;
}

static const struct iss_callbacks callbacks = { .ticket_key = ticket_key };
static const struct iss_callbacks none = { 0 };

static void
program_reset(void)
{
	int i;

	memset(&program, 0, sizeof(program));
	for (i = 0; i < KEYS; i++) {
		memset(program.keys[i].name, 'a' + i, ISS_TICKET_NAME_LEN);
		memset(program.keys[i].secret, '0' + i, ISS_TICKET_SECRET_LEN);
		program.knows[i] = true;
	}
}

/* A server that keeps no sessions of its own. */
static SSL_CTX *
ticket_ctx(int version)
{
	SSL_CTX *ctx = raw_ctx(true, version);

	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	iss_ticket_install(ctx);
	return ctx;
}

/* One connection. */
struct visit {
	const struct iss_callbacks *callbacks;
	void *handle;
	bool no_link;
	SSL_SESSION *offer; /* NULL: none */
	/* then */
	bool reused;
	SSL_SESSION *session; /* that came of it, the caller's */
};

static void
visit(struct visit *visit, SSL_CTX *client, SSL_CTX *server)
{
	struct iss_link link = { 0 };
	struct iss_error err;
	struct raw_pair pair;
	size_t got;
	char byte;

	raw_pair_open(&pair, client, server);
	link.callbacks = visit->callbacks;
	link.handle = visit->handle;
	if (!visit->no_link)
		iss_link_attach(&err, &link, pair.server);
	if (visit->offer != NULL)
		SSL_set_session(pair.client, visit->offer);
	ok(raw_pair_handshake(&pair), "... a handshake");
	SSL_read_ex(pair.client, &byte, 1, &got); /* tickets of TLS 1.3 */
	ERR_clear_error();
	visit->reused = SSL_session_reused(pair.client) == 1;
	visit->session = SSL_get1_session(pair.client);
	raw_pair_close(&pair);
}

/* The name of the key, with which each ticket begins; NULL: no ticket. */
static const unsigned char *
key_name(const SSL_SESSION *session)
{
	const unsigned char *ticket = NULL;
	size_t len = 0;

	SSL_SESSION_get0_ticket(session, &ticket, &len);
	return len > ISS_TICKET_NAME_LEN ? ticket : NULL;
}

static void
expect_key(const SSL_SESSION *session, int key)
{
	const unsigned char *name = key_name(session);

	if (key < 0)
		ok(name == NULL, "... no ticket");
	else
		ok(name != NULL && memcmp(name, program.keys[key].name,
				       ISS_TICKET_NAME_LEN) == 0,
		    "... a ticket of key %d", key);
}

/* A first visit with key 0, then a second one where things have changed. */
static void
test_second_visit(SSL_CTX *client, SSL_CTX *server, int version)
{
	static const struct {
		const char *name;
		int current;
		bool knows_old;
		bool reused;
		int key; /* of the ticket afterwards */
	} cases[] = {
		{ "the key is the same", 0, true, true, 0 },
		{ "the key has changed", 1, true, true, 1 },
		{ "the old key is forgotten", 1, false, false, 1 },
	};
	struct visit first, second;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		diag("version %x: %s", (unsigned)version, cases[i].name);
		program_reset();
		first = (struct visit){ &callbacks, &program, 0, 0, 0, 0 };
		visit(&first, client, server);
		ok(!first.reused, "... nothing to resume");
		expect_key(first.session, 0);
		is_int(program.asked_old, 0, "... nor a ticket to decrypt");
		program.current = cases[i].current;
		program.knows[0] = cases[i].knows_old;
		second = (struct visit){ &callbacks, &program, 0, first.session,
			0, 0 };
		visit(&second, client, server);
		ok(second.reused == cases[i].reused, "... %s",
		    cases[i].reused ? "resumed" : "not resumed");
		ok(program.asked_old > 0, "... the program was asked");
		expect_key(second.session, cases[i].key);
		SSL_SESSION_free(first.session);
		SSL_SESSION_free(second.session);
	}
}

/* Without a key no ticket goes out, and none is taken. */
static void
test_no_key(SSL_CTX *client, SSL_CTX *server, int version)
{
	struct {
		const char *name;
		struct visit visit;
	} cases[] = {
		{ "a program that refuses",
		    { &callbacks, &program, 0, 0, 0, 0 } },
		{ "no callback for it", { &none, &program, 0, 0, 0, 0 } },
		{ "no handle lent", { &callbacks, NULL, 0, 0, 0, 0 } },
		{ "no link", { NULL, NULL, true, 0, 0, 0 } },
	};
	struct visit first = { &callbacks, &program, 0, 0, 0, 0 };
	struct visit *second;
	size_t i;

	program_reset();
	visit(&first, client, server);
	for (i = 0; i < ROWS(cases); i++) {
		diag("version %x: %s", (unsigned)version, cases[i].name);
		second = &cases[i].visit;
		program.current = -1;
		program.knows[0] = false;
		second->offer = SSL_SESSION_dup(first.session);
		visit(second, client, server);
		ok(!second->reused, "... not resumed");
		if (version == TLS1_2_VERSION)
			expect_key(second->session, -1);
		else /* OpenSSL 1.1.1 must give one that nobody can decrypt */
			ok(key_name(second->session) == NULL ||
				memcmp(key_name(second->session),
				    program.keys[0].name,
				    ISS_TICKET_NAME_LEN) != 0,
			    "... no ticket of a key of the program");
		SSL_SESSION_free(second->offer);
		SSL_SESSION_free(second->session);
	}
	SSL_SESSION_free(first.session);
}

/* A key of that name, but not the one that made the ticket. */
static void
test_wrong_secret(SSL_CTX *client, SSL_CTX *server, size_t at)
{
	struct visit first = { &callbacks, &program, 0, 0, 0, 0 };
	struct visit second = { &callbacks, &program, 0, 0, 0, 0 };

	program_reset();
	visit(&first, client, server);
	program.keys[0].secret[at] ^= 1;
	second.offer = first.session;
	visit(&second, client, server);
	/* CBC is not told from garbage by a bit of its key, but by the MAC;
	 * half of the secret is for each. */
	ok(!second.reused, "a secret that differs in byte %zu", at);
	SSL_SESSION_free(first.session);
	SSL_SESSION_free(second.session);
}

/* Several servers share the keys. */
static void
test_shared(SSL_CTX *client, SSL_CTX *server, int version)
{
	struct visit first = { &callbacks, &program, 0, 0, 0, 0 };
	struct visit second = { &callbacks, &program, 0, 0, 0, 0 };
	SSL_CTX *other = ticket_ctx(version);

	program_reset();
	visit(&first, client, server);
	second.offer = first.session;
	visit(&second, client, other);
	ok(second.reused, "resumed at another server with the same keys");
	SSL_CTX_free(other);
	SSL_SESSION_free(first.session);
	SSL_SESSION_free(second.session);
}

int
main(void)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	SSL_CTX *client, *server;
	size_t i;

	for (i = 0; i < ROWS(versions); i++) {
		client = raw_ctx(false, versions[i]);
		server = ticket_ctx(versions[i]);
		test_second_visit(client, server, versions[i]);
		test_no_key(client, server, versions[i]);
		test_wrong_secret(client, server, 0);
		test_wrong_secret(client, server, ISS_TICKET_SECRET_LEN - 1);
		test_shared(client, server, versions[i]);
		SSL_CTX_free(client);
		SSL_CTX_free(server);
	}
	return tap_done();
}
