# SPDX-License-Identifier: GPL-2.0-or-later
#
# One end of a connection, and the small step language that both the raw client
# and the server's raw scripts run.  A step is a list: the word, then arguments.
#   send TEXT        bytes (latin-1); inside TLS once it runs
#   hex DIGITS       bytes
#   tls NAME {..}    a function of tls_bytes.py
#   reply            read one whole SMTP reply        line    read one line
#   record [N]       read N TLS records               wait S  read until S seconds are silent
#   sleep S          start_tls {..}  real TLS, see Wire.start_tls
#   close  half_close  rst           end the connection that way
#   from ADDRESS     first step of a raw client only: its own address
import os
import re
import select
import socket
import ssl
import struct
import time

import tls_bytes

VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


class Gone(Exception):
    """The other end closed, reset, or a TLS handshake failed."""


class Wire:
    """A socket, with TLS over memory once started, so that flights can be kept back."""

    def __init__(self, sock, seconds=30):
        self.sock, self.seconds = sock, seconds
        self.plain, self.tls = b"", None
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def raw_read(self, seconds=None):
        ready, _, _ = select.select(
            [self.sock], [], [], self.seconds if seconds is None else seconds
        )
        if not ready:
            raise Gone("silence")
        try:
            data = self.sock.recv(65536)
        except OSError as error:
            raise Gone(str(error)) from error
        if not data:
            raise Gone("closed")
        return data

    def raw_send(self, data):
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise Gone(str(error)) from error

    def start_tls(self, context, server=False, name=None, quirk="", edit_hello=None, delay=0):
        """quirk: no_alert (a failed handshake ends without one), quit_after_flight (the
        client closes when it has the certificate), slow (delay before the second flight)."""
        self.inbox, self.outbox = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(
            self.inbox, self.outbox, server_side=server, server_hostname=name
        )
        rest, self.plain = self.plain, b""
        flight = 0
        while True:
            try:
                self.tls.do_handshake()
                self.flush()
                return
            except ssl.SSLWantReadError:
                flight += 1
            except ssl.SSLError as error:
                if "no_alert" not in quirk:
                    self.flush()
                raise Gone(str(error)) from error
            if flight > 1 and quirk == "quit_after_flight":
                raise Gone("quits")
            if flight > 1 or server:
                time.sleep(delay if self.outbox.pending else 0)
            self.flush()
            data = rest or self.raw_read()
            rest = b""
            if edit_hello and flight == 1:
                data = edit_hello(data)
            self.inbox.write(data)

    def flush(self):
        if self.outbox.pending:
            self.raw_send(self.outbox.read())

    def send(self, data):
        if not self.tls:
            self.raw_send(data)
            return
        self.tls.write(data)
        self.flush()

    def read(self, seconds=None):
        while self.tls:
            try:
                data = self.tls.read(65536)
                self.flush()
                if not data:
                    raise Gone("close_notify")
                return data
            except ssl.SSLWantReadError:
                self.flush()
                self.inbox.write(self.raw_read(seconds))
            except ssl.SSLError as error:
                raise Gone(str(error)) from error
        return self.raw_read(seconds)

    def line(self):
        while b"\n" not in self.plain:
            self.plain += self.read()
        line, _, self.plain = self.plain.partition(b"\n")
        return line + b"\n"

    def exactly(self, count):
        while len(self.plain) < count:
            self.plain += self.read()
        data, self.plain = self.plain[:count], self.plain[count:]
        return data

    def reply(self):
        while True:
            line = self.line()
            if not re.match(rb"\d{3}-", line):
                return line

    def unwrap(self):
        if self.tls:
            try:
                self.tls.unwrap()
            except (ssl.SSLError, OSError):
                pass
            try:
                self.flush()
            except Gone:
                pass

    def close(self, how="fin"):
        if how == "rst":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


def context(options, folder, server=False):
    """options: min max ciphers cert curve sigalgs client_cert verify keylog tickets alpn."""
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    ctx.minimum_version = VERSIONS[options.get("min", "1.2")]
    ctx.maximum_version = VERSIONS[options.get("max", "1.3")]
    if options.get("ciphers"):
        ctx.set_ciphers(options["ciphers"])
    if options.get("curve"):
        ctx.set_ecdh_curve(options["curve"])
    if options.get("keylog"):
        ctx.keylog_filename = options["keylog"]
    if options.get("allow_renegotiation"):
        ctx.options |= 1 << 8
    if server:
        ctx.load_cert_chain(os.path.join(folder, options.get("cert", "cafe.pem")))
        ctx.num_tickets = options.get("tickets", 2)
        if options.get("no_tickets12"):
            ctx.options |= ssl.OP_NO_TICKET
        if options.get("client_cert"):
            ctx.load_verify_locations(os.path.join(folder, "all-ca.pem"))
            ctx.verify_mode = ssl.CERT_OPTIONAL
        return ctx
    ctx.check_hostname = bool(options.get("verify"))
    ctx.verify_mode = ssl.CERT_REQUIRED if options.get("verify") else ssl.CERT_NONE
    if options.get("verify"):
        ctx.load_verify_locations(os.path.join(folder, options["verify"]))
    if options.get("alpn"):
        ctx.set_alpn_protocols(options["alpn"])
    return ctx


def tls_message(step, folder):
    given = dict(step[2]) if len(step) > 2 else {}
    if "pem" in given:
        given["pem"] = os.path.join(folder, given["pem"])
    for word in ("sentinel", "session", "compression"):
        if isinstance(given.get(word), str):
            given[word] = bytes.fromhex(given[word])
    return getattr(tls_bytes, step[1])(**given)


def read_records(wire, count):
    for _ in range(count):
        head = wire.exactly(5)
        if head[0] & 0x80:
            size = int.from_bytes(head[:2], "big") & 0x7FFF
            wire.exactly(size - 3)
        else:
            wire.exactly(int.from_bytes(head[3:5], "big"))


def wait_silent(wire, seconds):
    try:
        while True:
            wire.plain += wire.read(seconds)
    except Gone as gone:
        if str(gone) != "silence":
            raise


def run(wire, steps, folder):
    """Runs the steps; True when one of them ended the connection."""
    for step in steps:
        word, rest = step[0], step[1:]
        if word == "send":
            wire.send(rest[0].encode("latin-1"))
        elif word == "hex":
            wire.send(bytes.fromhex(rest[0]))
        elif word == "tls":
            wire.raw_send(tls_message(step, folder))
        elif word == "reply":
            wire.reply()
        elif word == "line":
            wire.line()
        elif word == "record":
            read_records(wire, rest[0] if rest else 1)
        elif word == "wait":
            wait_silent(wire, rest[0])
        elif word == "sleep":
            time.sleep(rest[0])
        elif word == "start_tls":
            given = rest[0] if rest else {}
            wire.start_tls(
                context(given, folder),
                name=given.get("sni"),
                quirk=given.get("quirk", ""),
                delay=given.get("delay", 0),
            )
        elif word == "half_close":
            wire.sock.shutdown(socket.SHUT_WR)
        elif word in ("close", "rst"):
            if word == "close":
                wire.unwrap()
            wire.close("rst" if word == "rst" else "fin")
            return True
        else:
            raise ValueError(f"unknown step {word}")
    return False
