#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Puts other addresses into a recorded capture: in IP headers, in the headers
# that ICMP quotes and in DNS A and AAAA answers, and makes every checksum
# right.  Frames keep their order, time and length.  Takes a pcap of Ethernet
# frames (ns or us) and a JSON map old -> new; writes .pcapng, .pcap (us) or
# .ns.pcap (ns), each also with .gz or .zst behind it.
import gzip
import ipaddress
import json
import struct
import subprocess
import sys


def ones_sum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def checksum(data):
    return struct.pack(">H", 0xFFFF - ones_sum(data))


def amended(old_sum, old, new):
    """RFC 1624: a checksum after bytes under it changed, for a packet we hold only in part."""
    total = (0xFFFF - struct.unpack(">H", old_sum)[0]) + ones_sum(new) + 0xFFFF - ones_sum(old)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack(">H", 0xFFFF - total)


class Rewriter:
    def __init__(self, table):
        self.map = {
            ipaddress.ip_address(a).packed: ipaddress.ip_address(b).packed for a, b in table.items()
        }

    def new(self, address):
        return self.map.get(bytes(address), bytes(address))

    def frame(self, data):
        at = 14
        kind = struct.unpack(">H", data[12:14])[0]
        while kind in (0x8100, 0x88A8):
            kind = struct.unpack(">H", data[at + 2 : at + 4])[0]
            at += 4
        if kind not in (0x0800, 0x86DD):
            return data
        return data[:at] + self.packet(data[at:])

    def packet(self, data, quoted=False):
        version = data[0] >> 4
        if version == 4:
            return self.ipv4(bytearray(data), quoted)
        return self.ipv6(bytearray(data), quoted) if version == 6 else bytes(data)

    def ipv4(self, data, quoted):
        head = (data[0] & 15) * 4
        total = struct.unpack(">H", data[2:4])[0]
        old = bytes(data[12:20])
        data[12:16], data[16:20] = self.new(data[12:16]), self.new(data[16:20])
        data[10:12] = b"\0\0"
        data[10:12] = checksum(bytes(data[:head]))
        fragment = struct.unpack(">H", data[6:8])[0] & 0x3FFF
        whole = len(data) >= total and not fragment
        tail = data[total:] if whole else b""
        body = data[head:total] if whole else data[head:]
        if not struct.unpack(">H", data[6:8])[0] & 0x1FFF:
            body = self.payload(data[9], bytearray(body), bytes(data[12:20]), old, whole, quoted)
        return bytes(data[:head]) + bytes(body) + bytes(tail)

    def ipv6(self, data, quoted):
        size = struct.unpack(">H", data[4:6])[0]
        old = bytes(data[8:40])
        data[8:24], data[24:40] = self.new(data[8:24]), self.new(data[24:40])
        whole = len(data) >= 40 + size
        tail = data[40 + size :] if whole else b""
        body = bytearray(data[40 : 40 + size] if whole else data[40:])
        body = self.payload(data[6], body, bytes(data[8:40]), old, whole, quoted)
        return bytes(data[:40]) + bytes(body) + bytes(tail)

    def payload(self, protocol, body, ends, old, whole, quoted):
        """ends, old: both addresses in one piece, after and before."""
        place = {6: 16, 17: 6, 1: 2, 58: 2}.get(protocol)
        if place is None or len(body) < place + 2:
            return body
        if protocol in (1, 58) and not quoted:
            quotes = (3, 4, 5, 11, 12) if protocol == 1 else (1, 2, 3, 4)
            if body[0] in quotes and len(body) > 28:
                body[8:] = self.packet(bytes(body[8:]), quoted=True)
        if protocol == 17 and 53 in struct.unpack(">HH", body[:4]) and whole:
            body[8:] = self.dns(bytearray(body[8:]))
        if not whole:
            if protocol != 1:
                body[place : place + 2] = amended(bytes(body[place : place + 2]), old, ends)
            return body
        pseudo = b"" if protocol == 1 else ends + struct.pack(">IHBB", len(body), 0, 0, protocol)
        body[place : place + 2] = b"\0\0"
        made = checksum(pseudo + bytes(body))
        body[place : place + 2] = b"\xff\xff" if protocol == 17 and made == b"\0\0" else made
        return body

    def dns(self, data):
        def skip_name(at):
            while data[at]:
                if data[at] >= 0xC0:
                    return at + 2
                at += 1 + data[at]
            return at + 1

        questions, answers = struct.unpack(">HH", data[4:8])
        at = 12
        for _ in range(questions):
            at = skip_name(at) + 4
        for _ in range(answers):
            at = skip_name(at)
            size = struct.unpack(">H", data[at + 8 : at + 10])[0]
            at += 10
            data[at : at + size] = self.new(data[at : at + size])
            at += size
        return data


