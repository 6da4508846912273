# SPDX-License-Identifier: GPL-2.0-or-later
"""What Microsoft 365 and its clients say: banners, EHLO lists, replies, DNS messages, TLS records.

Takes a Tcp of craft.py, gives the steps of a dialogue. The words are those of genuine servers;
session ids and times are computed from the capture's time so that they fit together.
"""
import struct
import time

from craft import SEC, Host, Tcp, ip, noise, packed, udp

CLIENT = Host("10.1.2.30", "02:00:0a:01:02:1e", 64, 0x3A00)
CLIENT6 = Host("2001:db8:1:2::30", "02:00:0a:01:02:1e", 64)
GATE = "02:00:0a:01:02:01"
RESOLVER = Host("10.1.2.53", "02:00:0a:01:02:35", 64, 0x7700)
PUBLIC = "203.0.113.44"
SUBMISSION_NAME = "smtp.office365.com"
MX_NAME = "contoso-com.mail.protection.outlook.com"


def client(last=30, ident=0x3A00):
    return Host(f"10.1.2.{last}", f"02:00:0a:01:02:{last:02x}", 64, ident)


def server(address="52.101.68.3", ttl=110, ident=0x5100, gate=GATE):
    return Host(address, gate, ttl, ident, 65535)


class Site:
    """A Microsoft 365 front end: its names, and every reply that needs them."""

    def __init__(self, short, zone, prod, size=157286400, auth=False):
        self.short, self.zone, self.prod = short, zone, prod
        self.host, self.size, self.auth = f"{short}.{zone}", size, auth

    def clock(self, t, skew=0):
        return (t.cap.start + round(t.now * SEC)) / SEC + skew

    def session_id(self, t):
        """The banner's 16 hex digits: a .NET tick count some days before the session."""
        ticks = (t.cap.start // SEC - 3 * 86400 + 62135596800) * 10_000_000 + t.isn[1] % 9_999_999
        return f"{ticks:016X}"

    def banner(self, t, skew=0):
        at = time.gmtime(self.clock(t, skew))
        when = time.strftime("%a, ", at) + str(at.tm_mday) + time.strftime(" %b %Y %H:%M:%S", at)
        return (f"220 {self.host} Microsoft ESMTP MAIL Service ready at {when} +0000"
                f" [{self.session_id(t)}]\r\n")

    def trailer(self, t):
        at = self.clock(t)
        when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1000):03d}Z"
        return f" [{self.short}.{self.prod} {when} {self.session_id(t)}]"

    def ehlo(self, starttls=True, auth=False, public=PUBLIC, drop=()):
        words = ["SIZE %d" % self.size, "PIPELINING", "DSN", "ENHANCEDSTATUSCODES"]
        words += ["STARTTLS"] if starttls else []
        words += ["AUTH LOGIN XOAUTH2"] if auth else []
        words += ["8BITMIME", "BINARYMIME", "CHUNKING", "SMTPUTF8"]
        words = [w for w in words if w not in drop]
        return ehlo_lines([f"{self.host} Hello [{public}]"] + words)


def ehlo_lines(words):
    return "".join(f"250{' ' if w is words[-1] else '-'}{w}\r\n" for w in words)


MX = Site("DB5PEPF00014B8E", "mail.protection.outlook.com", "eurprd02.prod.outlook.com")
CAFE = Site("BE1P281CA0440", "outlook.office365.com", "DEUP281.PROD.OUTLOOK.COM", auth=True)

READY = "220 2.0.0 SMTP server ready\r\n"
SENDER_OK = "250 2.1.0 Sender OK\r\n"
RCPT_OK = "250 2.1.5 Recipient OK\r\n"
GO_ON = "354 Start mail input; end with <CRLF>.<CRLF>\r\n"
BYE = "221 2.0.0 Service closing transmission channel\r\n"
USER_PROMPT, PASS_PROMPT = "334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n"
FROM, TO = "scanner@contoso.com", "anna@contoso.com"


def queued(size=3210):
    return ("250 2.6.0 <20261124090000.4711@mfp-42.contoso.com> [InternalId=40028624256812,"
            f" Hostname=DB9PR02MB7211.eurprd02.prod.outlook.com] {size} bytes in 0.141, 22.231"
            " KB/sec Queued mail for delivery -> 250 2.1.5\r\n")


def submitted():
    return ("250 2.0.0 OK <BYAPR17MB2920ABCD@BYAPR17MB2920.namprd17.prod.outlook.com>"
            " [Hostname=BYAPR17MB2920.namprd17.prod.outlook.com]\r\n")


