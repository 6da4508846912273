# SPDX-License-Identifier: GPL-2.0-or-later
"""Hostile bytes, part two: what stands inside TCP (SMTP, TLS, DNS) and files that lie."""
import base64
import gzip
import struct

from craft import Capture, Host, Tcp, noise, pcap_bytes, pcapng_block, pcapng_bytes
from craft_hostile import ACCEPTED, FINE, healthy, hostile
from craft_smtp import (BYE, CAFE, CLIENT, FROM, GO_ON, MX, MX_NAME, RCPT_OK, RESOLVER, SENDER_OK,
                        TO, bye, client_hello, dns_message, dns_name, dns_packet, hello, message,
                        queued, send_mail, server, server_hello_13, starttls, tls_record, to_mx,
                        to_submission)
from craft_story import secret


class Data:
    """File content with the write() of a Capture."""

    def __init__(self, data):
        self.data = data

    def write(self, path):
        with open(path, "wb") as out:
            out.write(self.data)


# SMTP

def long_line(side):
    who = ("client", "server")[side]

    @hostile(f"long-line-{who}.pcapng.gz",
             f"""The {who} sends one line of 1 MiB without CRLF. It is not kept; the session is not
             understood after it.""", unsure="fires cause outcome", endpoint="mx")
    def make():
        cap = Capture()
        t = to_mx(cap)
        t.s(MX.banner(t))
        if side == 1:
            t.c("EHLO mfp-42.contoso.com\r\n")
        blob = (b"EHLO " if side == 0 else b"250-") + b"A" * (1 << 20)
        for at in range(0, len(blob), 14600):
            t.data(side, blob[at:at + 14600])
        t.close(0)
        cap.in_time()
        return Data(gzip.compress(pcapng_bytes(cap.packets, [1]), mtime=0))
    return make


long_line(0)
long_line(1)


@hostile("nul-bytes.pcapng",
         """NUL bytes in the banner, in the EHLO name, in capabilities and in a reply. "STARTTLS" is
         there, with a NUL inside. Nothing may stop at the NUL.""", unsure="fires cause outcome",
         endpoint="mx")
def nul_bytes():
    cap = Capture()
    t = to_mx(cap)
    t.s(MX.banner(t).replace("Microsoft", "Micro\0soft")).c(b"EHLO mfp\0-42.contoso.com\0\r\n")
    t.s(MX.ehlo().replace("STARTTLS", "START\0TLS"))
    t.c(b"\0\r\n").s("500 5.3.3 Unrecognized command '\0'\r\n").c("QUIT\r\n").s(BYE).close(1)
    return cap


@hostile("control-characters.pcapng",
         """Terminal escape sequences, quotes, backslashes, HTML and invalid UTF-8 in banner, EHLO
         name, addresses and replies. They must come out escaped in text, JSON and HTML.""",
         fires="m365.recipient", unsure="fires cause", outcome="rejected", endpoint="mx")
def controls():
    cap = Capture()
    t = to_mx(cap)
    t.s(MX.banner(t)).c(b"EHLO \x1b[2J\x1b]0;owned\x07<script>alert(1)</script>\xff\xfe\r\n")
    t.s(MX.ehlo())
    t.c(b"MAIL FROM:<\"a\\\"b\x07\x9b31m\"@contoso.com>\r\n").s(SENDER_OK)
    t.c(b"RCPT TO:<\xf0\x9f\x92\xa9\xc3\x28'\"</td><img src=x>@contoso.com>\r\n")
    t.wait(5).s(b"550 5.4.1 Recipient address rejected: Access denied. \x1b[31m\"},{\"id\":\"x"
                b"\xe2\x82<b>&amp;" + MX.trailer(t).encode() + b"\r\n")
    bye(t)
    return cap


@hostile("line-ends.pcapng",
         """Bare LF, bare CR, CRCRLF and CRLF split over segments byte by byte, in commands and in
         the EHLO reply. STARTTLS is offered.""", near="starttls.missing_from_m365 starttls.masked",
         unsure="fires cause outcome", endpoint="mx")
