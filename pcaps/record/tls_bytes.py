# SPDX-License-Identifier: GPL-2.0-or-later
#
# TLS messages as bytes, for what no current TLS library sends any more: SSL 2
# and 3 hellos, dead cipher suites, a downgrade sentinel, compression, endless
# hello retries.  Each function gives whole records; field layouts are those of
# RFC 5246, RFC 8446 and (sslv2_hello) RFC 5246 appendix E.2.
import hashlib
import ssl
import struct

SENTINEL_TLS12 = b"DOWNGRD\x01"
SENTINEL_TLS11 = b"DOWNGRD\x00"
HRR_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
MODERN_SUITES = [0x1302, 0x1303, 0x1301, 0xC030, 0xC02F, 0xC028, 0xC027, 0x009D, 0x009C, 0x00FF]


def vector(width, body):
    return len(body).to_bytes(width, "big") + body


def record(kind, version, body):
    return struct.pack(">BHH", kind, version, len(body)) + body


def handshake(kind, version, body):
    return record(22, version, bytes([kind]) + vector(3, body))


def extension(kind, body=b""):
    return struct.pack(">H", kind) + vector(2, body)


def u16s(values):
    return b"".join(struct.pack(">H", v) for v in values)


def steady_random(word):
    """32 bytes that look random and are the same in every recording."""
    return hashlib.sha256(word.encode()).digest()


def server_name(name):
    return extension(0, vector(2, b"\0" + vector(2, name.encode())))


def client_extensions(sni, groups, sigalgs, versions, shares, renegotiation):
    """The usual extensions; None or an empty list leaves one out."""
    out = b""
    if sni:
        out += server_name(sni)
    if groups:
        out += extension(11, b"\x01\x00") + extension(10, vector(2, u16s(groups)))
    if sigalgs:
        out += extension(13, vector(2, u16s(sigalgs)))
    if renegotiation:
        out += extension(0xFF01, b"\0")
    if versions:
        out += extension(43, vector(1, u16s(versions)))
    if shares:
        entries = b"".join(
            struct.pack(">H", g) + vector(2, steady_random(str(g)) * (n // 32)) for g, n in shares
        )
        out += extension(51, vector(2, entries))
    return out


def client_hello(
    version=0x0303,
    record_version=0x0301,
    suites=None,
    sni=None,
    groups=None,
    sigalgs=None,
    versions=None,
    shares=None,
    renegotiation=False,
    session=b"",
    compression=b"\0",
    bare=False,
):
    """bare: no extensions block at all, as SSL 3 and old TLS 1.0 stacks send it."""
    body = struct.pack(">H", version) + steady_random("client") + vector(1, bytes(session))
    body += vector(2, u16s(suites or MODERN_SUITES)) + vector(1, bytes(compression))
    if not bare:
        body += vector(2, client_extensions(sni, groups, sigalgs, versions, shares, renegotiation))
    return handshake(1, record_version, body)


def server_hello(
    version=0x0303,
    suite=0xC030,
    sentinel=b"",
    compression=0,
    session=b"",
    random=b"",
    extensions=b"",
):
    nonce = random or steady_random("server")
    nonce = nonce[: 32 - len(sentinel)] + bytes(sentinel)
    body = struct.pack(">H", version) + nonce + vector(1, bytes(session))
    body += struct.pack(">HB", suite, compression)
    if extensions:
        body += vector(2, extensions)
    return handshake(2, version, body)


def hello_retry(group=0x0018, session=b""):
    more = extension(43, b"\x03\x04") + extension(51, struct.pack(">H", group))
    return server_hello(suite=0x1302, random=HRR_RANDOM, session=session, extensions=more)


def certificate(version=0x0303, pem="cafe.pem"):
    with open(pem, encoding="ascii") as file:
        text = file.read()
    blocks = text.split("-----BEGIN CERTIFICATE-----")[1:]
    ders = [ssl.PEM_cert_to_DER_cert("-----BEGIN CERTIFICATE-----" + b) for b in blocks]
    return handshake(11, version, vector(3, b"".join(vector(3, d) for d in ders)))


def server_hello_done(version=0x0303):
    return handshake(14, version, b"")


def hello_request(version=0x0303):
    return handshake(0, version, b"")


def client_key_exchange(version=0x0303, length=258):
    return handshake(16, version, (steady_random("key") * 9)[:length])


def change_cipher_spec(version=0x0303):
    return record(20, version, b"\x01")


def alert(level=2, code=40, version=0x0303):
    return record(21, version, bytes([level, code]))


def sealed(kind=23, length=64, version=0x0303):
    """A record that only its keys could open."""
    return record(kind, version, (steady_random("sealed") * (length // 32 + 1))[:length])


def sslv2_hello(version=0x0301):
    """SSL 2 framing, as old stacks greeted servers of unknown version."""
    specs = bytes.fromhex(
        "00000400000500000a010080070000c0030080000009060040000064000062000003000006020080"
        "0400800000130000120000110000140000ff"
    )
    specs = specs[: len(specs) - len(specs) % 3]
    challenge = steady_random("challenge")[:16]
    body = struct.pack(">BHHHH", 1, version, len(specs), 0, len(challenge)) + specs + challenge
    return struct.pack(">H", 0x8000 | len(body)) + body


def without_versions_extension(hello):
    """A ClientHello as a box would pass it on that hides TLS 1.3: supported_versions gone."""
    body = hello[9:]
    at = 34
    at += 1 + body[at]
    at += 2 + int.from_bytes(body[at : at + 2], "big")
    at += 1 + body[at]
    fixed, rest, kept = body[:at], body[at + 2 :], b""
    while len(rest) >= 4:
        size = 4 + int.from_bytes(rest[2:4], "big")
        if rest[:2] != b"\x00\x2b":
            kept += rest[:size]
        rest = rest[size:]
    return handshake(1, 0x0301, fixed + vector(2, kept))