def message(size=3210):
    head = (f"From: {FROM}\r\nTo: {TO}\r\nSubject: Scan from MFP-42\r\n"
            "Date: Tue, 24 Nov 2026 09:00:00 +0000\r\n"
            "Message-ID: <20261124090000.4711@mfp-42.contoso.com>\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n")
    line = "A page of the scanned document, as text that fills a line of this mail.\r\n"
    body = head + line * ((size - len(head)) // len(line) + 1)
    return body[:size - 2] + "\r\n"


def hello(t, site, name="mfp-42.contoso.com", skew=0, **how):
    """Banner, EHLO, its reply."""
    t.s(site.banner(t, skew))
    t.c(f"EHLO {name}\r\n")
    return t.s(site.ehlo(**how))


def send_mail(t, size=3210, sender=FROM, to=TO):
    """MAIL to the reply after the final dot."""
    t.c(f"MAIL FROM:<{sender}>\r\n").s(SENDER_OK)
    t.c(f"RCPT TO:<{to}>\r\n").s(RCPT_OK)
    t.c("DATA\r\n").s(GO_ON)
    t.c(message(size)).c(".\r\n")
    t.wait(0.14)
    return t.s(queued(size))


def bye(t):
    t.c("QUIT\r\n").s(BYE)
    return t.close(1)


# DNS

KINDS = {"A": 1, "CNAME": 5, "MX": 15, "AAAA": 28}


def dns_name(name):
    return b"".join(bytes([len(p)]) + p.encode() for p in name.split(".") if p) + b"\0"


def dns_record(name, kind, value, ttl=300):
    if kind in ("A", "AAAA"):
        data = packed(value)
    elif kind == "MX":
        data = struct.pack("!H", value[0]) + dns_name(value[1])
    else:
        data = dns_name(value)
    return dns_name(name) + struct.pack("!HHIH", KINDS[kind], 1, ttl, len(data)) + data


def dns_message(number, name, kind, answers=None, rcode=0):
    """A query without answers=; with it the response: rows of (name, kind, value)."""
    flags = 0x0100 if answers is None else 0x8180 | rcode
    head = struct.pack("!HHHHHH", number, flags, 1, len(answers or ()), 0, 0)
    return (head + dns_name(name) + struct.pack("!HH", KINDS[kind], 1) +
            b"".join(dns_record(*row) for row in answers or ()))


def dns_packet(cap, at, src, dst, sport, dport, body):
    cap.frame(at, src, dst, ip(src.ip, dst.ip, 17, udp(src.ip, dst.ip, sport, dport, body),
                               src.ttl, src.ident()))


def dns_ask(cap, at, who, name, kind, answers=None, rcode=0, took=0.012, resolver=RESOLVER,
            number=None, port=None, tries=1, again=5.0):
    """A look-up; answers None = none comes. Returns the time after it."""
    number = (int.from_bytes(noise(name + kind, 2), "big") if number is None else number)
    port = port or 40000 + number % 20000
    for turn in range(tries):
        dns_packet(cap, at + turn * again, who, resolver, port, 53,
                   dns_message(number, name, kind))
    at += (tries - 1) * again
    if answers is None:
        return at + again
    dns_packet(cap, at + took, resolver, who, 53, port,
               dns_message(number, name, kind, answers, rcode))
    return at + took + 0.001


def resolve(cap, at, who, name, *addresses, **how):
    """The usual look-up of A with its answer; smtp.office365.com has an alias on the way."""
    rows, owner = [], name
    if name == SUBMISSION_NAME:
        rows, owner = [(name, "CNAME", "outlook.office365.com")], "outlook.office365.com"
    rows += [(owner, "AAAA" if ":" in a else "A", a) for a in addresses]
    kind = "AAAA" if ":" in addresses[0] else "A"
    return dns_ask(cap, at, who, name, kind, rows, **how)


def to_mx(cap, at=0.0, who=CLIENT, address="52.101.68.3", name=MX_NAME, port=25, **how):
    """Look-up and handshake to the MX endpoint."""
    at = resolve(cap, at, who, name, address)
    return Tcp(cap, who, server(address), port, at=at, **how).open()


def to_submission(cap, at=0.0, who=CLIENT, address="52.96.165.18", name=SUBMISSION_NAME, port=587,
                  **how):
    """Look-up and handshake to the submission endpoint."""
    at = resolve(cap, at, who, name, address)
    return Tcp(cap, who, server(address), port, at=at, **how).open()


# TLS, as bytes: nothing is encrypted really, what would be is noise of the right length

SUITES_12 = (0xC030, 0xC02F, 0xC028, 0xC027, 0x009D, 0x009C, 0x00FF)
SUITES_13 = (0x1302, 0x1301, 0x1303) + SUITES_12


def tls_record(kind, body, version=0x0303):
    return struct.pack("!BHH", kind, version, len(body)) + body


def tls_vector(width, body):
    return len(body).to_bytes(width, "big") + body


def extension(kind, body):
    return struct.pack("!HH", kind, len(body)) + body


def client_hello(sni=SUBMISSION_NAME, version=0x0303, tls13=True, suites=None, alpn=(), seed="ch",
                 big=False):
    """A ClientHello record of an OpenSSL-like client; big: with a post-quantum key share."""
    suites = suites or (SUITES_13 if tls13 else SUITES_12)
    ext = b""
    if sni:
        name = b"\0" + tls_vector(2, sni.encode())
        ext += extension(0, tls_vector(2, name))
    ext += extension(11, b"\x01\x00") + extension(10, bytes.fromhex("0006001d00170018"))
    ext += extension(23, b"")
    ext += extension(13, tls_vector(2, bytes.fromhex("080408050806040105010601040305030603")))
    if alpn:
        ext += extension(16, tls_vector(2, b"".join(tls_vector(1, a.encode()) for a in alpn)))
    if tls13:
        ext += extension(43, bytes.fromhex("0403040303")) + extension(45, b"\x01\x01")
        shares = b"\x00\x1d" + tls_vector(2, noise(seed + "key", 32))
        if big:
            shares = b"\x11\xec" + tls_vector(2, noise(seed + "pq", 1216)) + shares
        ext += extension(51, tls_vector(2, shares))
    body = struct.pack("!H", version) + noise(seed, 32) + tls_vector(1, noise(seed + "id", 32))
    body += tls_vector(2, b"".join(struct.pack("!H", s) for s in suites)) + b"\x01\x00"
    body += tls_vector(2, ext)
    return tls_record(22, b"\x01" + tls_vector(3, body), 0x0301)


def server_hello_13(seed="sh"):
    ext = extension(43, b"\x03\x04")
    ext += extension(51, b"\x00\x1d" + tls_vector(2, noise(seed + "key", 32)))
    body = b"\x03\x03" + noise(seed, 32) + tls_vector(1, noise("chid", 32)) + b"\x13\x02\x00"
    body += tls_vector(2, ext)
    return tls_record(22, b"\x02" + tls_vector(3, body))


def sealed(length, label):
    """A TLS 1.3 record around length bytes of plaintext."""
    return tls_record(23, noise(label, length + 17))


CCS = tls_record(20, b"\x01")


def tls13(t, sni=SUBMISSION_NAME, **how):
    """A whole TLS 1.3 handshake with AES-256-GCM: Finished is 52 bytes."""
    t.c(client_hello(sni, **how))
    t.s(server_hello_13() + CCS + sealed(6, "ee") + sealed(3880, "cert") + sealed(264, "cv") +
        sealed(52, "fin"))
    return t.c(CCS + sealed(52, "cfin"))


def inside(t, side, text, label=None):
    """One application record that carries text: only its length shows."""
    return t.data(side, sealed(len(text), label or f"{t.now:.6f}/{side}"))


def mail_in_tls(t, site=CAFE, login=True, name="mfp-42.contoso.com", size=3210):
    """After the handshake: EHLO, AUTH LOGIN, mail, QUIT; one record each."""
    inside(t, 0, f"EHLO {name}\r\n")
    inside(t, 1, site.ehlo(starttls=False, auth=login))
    steps = []
    if login:
        steps += [("AUTH LOGIN\r\n", USER_PROMPT), ("x" * 30, PASS_PROMPT),
                  ("x" * 22, "235 2.7.0 Authentication successful\r\n")]
    steps += [(f"MAIL FROM:<{FROM}>\r\n", SENDER_OK), (f"RCPT TO:<{TO}>\r\n", RCPT_OK),
              ("DATA\r\n", GO_ON),
              (message(size) + ".\r\n", submitted() if login else queued(size)),
              ("QUIT\r\n", BYE)]
    for line, reply in steps:
        inside(t, 0, line)
        inside(t, 1, reply)
    return t.close(1)


def starttls(t):
    return t.c("STARTTLS\r\n").s(READY)