def line_ends():
    cap = Capture()
    t = to_mx(cap)
    t.s(MX.banner(t).replace("\r\n", "\n")).c("EHLO mfp-42.contoso.com\n")
    for n, byte in enumerate(MX.ehlo().replace("\r\n", "\r\r\n", 3).encode()):
        t.send(1, "A", bytes([byte]))
        t.wait(0.0001)
        if n % 16 == 0:
            t.send(0, "A")
    t.c("NOOP\rRSET\r\r\n").s("250 2.0.0 Ok\r").s("\n").c("QUIT\n").s(BYE).close(1)
    return cap


@hostile("one-byte-segments.pcapng",
         """A failing session, STARTTLS is missing from the EHLO reply, with every byte in a segment
         of its own. The verdict is that of the whole.""", fires="starttls.missing_from_m365",
         near="capture.loss capture.offload", cause="starttls.missing_from_m365",
         stopped_at="starttls", outcome="failed", endpoint="mx", method="direct_send_or_relay")
def one_byte():
    cap = Capture()
    t = to_mx(cap, rtt=0.002)
    t.mss = 1
    t.s(MX.banner(t)).c("EHLO mfp-42.contoso.com\r\n").s(MX.ehlo(starttls=False)).c("QUIT\r\n")
    t.s(BYE).close(1)
    return cap


@hostile("reply-nonsense.pcapng",
         """Replies that are none: no code, two digits, 999, letters, a multi-line reply whose code
         changes, one that never ends with 3,000 lines, and 2,000 capabilities.""",
         unsure="fires cause outcome", endpoint="mx", near="starttls.masked")
def reply_nonsense():
    cap = Capture()
    t = to_mx(cap)
    t.s(MX.banner(t)).c("EHLO mfp-42.contoso.com\r\n")
    t.s("250-" + MX.host + "\r\n" + "".join(f"250-X-WORD-{n}\r\n" for n in range(2000)) +
        "250-STARTTLS\r\n250 HELP\r\n")
    for text in ("hello\r\n", "25\r\n", "999 what\r\n", "abc def\r\n", "250\r\n",
                 "250-a\r\n550 b\r\n",
                 "\r\n", " \r\n", "250 5.7.1.2.3.4 x\r\n", "550 999999999999.1.1 y\r\n"):
        t.c("NOOP\r\n").s(text)
    t.c("NOOP\r\n").s("250-more\r\n" * 3000)
    t.close(0)
    return cap


@hostile("pipelined-5000.pcapng",
         """The client pipelines 5,000 commands before it reads, the server answers 5,000 times.""",
         unsure="fires cause outcome", endpoint="mx")
def pipelined():
    cap = Capture()
    t = hello(to_mx(cap), MX)
    t.c("NOOP\r\n" * 5000).s("250 2.0.0 Ok\r\n" * 5000)
    bye(t)
    return cap


@hostile("bdat-lies.pcapng",
         """BDAT with sizes of 2^64, -1, 2^32 with LAST, 30 digits, no size; then a BDAT whose data
         holds a whole forged session. What stands in the data is no command.""",
         near="starttls.required_reply auth.cleartext_password auth.attempt_before_tls",
         unsure="fires cause outcome", endpoint="mx")
def bdat():
    cap = Capture()
    t = hello(to_mx(cap), MX)
    t.c(f"MAIL FROM:<{FROM}>\r\n").s(SENDER_OK).c(f"RCPT TO:<{TO}>\r\n").s(RCPT_OK)
    for size in ("18446744073709551616", "-1", "999999999999999999999999999999", "", "0x10",
                 "1 2 3"):
        t.c(f"BDAT {size}\r\n").s("501 5.5.4 Invalid arguments\r\n")
    inner = (f"AUTH PLAIN {secret(base64.b64encode(b'a SECRET-bdat').decode())}\r\n"
             "QUIT\r\n.\r\nMAIL FROM:<x@evil.example>\r\n")
    secret("SECRET-bdat")
    t.c(f"BDAT {len(inner)}\r\n{inner}").s(f"250 2.6.0 CHUNK received OK, {len(inner)} octets\r\n")
    t.c("BDAT 4294967296 LAST\r\nshort").wait(1).close(0)
    return cap


@hostile("auth-huge.pcapng",
         """AUTH PLAIN in clear with a line of 100,000 bytes of base64 over many segments. It must
         appear nowhere, in no part.""", fires="auth.attempt_before_tls",
         unsure="fires cause outcome",
         endpoint="mx")
