"""The workloads that have a counterpart in Python's ssl module.

Called and prints as workloads.pl does.
"""
import socket
import ssl
import subprocess
import sys
import time

CERTS = "t/certs/"
RECORD = 16384


class Peer:
    """The server on plain OpenSSL; ends with the process."""

    def __init__(self, program):
        self.process = subprocess.Popen(
            [program, "server", CERTS + "server.pem", CERTS + "server.key"],
            stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())


def context(version=ssl.TLSVersion.TLSv1_3):
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ctx.minimum_version = ctx.maximum_version = version
    ctx.load_verify_locations(CERTS + "ca.pem")
    return ctx


def handshake(ctx, peer, session=None):
    plain = socket.create_connection(("127.0.0.1", peer.port))
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return ctx.wrap_socket(plain, server_hostname="localhost", session=session)


def talk(peer, order):
    tls = handshake(context(), peer)
    tls.sendall(order.encode() + b"\n")
    return tls


def timed(function):
    begin = time.process_time()
    function()
    return time.process_time() - begin


def writes(peer, length, count):
    big = memoryview(b"x" * (1 << 20))
    tls = talk(peer, "sink")

    def run():
        for _ in range(count):
            if tls.send(big[1000:1000 + length]) != length:
                sys.exit("short write")
    return timed(run)


def reads(peer, length, count):
    tls = talk(peer, "source %d %d" % (RECORD, length * count))

    def run():
        for _ in range(count):
            if len(tls.recv(length)) != length:
                sys.exit("short read")
    return timed(run)


def ping_pong(peer, length, count):
    tls = talk(peer, "echo")

    def run():
        for _ in range(count):
            tls.send(b"x" * length)
            if len(tls.recv(1024)) != length:
                sys.exit("short read")
    return timed(run)


def visits(peer, version, count):
    ctx = context(version)

    def run():
        for _ in range(count):
            handshake(ctx, peer).close()
    return timed(run)


def resumptions(peer, version, count):
    ctx = context(version)
    first = handshake(ctx, peer)
    session = first.session
    first.close()

    def run():
        for _ in range(count):
            tls = handshake(ctx, peer, session)
            if not tls.session_reused:
                sys.exit("not resumed")
            tls.close()
    return timed(run)


def contexts(_peer, is_server, count):
    def run():
        for _ in range(count):
            if is_server:
                ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                ctx.load_cert_chain(CERTS + "server.pem", CERTS + "server.key")
            else:
                context()
    return timed(run)


WORKLOADS = {
    "syswrite 16 KiB of 1 MiB": (writes, RECORD),
    "syswrite 64 B of 1 MiB": (writes, 64),
    "sysread 1 B": (reads, 1),
    "sysread 64 B": (reads, 64),
    "sysread 1024 B": (reads, 1024),
    "sysread 16384 B": (reads, RECORD),
    "ping-pong 64 B, sysread": (ping_pong, 64),
    "context, one CA file": (contexts, False),
    "context, server": (contexts, True),
    "handshake 1.3, client": (visits, ssl.TLSVersion.TLSv1_3),
    "handshake 1.2, client": (visits, ssl.TLSVersion.TLSv1_2),
    "resumed 1.2, client": (resumptions, ssl.TLSVersion.TLSv1_2),
}


def main():
    name, count, program = sys.argv[1:]
    if name not in WORKLOADS:
        sys.exit(3)
    function, argument = WORKLOADS[name]
    peer = Peer(program)
    try:
        cpu = function(peer, argument, int(count))
    finally:
        peer.process.terminate()
    print("%.6f %s -" % (cpu, sys.version.split()[0]))


main()