def read_pcap(path):
    """Yields (nanoseconds, length on the wire, bytes)."""
    with open(path, "rb") as file:
        head = file.read(24)
        scale = 1 if head[:4] == b"\x4d\x3c\xb2\xa1" else 1000
        while len(row := file.read(16)) == 16:
            seconds, part, kept, length = struct.unpack("<IIII", row)
            yield seconds * 10**9 + part * scale, length, file.read(kept)


def pcap_bytes(frames, nano, snaplen):
    out = [struct.pack("<IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, snaplen, 1)]
    for when, length, data in frames:
        part = when % 10**9
        out.append(
            struct.pack("<IIII", when // 10**9, part if nano else part // 1000, len(data), length)
            + data
        )
    return b"".join(out)


def option(code, value):
    return struct.pack("<HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def block(kind, body):
    body += b"\0" * (-len(body) % 4)
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def pcapng_bytes(frames, snaplen, name, secrets=b""):
    section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
    interface = struct.pack("<HHI", 1, 0, snaplen)
    interface += option(2, name.encode()) + option(9, b"\x09") + option(0, b"")
    out = [block(0x0A0D0D0A, section), block(1, interface)]
    if secrets:
        out.append(block(10, struct.pack("<II", 0x544C534B, len(secrets)) + secrets))
    for when, length, data in frames:
        head = struct.pack("<IIIII", 0, when >> 32, when & 0xFFFFFFFF, len(data), length)
        out.append(block(6, head + data))
    return b"".join(out)


def write(path, frames, snaplen=262144, name="eth0", secrets=b""):
    plain = path[:-3] if path.endswith(".gz") else path[:-4] if path.endswith(".zst") else path
    if plain.endswith(".pcapng"):
        data = pcapng_bytes(frames, snaplen, name, secrets)
    else:
        data = pcap_bytes(frames, plain.endswith(".ns.pcap"), snaplen)
    if path.endswith(".gz"):
        data = gzip.compress(data, mtime=0)
    if path.endswith(".zst"):
        data = subprocess.run(
            ["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True
        ).stdout
    with open(path, "wb") as file:
        file.write(data)


def before_end(frames):
    """The frames before the first FIN or RST of TCP over IPv4."""
    for number, (_, _, data) in enumerate(frames):
        if data[12:14] == b"\x08\x00" and data[23] == 6 and data[14 + (data[14] & 15) * 4 + 13] & 5:
            return frames[:number]
    return frames


def rewrite(source, target, table, snaplen=262144, name="eth0", secrets=b"", cut=None):
    """cut: how many frames to keep, or "fin", as of a capture that was stopped too early."""
    rewriter = Rewriter(table)
    frames = [(when, length, rewriter.frame(data)) for when, length, data in read_pcap(source)]
    frames = before_end(frames) if cut == "fin" else frames[:cut]
    write(target, frames, snaplen, name, secrets)
    return len(frames)


if __name__ == "__main__":
    with open(sys.argv[3], encoding="utf-8") as text:
        print(rewrite(sys.argv[1], sys.argv[2], json.load(text)), "frames")