def auth_huge():
    cap = Capture()
    t = hello(to_mx(cap), MX)
    blob = base64.b64encode(b"\0huge@contoso.com\0" + b"SECRET-huge-1 " * 5300).decode()
    secret("SECRET-huge"), secret(blob[:48]), secret(blob[60:108])
    t.c(f"AUTH PLAIN {blob}\r\n").wait(5)
    t.s("504 5.7.4 Unrecognized authentication type" + MX.trailer(t) + "\r\n")
    bye(t)
    return cap


@hostile("auth-split-byte.pcapng",
         """AUTH LOGIN in clear on the MX endpoint, user and password sent byte by byte, the line
         ends apart, with a retransmission that overlaps. No part of them may appear.""",
         fires="auth.cleartext_password auth.port25", unsure="cause outcome", endpoint="mx",
         near="capture.loss")
def auth_split():
    cap = Capture()
    t = hello(to_mx(cap), MX, auth=True)
    user, word = (base64.b64encode(w).decode() for w in (b"split@contoso.com", b"SECRET-split-1"))
    for text in ("SECRET-split-1", user, word):
        secret(text)
    t.c("AUTH LOGIN\r\n").s("334 VXNlcm5hbWU6\r\n")
    for line, reply in ((user, "334 UGFzc3dvcmQ6\r\n"),
                        (word, "535 5.7.3 Authentication unsuccessful\r\n")):
        for byte in (line + "\r\n").encode():
            t.send(0, "PA", bytes([byte]))
            t.wait(0.001)
        whole = (line + "\r\n").encode()
        t.send(0, "PA", whole, seq=t.seq[0] - len(whole), advance=False)
        t.wait(0.02).send(1, "A")
        t.s(reply)
    bye(t)
    return cap


@hostile("noise-587.pcapng",
         """Random bytes both ways on port 587 to an address of Microsoft 365, 60 KiB, after an
         honest handshake.""", unsure="fires cause outcome", near="starttls.missing_from_m365"
         " auth.cleartext_password tls.client_max_old")
def noise_587():
    cap = Capture()
    t = to_submission(cap)
    for n in range(20):
        t.data(n & 1, noise(f"n{n}", 3000))
    t.close(0)
    return cap


# TLS

def tls_case(number, first, reply=b""):
    """STARTTLS, then these bytes as the client's and the server's first."""
    return number, first, reply


def tls_cases():
    good = client_hello()
    body = good[5:]
    cases = [tls_record(22, b""), tls_record(22, body[:1]), tls_record(22, body[:40]),
             struct.pack("!BHH", 22, 0x0301, 0xFFFF) + b"x" * 3000,
             tls_record(22, b"\x01\xff\xff\xff" + body[4:]),
             tls_record(22, b"\x01\0\0\0" + body[4:]),
             tls_record(21, b"\x02"), tls_record(21, b"\x02\x28" * 500), tls_record(255, body),
             tls_record(22, body)[:5] + b"\x01" * 70000, tls_record(20, b"\x01") * 400,
             tls_record(22, b"") * 800, b"".join(tls_record(22, bytes([b])) for b in body)]
    for at in (38, 39, 71, 72, 73, 74, 94, 95, 96, 97, 100, 102, 104):
        if at < len(body):
            cases.append(tls_record(22, body[:at] + b"\xff\xff" + body[at + 2:]))
    return cases


@hostile("tls-client-lies.pcapng.gz",
         """Thirty sessions that start TLS with a ClientHello that lies: lengths past the end in
         each vector, a record of 65,535 bytes, hundreds of empty records, one byte per record,
         alerts of one byte.""", unsure="fires cause outcome", endpoint="submission", sessions=26)
def tls_client():
    cap = Capture()
    for n, first in enumerate(tls_cases()):
        t = starttls(hello(to_submission(cap, n * 5.0, sport=50000 + n, isn=(n, n)), CAFE))
        t.c(first)
        t.close(1)
    cap.in_time()
    return Data(gzip.compress(pcapng_bytes(cap.packets, [1]), mtime=0))


