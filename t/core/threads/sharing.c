/*
 * Eight threads share what connections share: contexts with virtual hosts, a
 * cache of sessions, the process's caches of CA files and of key pairs, a list
 * of suffixes, and counts of holders.  make tsan runs it under ThreadSanitizer;
 * without that it shows that nothing is lost, freed twice or waited for.
 */
#include <pthread.h>
#include <unistd.h>

#include "connection/io.h"
#include "connection/shutdown.h"
#include "names/suffix.h"
#include "pair.h"
#include "sessions/session_cache.h"
#include "tap.h"
#include "x509/ca_cache.h"

enum { THREADS = 8, ROUNDS = 12, HOLDS = 200, PATIENCE = 300 };

static struct iss_ctx *client_ctx, *server_ctx;
static struct iss_session_cache *sessions;
static struct iss_suffix_list *suffixes;
static struct iss_conn *held; /* that all threads hold, but do not use */

/* More than the cache has room for, so that files also leave it. */
static const char *const ca_files[] = {
	"ca.pem",
	"other-ca.pem",
	"namesake-ca.pem",
	"bundle.pem",
	"namesakes.pem",
	"server.pem",
	"server-sub.pem",
	"client.pem",
	"client-only.pem",
	"expired.pem",
	"not-yet-valid.pem",
	"revoked.pem",
	"self-signed.pem",
	"other-server.pem",
	"other-client.pem",
	"cn-only.pem",
	"ip-cn.pem",
	"nul-san.pem",
	"many-san.pem",
	"server-ecdsa.pem",
	"ca-with-crl.pem",
};

/* What one thread has seen. */
struct seen {
	pthread_t thread;
	unsigned number;
	int handshakes, resumed, files, wrong;
};

/* ---- files ---- */

static void
read_files(struct seen *seen)
{
	struct iss_ca_file *file;
	struct iss_error err;
	char path[128];
	size_t i, n;

	for (i = 0; i < ROWS(ca_files); i++) {
		iss_error_clear(&err);
		snprintf(path, sizeof(path), CERTS "%s",
		    ca_files[(i + seen->number) % ROWS(ca_files)]);
		if (iss_ca_cache_get1(&err, path, &file) != ISS_OK) {
			seen->wrong++;
			continue;
		}
		/* the first thread decodes, the others find it done */
		for (n = 0; n < iss_ca_file_count(file); n++)
			seen->wrong += iss_ca_file_get0_cert(file, n) == NULL;
		seen->files++;
		iss_ca_file_free(file);
	}
}

/* ---- connections ---- */

static const char *const hosts[] = { "localhost", "www.example.test" };

static void
keep_sessions(struct seen *seen, struct iss_conn *client,
    const struct iss_session_key *key)
{
	SSL_SESSION *session;

	seen->resumed += SSL_session_reused(client->ssl);
	/* this also takes in what has arrived */
	seen->wrong += iss_shutdown_notify(client, ISS_NO_DEADLINE) != ISS_OK;
	while ((session = iss_new_sessions_take(
		    &client->resume.new_sessions)) != NULL)
		iss_session_cache_add0(sessions, *key, session);
}

static void
carry_a_byte(struct seen *seen, struct pair *pair)
{
	size_t n = 0;
	char byte = 'a';

	seen->wrong += iss_io_write(pair->server.conn, &byte, 1, &n) != ISS_OK;
	byte = 'b';
	seen->wrong += iss_io_read(pair->client.conn, &byte, 1, &n) != ISS_OK;
	seen->wrong += n != 1 || byte != 'a';
}

static void
connect_to(struct seen *seen, const char *host)
{
	const struct iss_session_key key = { host, strlen(host) };
	struct iss_error err;
	struct pair pair;

	iss_error_clear(&err);
	pair_init(&pair);
	pair.client.config.hostname = strdup(host);
	pair_open(&pair, client_ctx, server_ctx);
	iss_verify_set_suffixes(&pair.client.conn->verify, false, suffixes);
	if (iss_verify_set_name(&err, &pair.client.conn->verify, host,
		strlen(host), iss_scheme_find("http")) != ISS_OK ||
	    iss_conn_keep_sessions(pair.client.conn, false) != ISS_OK)
		seen->wrong++;
	iss_conn_offer_from(pair.client.conn, sessions, key);
	pair_handshake(&pair);
	if (pair.client.rv == ISS_OK && pair.server.rv == ISS_OK) {
		seen->handshakes++;
		carry_a_byte(seen, &pair);
		keep_sessions(seen, pair.client.conn, &key);
	}
	pair_close(&pair);
}

/* ---- contexts, counts ---- */

