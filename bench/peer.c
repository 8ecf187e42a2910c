/*
 * The peer of every benchmark, on plain OpenSSL, so that all modules measured
 * talk to the same one.
 *
 *   peer server CERT KEY        listens on 127.0.0.1, prints the port, serves
 *                               each connection in a child until it is killed
 *   peer client PORT VERSION COUNT
 *                               connects COUNT times in turn, each time until
 *                               the server closes
 *   peer hold PORT COUNT        keeps COUNT connections open until the end of
 *                               its standard input; prints "ready" before that
 *
 * The first line of a client says what the server does then:
 *
 *   sink                  reads until the end
 *   echo                  sends back what it reads
 *   source LENGTH BYTES   sends BYTES bytes, in records of LENGTH, as lines of
 *                         80 bytes
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

enum { RECORD_MAX = 16384, LINE = 80 };

static void
fail(const char *what)
{
	perror(what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

static void
source(SSL *ssl, size_t length, size_t bytes)
{
	static char data[2 * RECORD_MAX];
	size_t at = 0, i, n;

	for (i = 0; i < sizeof(data); i++)
		data[i] = i % LINE == LINE - 1 ? '\n' : 'x';
	while (bytes > 0) {
		n = length < bytes ? length : bytes;
		if (!SSL_write_ex(ssl, data + at, n, &n))
			return;
		at = (at + n) % LINE;
		bytes -= n;
	}
	SSL_shutdown(ssl);
}

static void
echo(SSL *ssl, int answers)
{
	static char data[RECORD_MAX];
	size_t n;

	while (SSL_read_ex(ssl, data, sizeof(data), &n))
		if (answers && !SSL_write_ex(ssl, data, n, &n))
			return;
}

/* Byte by byte: what follows the line is data. */
static int
read_order(SSL *ssl, char *order, size_t size)
{
	size_t at = 0, n;

	while (at + 1 < size && SSL_read_ex(ssl, order + at, 1, &n))
		if (order[at++] == '\n') {
			order[at - 1] = '\0';
			return 1;
		}
	return 0;
}

static void
serve(SSL_CTX *ctx, int fd)
{
	SSL *ssl = SSL_new(ctx);
	char order[80], byte;
	size_t length, bytes;

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1 && read_order(ssl, order, sizeof(order))) {
		if (strcmp(order, "sink") == 0)
			echo(ssl, 0);
		else if (strcmp(order, "echo") == 0)
			echo(ssl, 1);
		else if (sscanf(order, "source %zu %zu", &length, &bytes) == 2)
			source(ssl, length, bytes);
	}
	/* Wait for the client's end, so that no reset overtakes the data. */
	shutdown(fd, SHUT_WR);
	while (read(fd, &byte, 1) > 0)
		;
}

static void
set_nodelay(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static int
server(const char *cert, const char *key)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof(in);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		fail(cert);
	if (bind(listener, (struct sockaddr *)&in, sizeof(in)) != 0 ||
	    listen(listener, 4096) != 0 ||
	    getsockname(listener, (struct sockaddr *)&in, &len) != 0)
		fail("listen");
	printf("%d\n", ntohs(in.sin_port));
	fflush(stdout);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		if (fork() == 0) {
			set_nodelay(fd);
			serve(ctx, fd);
			_exit(0);
		}
		close(fd);
	}
	fail("accept");
	return 1;
}

static SSL *
visit(SSL_CTX *ctx, int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	SSL *ssl = SSL_new(ctx);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in.sin_port = htons((in_port_t)port);
	if (connect(fd, (struct sockaddr *)&in, sizeof(in)) != 0)
		fail("connect");
	set_nodelay(fd);
	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) != 1)
		fail("handshake");
	return ssl;
}

static int
client(int port, const char *version, int count)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	char data[1024];
	SSL *ssl;
	size_t n;
	int fd;

	if (strcmp(version, "TLSv1_2") == 0)
		SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	signal(SIGPIPE, SIG_IGN);
	while (count-- > 0) {
		ssl = visit(ctx, port);
		while (SSL_read_ex(ssl, data, sizeof(data), &n))
			;
		fd = SSL_get_fd(ssl);
		SSL_free(ssl);
		close(fd);
	}
	return 0;
}

static int
hold(int port, int count)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	char data[100] = "";
	size_t n;

	while (count-- > 0) {
		SSL *ssl = visit(ctx, port);

		if (!SSL_write_ex(ssl, data, sizeof(data), &n) ||
		    !SSL_read_ex(ssl, data, sizeof(data), &n))
			fail("hold");
	}
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "server") == 0)
		return server(argv[2], argv[3]);
	if (argc == 5 && strcmp(argv[1], "client") == 0)
		return client(atoi(argv[2]), argv[3], atoi(argv[4]));
	if (argc == 4 && strcmp(argv[1], "hold") == 0)
		return hold(atoi(argv[2]), atoi(argv[3]));
	fprintf(stderr, "usage: see the head of peer.c\n");
	return 2;
}