@hostile("tls-server-lies.pcapng.gz",
         """Server flights that lie: certificates whose lengths exceed the list, a list that
         exceeds the message, random bytes as a certificate, a ServerHello cut at each byte, 300
         certificates and a handshake message of 16 MiB that never comes.""",
         unsure="fires cause outcome",
         endpoint="submission")
def tls_server():
    cap = Capture()
    flights = []
    sh = server_hello_13()
    flights += [tls_record(22, sh[5:5 + cut]) for cut in range(0, len(sh), 9)]
    plain = tls_record(22, b"\x02\0\0\x46\x03\x03" + noise("r", 32) + b"\x20" + noise("s", 32)
                       + b"\xc0\x2f\0")
    junk = noise("cert", 900)
    vec = lambda data, claim: claim.to_bytes(3, "big") + data  # noqa: E731
    for claim_list, claim_one in ((903, 900), (903, 901), (903, 0xFFFFFF), (0xFFFFFF, 900), (0, 0),
                                  (2, 900)):
        inner = vec(vec(junk, claim_one), claim_list)
        flights.append(plain + tls_record(22, b"\x0b" + len(inner).to_bytes(3, "big") + inner))
    many = b"".join(vec(b"\x30\x03\x02\x01" + bytes([n % 256]), 5) for n in range(300))
    inner = vec(many, len(many))
    flights.append(plain + tls_record(22, b"\x0b" + len(inner).to_bytes(3, "big") + inner))
    flights.append(plain + tls_record(22, b"\x0b\xff\xff\xff" + junk))
    for n, flight in enumerate(flights):
        t = starttls(hello(to_submission(cap, n * 5.0, sport=50000 + n, isn=(n, n)), CAFE))
        t.c(client_hello()).s(flight)
        t.close(0)
    cap.in_time()
    return Data(gzip.compress(pcapng_bytes(cap.packets, [1]), mtime=0))


# DNS

@hostile("dns-lies.pcapng",
         """DNS answers with compression pointers that point to themselves and in a circle, labels
         of more than 63 bytes, counts of 65,535, record lengths behind the end, names of 300
         labels, answers nobody asked for. The healthy session after them got its own answer.""",
         fires=FINE,
         near="dns.foreign_answer dns.nxdomain dns.no_answer", unsure="near", **ACCEPTED)
def dns_lies():
    cap = Capture()
    head = struct.pack("!HHHHHH", 7, 0x8180, 1, 1, 0, 0)
    question = dns_name(MX_NAME) + b"\0\1\0\1"
    bodies = [head + b"\xc0\x0c\0\1\0\1", head + b"\xc0\x0e\xc0\x0c\0\1\0\1",
              head + b"\x7f" + b"a" * 127 + b"\0\0\1\0\1", head + (b"\1a" * 300) + b"\0\0\1\0\1",
              struct.pack("!HHHHHH", 7, 0x8180, 65535, 65535, 65535, 65535) + question,
              head + question + b"\xc0\x0c\0\1\0\1\0\0\0\1\xff\xff\1\2\3\4",
              head + question + b"\xc0\x0c\0\1\0\1\0\0\0\1\0\3\1\2\3",
              head + question + b"\xc0\x0c\0\5\0\1\0\0\0\1\0\2\xc0\x30", b"", b"\0", head[:11],
              head]
    good = dns_message(7, MX_NAME, "A", [(MX_NAME, "A", "52.101.68.3")])
    bodies += [good[:cut] for cut in range(12, len(good), 5)]
    stranger = Host("198.51.100.53", "02:00:0a:01:02:01", 50)
    for n, body in enumerate(bodies):
        dns_packet(cap, n * 0.01, RESOLVER, CLIENT, 53, 45000, body)
        dns_packet(cap, n * 0.01 + 0.001, CLIENT, RESOLVER, 45000, 53, body)
    forged = dns_message(9, MX_NAME, "A", [(MX_NAME, "A", "198.51.100.66")])
    dns_packet(cap, 1.0, stranger, CLIENT, 53, 45000, forged)
    return healthy(cap, 2.0)


# Proxies and files

@hostile("commands-in-body.pcapng",
         """The message body holds SMTP commands, replies and a fake end of data with bare line
         feeds. All of it is text of the mail, which is accepted.""", fires=FINE,
         near="starttls.required_reply auth.cleartext_password mode.cross_protocol"
              " m365.relay_denied",
         unsure="near", **ACCEPTED)
