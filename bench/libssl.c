/*
 * The workloads that have a counterpart in plain C on libssl: what no module
 * can be faster than.  Called and prints as workloads.pl does.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

#define CERTS "t/certs/"

enum { RECORD = 16384 };

static const char *peer;
static pid_t child;
static int port;

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static void
end_peer(void)
{
	if (child > 0)
		kill(child, SIGTERM);
}

static void
start_server(void)
{
	char line[16] = "";
	int ends[2];

	if (port != 0)
		return;
	if (pipe(ends) != 0 || (child = fork()) < 0)
		fail("fork");
	if (child == 0) {
		dup2(ends[1], 1);
		execl(peer, peer, "server", CERTS "server.pem",
		    CERTS "server.key", (char *)NULL);
		fail(peer);
	}
	if (read(ends[0], line, sizeof(line) - 1) <= 0)
		fail("peer");
	port = atoi(line);
}

static int
connect_tcp(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in.sin_port = htons((in_port_t)port);
	if (connect(fd, (struct sockaddr *)&in, sizeof(in)) != 0)
		fail("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static SSL *
handshake(SSL_CTX *ctx, SSL_SESSION *session)
{
	SSL *ssl = SSL_new(ctx);

	SSL_set_fd(ssl, connect_tcp());
	SSL_set1_host(ssl, "localhost");
	SSL_set_tlsext_host_name(ssl, "localhost");
	if (session != NULL)
		SSL_set_session(ssl, session);
	if (SSL_connect(ssl) != 1)
		fail("handshake");
	return ssl;
}

static SSL_CTX *
client_context(int version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	SSL_CTX_set_min_proto_version(ctx, version);
	SSL_CTX_set_max_proto_version(ctx, version);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_load_verify_locations(ctx, CERTS "ca.pem", NULL) != 1)
		fail("ca.pem");
	return ctx;
}

static SSL *
talk(const char *order)
{
	SSL *ssl;
	size_t n;

	start_server();
	ssl = handshake(client_context(TLS1_3_VERSION), NULL);
	SSL_write_ex(ssl, order, strlen(order), &n);
	return ssl;
}

static void
finish(SSL *ssl)
{
	int fd = SSL_get_fd(ssl);

	SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
writes(size_t length, int count)
{
	char *big = malloc(1 << 20);
	SSL *ssl = talk("sink\n");
	double begin = now();
	size_t n;

	memset(big, 'x', 1 << 20);
	while (count-- > 0)
		if (!SSL_write_ex(ssl, big + 1000, length, &n) || n != length)
			fail("write");
	return now() - begin;
}

static double
reads(size_t length, int count)
{
	char order[80], data[RECORD];
	double begin;
	size_t n;
	SSL *ssl;

	snprintf(order, sizeof(order), "source %d %zu\n", RECORD,
	    length * (size_t)count);
	ssl = talk(order);
	begin = now();
	while (count-- > 0)
		if (!SSL_read_ex(ssl, data, length, &n) || n != length)
			fail("read");
	return now() - begin;
}

static double
ping_pong(size_t length, int count)
{
	char data[RECORD] = "";
	SSL *ssl = talk("echo\n");
	double begin = now();
	size_t n;

	while (count-- > 0)
		if (!SSL_write_ex(ssl, data, length, &n) ||
		    !SSL_read_ex(ssl, data, length, &n) || n != length)
			fail("ping-pong");
	return now() - begin;
}

static double
visits(size_t version, int count)
{
	SSL_CTX *ctx = client_context((int)version);
	double begin;

	start_server();
	begin = now();
	while (count-- > 0)
		finish(handshake(ctx, NULL));
	return now() - begin;
}

static double
resumptions(size_t version, int count)
{
	SSL_CTX *ctx = client_context((int)version);
	SSL_SESSION *session;
	double begin;
	SSL *ssl;

	start_server();
	ssl = handshake(ctx, NULL);
	session = SSL_get1_session(ssl);
	finish(ssl);
	begin = now();
	while (count-- > 0) {
		ssl = handshake(ctx, session);
		if (!SSL_session_reused(ssl))
			fail("resume");
		finish(ssl);
	}
	return now() - begin;
}

static double
contexts(size_t is_server, int count)
{
	double begin = now();

	while (count-- > 0) {
		SSL_CTX *ctx = is_server ? SSL_CTX_new(TLS_server_method())
					 : client_context(TLS1_3_VERSION);

		if (is_server &&
		    (SSL_CTX_use_certificate_chain_file(
			 ctx, CERTS "server.pem") != 1 ||
			SSL_CTX_use_PrivateKey_file(
			    ctx, CERTS "server.key", SSL_FILETYPE_PEM) != 1))
			fail("server.pem");
		SSL_CTX_free(ctx);
	}
	return now() - begin;
}

static const struct {
	const char *name;
	double (*run)(size_t argument, int count);
	size_t argument;
} workloads[] = {
	{ "syswrite 16 KiB of 1 MiB", writes, RECORD },
	{ "syswrite 64 B of 1 MiB", writes, 64 },
	{ "sysread 1 B", reads, 1 },
	{ "sysread 64 B", reads, 64 },
	{ "sysread 1024 B", reads, 1024 },
	{ "sysread 16384 B", reads, RECORD },
	{ "ping-pong 64 B, sysread", ping_pong, 64 },
	{ "context, one CA file", contexts, 0 },
	{ "context, server", contexts, 1 },
	{ "handshake 1.3, client", visits, TLS1_3_VERSION },
	{ "handshake 1.2, client", visits, TLS1_2_VERSION },
	{ "resumed 1.2, client", resumptions, TLS1_2_VERSION },
};

int
main(int argc, char **argv)
{
	size_t i;

	if (argc != 4)
		return 2;
	peer = argv[3];
	signal(SIGPIPE, SIG_IGN);
	atexit(end_peer);
	for (i = 0; i < sizeof(workloads) / sizeof(*workloads); i++)
		if (strcmp(workloads[i].name, argv[1]) == 0) {
			printf("%.6f %s -\n",
			    workloads[i].run(
				workloads[i].argument, atoi(argv[2])),
			    OpenSSL_version(OPENSSL_VERSION));
			return 0;
		}
	return 3; /* there is no such workload here */
}
