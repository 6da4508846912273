# SPDX-License-Identifier: GPL-2.0-or-later
"""The servers of the small test network: an SMTP server with the words of Microsoft 365 whose
manners are chosen by name, a name server and a proxy (SOCKS5 and HTTP CONNECT). Each runs inside a
namespace of record_net.py, as a process of its own: record_net_peers.py smtp|dns|proxy JSON.
"""
import json
import socket
import ssl
import struct
import sys
import threading
import time
from types import SimpleNamespace

import craft_smtp as words


class Conversation:
    """One accepted connection; the site's texts need a clock like that of a crafted session."""

    def __init__(self, sock, how):
        self.sock, self.how, self.buffer = sock, how, b""
        now = time.time_ns()
        cap = SimpleNamespace(start=now)
        self.t = SimpleNamespace(cap=cap, now=0.0, isn=(1, 4711))
        self.site = words.CAFE if how.get("site") == "cafe" else words.MX
        self.tls, self.began = False, now

    def say(self, text):
        self.t.now = (time.time_ns() - self.began) / 1e9
        self.sock.sendall(text.encode())

    def line(self):
        while b"\n" not in self.buffer:
            more = self.sock.recv(65536)
            if not more:
                return None
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r").decode("latin-1")

    def run(self):
        manner = self.how.get("manner", "healthy")
        if manner == "silent":
            return self.drain()
        if manner == "close":
            return None
        if manner == "busy":
            return self.say("421 4.3.2 Service not available" + self.site.trailer(self.t) + "\r\n")
        time.sleep(self.how.get("banner_after", 0))
        self.say(self.site.banner(self.t))
        line = self.line()
        while line is not None and self.obey(line):
            line = self.line()
        return None

    def drain(self):
        while self.sock.recv(65536):
            pass

    def obey(self, line):
        verb = line.split(" ")[0].upper()
        if verb == "EHLO":
            self.say(self.site.ehlo(not self.tls and self.how.get("starttls", True),
                                    self.tls and self.site.auth))
        elif verb == "STARTTLS":
            return self.go_tls()
        elif verb == "DATA":
            self.body()
        elif verb == "AUTH" and self.tls:
            self.login(line)
        elif verb == "QUIT":
            self.say(words.BYE)
            return False
        elif verb in ("MAIL", "RCPT"):
            self.say(words.SENDER_OK if verb == "MAIL" else words.RCPT_OK)
        else:
            time.sleep(5)   # the tarpit before an error
            self.say(f"500 5.3.3 Unrecognized command '{printable(line)}'"
                     f"{self.site.trailer(self.t)}\r\n")
        return True

    def login(self, line):
        """AUTH LOGIN, with or without the user name in the first line; any password will do."""
        if len(line.split(" ")) < 3:
            self.say(words.USER_PROMPT)
            self.line()
        self.say(words.PASS_PROMPT)
        self.line()
        self.say("235 2.7.0 Authentication successful\r\n")

    def body(self):
        self.say(words.GO_ON)
        size, line = 0, self.line()
        while line not in (None, "."):
            size += len(line) + 2
            line = self.line()
        if line == ".":
            self.say(words.queued(size) if self.site is words.MX else words.submitted())

    def go_tls(self):
        self.say(words.READY)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.how["certificate"])
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self.tls = True
        return True


def printable(line):
    text = line.split(" ")[0][:16]
    return "".join(c if 32 <= ord(c) < 127 else "?" for c in text)


def converse(sock, how):
    sock.settimeout(120)
    conversation = Conversation(sock, how)
    try:
        conversation.run()
    except (OSError, ssl.SSLError):
        pass
    finally:
        conversation.sock.close()


def serve_smtp(listeners):
    for how in listeners:
        family = socket.AF_INET6 if ":" in how["ip"] else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((how["ip"], how["port"]))
        sock.listen(64)
        threading.Thread(target=accept, args=(sock, how), daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


def accept(listener, how):
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=converse, args=(sock, how), daemon=True).start()


def question(query):
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
        at += 1 + query[at]
    return ".".join(labels), struct.unpack_from("!H", query, at + 1)[0], query[:at + 5][12:]


def dns_answer(query, zone):
    """zone: name -> {"A": [..], "AAAA": [..], "rcode": n, "after": seconds, "drop": true}"""
    name, kind, asked = question(query)
    entry = zone.get(name.lower(), {"rcode": 3})
    if entry.get("drop"):
        return None, 0
    word = {1: "A", 28: "AAAA", 15: "MX"}.get(kind, "")
    rows = [words.dns_record(name, word, tuple(v) if word == "MX" else v)
            for v in entry.get(word, [])]
    flags = 0x8180 | entry.get("rcode", 0)
    head = query[:2] + struct.pack("!HHHHH", flags, 1, len(rows), 0, 0)
    return head + asked + b"".join(rows), entry.get("after", 0)


def serve_dns(setup):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((setup["ip"], 53))
    print("ready", flush=True)
    while True:
        query, peer = sock.recvfrom(4096)
        answer, after = dns_answer(query, setup["zone"])
        if answer is not None:
            threading.Timer(after, sock.sendto, (answer, peer)).start()


def exactly(sock, size):
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise OSError("closed")
        data += more
    return data


def socks_target(sock):
    """RFC 1928: greeting without a login, then CONNECT by name or IPv4 address."""
    exactly(sock, exactly(sock, 2)[1])
    sock.sendall(b"\x05\x00")
    kind = exactly(sock, 4)[3]
    name = (exactly(sock, exactly(sock, 1)[0]).decode() if kind == 3
            else socket.inet_ntoa(exactly(sock, 4)))
    return name, int.from_bytes(exactly(sock, 2), "big"), b"\x05\x00\x00\x01\0\0\0\0\0\0"


def connect_target(sock):
    """RFC 9110 section 9.3.6."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += exactly(sock, 1)
    name, port = head.split(b" ")[1].decode().rsplit(":", 1)
    return name, int(port), b"HTTP/1.1 200 Connection established\r\n\r\n"


def relay(source, sink):
    try:
        data = source.recv(65536)
        while data:
            sink.sendall(data)
            data = source.recv(65536)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def proxy_one(sock, how):
    try:
        name, port, answer = (socks_target if how["kind"] == "socks" else connect_target)(sock)
        far = socket.create_connection((how["hosts"].get(name, name), port), 10)
        sock.sendall(answer)
    except OSError:
        sock.close()
        return
    threading.Thread(target=relay, args=(sock, far), daemon=True).start()
    relay(far, sock)


def serve_proxy(setup):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((setup["ip"], setup["port"]))
    sock.listen(8)
    print("ready", flush=True)
    while True:
        client, _ = sock.accept()
        threading.Thread(target=proxy_one, args=(client, setup), daemon=True).start()


SERVERS = {"smtp": serve_smtp, "dns": serve_dns, "proxy": serve_proxy}

if __name__ == "__main__":
    SERVERS[sys.argv[1]](json.loads(sys.argv[2]))
