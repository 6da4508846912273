# SPDX-License-Identifier: GPL-2.0-or-later
"""Hostile traffic for the checks, written as it is made: connections whose every segment the caller
chooses, straight into a pcap file. Nothing is kept in memory, so a file may be of any size."""
import base64
import struct

CLIENT, SERVER = bytes([10, 1, 2, 30]), bytes([52, 96, 165, 18])
FIN, SYN, PSH, ACK = 1, 2, 8, 16
GREETING = "220 AM0PR01CA0001.outlook.office365.com Microsoft ESMTP MAIL Service ready\r\n"
LIST = ("250-AM0PR01CA0001.outlook.office365.com Hello [203.0.113.7]\r\n250-SIZE 157286400\r\n"
        "250-PIPELINING\r\n250-STARTTLS\r\n250-AUTH LOGIN PLAIN XOAUTH2\r\n250 CHUNKING\r\n")


def b64(data):
    return base64.b64encode(data if isinstance(data, bytes) else data.encode()).decode()


def total(data):
    """The sum of RFC 1071 over 16-bit words."""
    data += b"\0" * (len(data) & 1)
    value = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while value >> 16:
        value = (value & 0xFFFF) + (value >> 16)
    return ~value & 0xFFFF


def ipv4(src, dst, proto, payload, ident=0, fragment=0x4000):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident & 0xFFFF, fragment, 64,
                       proto, 0, src, dst)
    return head[:10] + struct.pack("!H", total(head)) + head[12:] + payload


def tcp(src, dst, sport, dport, seq, ack, flags, data=b""):
    head = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 0x50, flags,
                       65000, 0, 0)
    sum_ = total(src + dst + struct.pack("!BBH", 0, 6, len(head) + len(data)) + head + data)
    return ipv4(src, dst, 6, head[:16] + struct.pack("!H", sum_) + head[18:] + data)


def udp(src, dst, sport, dport, data):
    return ipv4(src, dst, 17, struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data)


class File:
    """A pcap file of Ethernet frames, a millisecond apart unless told otherwise."""

    def __init__(self, path):
        self.out = open(path, "wb")
        self.out.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        self.time = 1_790_000_000_000_000_000

    def packet(self, packet, after=1_000_000):
        self.time += after
        seconds, rest = divmod(self.time, 1_000_000_000)
        size = len(packet) + 14
        self.out.write(struct.pack("<IIII", seconds, rest, size, size) +
                       b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0" + packet)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.out.close()


class Connection:
    """A TCP connection; says() sends, lose() moves on without sending, raw() makes one packet."""

    def __init__(self, file, port=50000, client=CLIENT, server=SERVER, service=587, start=True,
                 at=1000):
        self.file, self.client, self.server = file, client, server
        self.port, self.service = port, service
        self.sent, self.answered = at, 9000
        if start:
            self.put(self.raw("c", b"", SYN))
            self.sent += 1
            self.put(self.raw("s", b"", SYN | ACK))
            self.answered += 1
            self.put(self.raw("c", b"", ACK))

    def raw(self, side, data, flags=ACK | PSH):
        ends = (self.client, self.server, self.port, self.service, self.sent, self.answered)
        if side == "s":
            ends = (self.server, self.client, self.service, self.port, self.answered, self.sent)
        return tcp(*ends, flags if flags != SYN else SYN, data)

    def put(self, packet, after=1_000_000):
        self.file.packet(packet, after)

    def move(self, side, count):
        if side == "c":
            self.sent += count
        else:
            self.answered += count

    def says(self, side, text, size=1400):
        data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
        for at in range(0, len(data), size):
            self.put(self.raw(side, data[at:at + size]))
            self.move(side, len(data[at:at + size]))

    def lose(self, side, text):
        self.move(side, len(text if isinstance(text, bytes) else text.encode()))

    def greet(self):
        self.says("s", GREETING)
        self.says("c", "EHLO printer.contoso.com\r\n")
        self.says("s", LIST)

    def close(self):
        self.put(self.raw("c", b"", ACK | FIN))
        self.sent += 1
        self.put(self.raw("s", b"", ACK | FIN))
        self.answered += 1
        self.put(self.raw("c", b"", ACK))