static void
make_contexts(void)
{
	iss_ctx_free(pair_client_ctx(NULL));
	iss_ctx_free(pair_server_ctx(NULL));
}

static void
hold(void)
{
	int i;

	for (i = 0; i < HOLDS; i++) {
		iss_conn_free(iss_conn_up_ref(held));
		iss_ctx_free(iss_ctx_up_ref(server_ctx));
		iss_session_cache_free(iss_session_cache_up_ref(sessions));
		iss_suffix_list_free(iss_suffix_list_up_ref(suffixes));
	}
}

static void *
share(void *arg)
{
	struct seen *seen = arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		read_files(seen);
		connect_to(seen, hosts[(seen->number + (unsigned)i) % 2]);
		make_contexts();
		hold();
		if (i % 4 == 3)
			iss_session_cache_del(sessions, NULL, NULL);
	}
	/* whoever is the last frees them */
	iss_conn_free(held);
	iss_ctx_free(client_ctx);
	iss_ctx_free(server_ctx);
	iss_session_cache_free(sessions);
	iss_suffix_list_free(suffixes);
	return NULL;
}

/* ---- before and after ---- */

/* A server with another certificate for one of the hosts. */
static struct iss_ctx *
server_of_two(void)
{
	const struct iss_link nobody = { 0 };
	static const struct pair_options usual[PAIR_OPTIONS_MAX] = {
		{ "SSL_cert_file", CERTS "server.pem" },
		{ "SSL_key_file", CERTS "server.key" },
	};
	struct iss_config config, *vhost;
	const struct iss_option *table;
	struct iss_identity *identity;
	struct iss_ctx *ctx = NULL;
	struct iss_error err;
	size_t count;

	iss_error_clear(&err);
	pair_config(&config, true, usual);
	table = iss_config_identity_options(&count);
	vhost = iss_config_add_vhost(&err, &config, hosts[1]);
	identity = vhost != NULL ? iss_config_add_identity(&err, vhost) : NULL;
	if (identity == NULL ||
	    !pair_set(&err, identity, table, count,
		&(struct pair_options){
		    "SSL_cert_file", CERTS "server-ecdsa.pem" }) ||
	    !pair_set(&err, identity, table, count,
		&(struct pair_options){
		    "SSL_key_file", CERTS "server-ecdsa.key" }) ||
	    iss_ctx_new(&err, &ctx, &config, &nobody) != ISS_OK) {
		printf("Bail out! %s\n", err.text);
		exit(2);
	}
	iss_config_release(&config);
	return ctx;
}

/* Each thread gets a reference to everything, and we keep none. */
static void
give_to_all(void)
{
	int i;

	for (i = 1; i < THREADS; i++) {
		iss_conn_up_ref(held);
		iss_ctx_up_ref(client_ctx);
		iss_ctx_up_ref(server_ctx);
		iss_session_cache_up_ref(sessions);
		iss_suffix_list_up_ref(suffixes);
	}
}

static void
run(struct seen seen[THREADS])
{
	unsigned i;

	for (i = 0; i < THREADS; i++) {
		seen[i].number = i;
		if (pthread_create(&seen[i].thread, NULL, share, &seen[i]) !=
		    0) {
			printf("Bail out! no thread\n");
			exit(2);
		}
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(seen[i].thread, NULL);
}

int
main(void)
{
	static struct seen seen[THREADS];
	struct seen sum = { .wrong = 0 };
	struct iss_peer_config config;
	struct iss_error err;
	int i;

	alarm(PATIENCE); /* threads that wait for each other */
	iss_error_clear(&err);
	iss_peer_config_init(&config);
	client_ctx = pair_client_ctx(NULL);
	server_ctx = server_of_two();
	if (iss_session_cache_new(&err, &sessions, 1) != ISS_OK ||
	    iss_suffix_list_new(&err, &suffixes, NULL, 0, 1) != ISS_OK ||
	    iss_conn_new(&err, &held, server_ctx, -1, &config, NULL) != ISS_OK)
		printf("Bail out! %s\n", err.text);
	give_to_all();
	run(seen);
	for (i = 0; i < THREADS; i++) {
		sum.handshakes += seen[i].handshakes;
		sum.resumed += seen[i].resumed;
		sum.files += seen[i].files;
		sum.wrong += seen[i].wrong;
	}
	is_int(sum.handshakes, THREADS * ROUNDS, "all handshakes succeed");
	ok(sum.resumed > 0, "sessions of one thread serve others");
	is_int(sum.files, THREADS * ROUNDS * (int)ROWS(ca_files),
	    "all files are read");
	is_int(sum.wrong, 0, "nothing else fails");
	return tap_done();
}