def in_body():
    cap = Capture()
    t = hello(to_mx(cap), MX)
    t.c(f"MAIL FROM:<{FROM}>\r\n").s(SENDER_OK).c(f"RCPT TO:<{TO}>\r\n").s(RCPT_OK)
    t.c("DATA\r\n").s(GO_ON)
    t.c(message(600) + "QUIT\r\n..\r\nAUTH LOGIN\r\n550 5.7.64 TenantAttribution; Relay Access"
        " Denied\r\nSTARTTLS\r\nGET / HTTP/1.1\r\n.x\r\n").c(".\r\n").wait(0.1).s(queued(900))
    bye(t)
    return cap


def file_lies():
    cap = healthy(Capture()).in_time()
    pcap, png = pcap_bytes(cap.packets, 1), pcapng_bytes(cap.packets, [1])
    second = 24 + 16 + len(cap.packets[0][1])
    first_epb = len(pcapng_bytes([], [1]))
    return {
        "file-empty.pcap": (b"", "An empty file."),
        "file-header-only.pcap": (pcap[:24], "A pcap header and nothing more."),
        "file-half-header.pcap": (pcap[:13], "Half a pcap header."),
        "file-caplen-huge.pcap": (pcap[:second + 8] + struct.pack("<II", 0x7FFFFFFF, 0x7FFFFFFF)
                                  + pcap[second + 16:],
                                  "The second record says it has 2 GiB captured."),
        "file-caplen-over-len.pcap": (pcap[:24 + 12] + struct.pack("<I", 1) + pcap[24 + 16:],
                                      "The first record captured more than the packet had."),
        "file-link-unknown.pcap": (pcap[:20] + struct.pack("<I", 0x00FFFFFF) + pcap[24:],
                                   "A link type that nobody knows."),
        "file-noise.pcap": (noise("file", 5000), "Random bytes."),
        "file-block-length.pcapng": (png[:first_epb + 4] + struct.pack("<I", 0xFFFFFFF0)
                                     + png[first_epb + 8:], "A block that says it has 4 GiB."),
        "file-block-zero.pcapng": (png[:first_epb + 4] + struct.pack("<I", 0) + png[first_epb + 8:],
                                   "A block of length 0."),
        "file-no-interface.pcapng": (pcapng_bytes([], []) + png[first_epb:],
                                     "Packets without an interface description."),
        "file-interface-9.pcapng": (pcapng_bytes([(t, d, o, 9) for t, d, o, _ in cap.packets], [1]),
                                    "Packets of an interface that was never described."),
        "file-only-options.pcapng": (png + pcapng_block(6, b"\0" * 20),
                                     "An empty packet at the end."),
        "file-gzip-bomb.pcap.gz": (gzip.compress(pcap[:24] + b"\0" * (64 << 20), mtime=0),
                                   "64 MiB of zeros, compressed to a few KiB: four million empty"
                                   " packets."),
        "file-gzip-broken.pcap.gz": (gzip.compress(pcap, mtime=0)[:200] + noise("gz", 500),
                                     "A compressed file that breaks into noise."),
    }


for name, (content, what) in file_lies().items():
    hostile(name, what + " One line on stderr and exit 2 if nothing can be read, what is readable"
            " otherwise.", unsure="fires cause outcome",
            made="record/craft_hostile_words.py (file_lies)")(lambda content=content: Data(content))


@hostile("port-reuse.pcapng",
         """The same client port is used again half a second after a reset, with a failing session
         after a healthy one. Two sessions, each with its own verdict.""", sessions=2,
         fires="starttls.offered_not_used starttls.missing_from_m365", endpoint="mx",
         outcome="accepted", near="capture.loss", method="direct_send_or_relay",
         unsure="cause", note="cause starttls.missing_from_m365 in the second session, none in the"
         " first")
def port_reuse():
    cap = Capture()
    t = send_mail(hello(to_mx(cap), MX))
    t.reset(0)
    again = Tcp(cap, CLIENT, server(), 25, at=t.now + 0.5, isn=(0x90000000, 0x30000000)).open()
    bye(hello(again, MX, starttls=False))
    return cap
