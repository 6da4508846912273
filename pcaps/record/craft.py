# SPDX-License-Identifier: GPL-2.0-or-later
"""A small packet writer: Ethernet, IPv4/IPv6, TCP, UDP, ICMP to pcap and pcapng.

Takes calls of the scenario tables (craft_*.py), gives capture files that are the same bytes
whenever they are made again: times, initial sequence numbers and IP identifications are fixed.
What Microsoft 365 says is in craft_smtp.py, what happens in which capture in the tables.
The capture point is next to the client: the client's own packets carry no round trip.
"""
import calendar
import gzip
import hashlib
import ipaddress
import struct
import time

LINK_NULL, LINK_ETHERNET, LINK_PPP, LINK_RAW = 0, 1, 9, 101
LINK_SLL, LINK_SLL2, LINK_IPV4, LINK_IPV6 = 113, 276, 228, 229
FLAG = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32}
SEC = 1_000_000_000


def stamp(text):
    """'2026-11-24 09:00:00' in UTC -> nanoseconds."""
    return calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S")) * SEC


def noise(label, count):
    """Bytes that look random and are always the same for one label."""
    out, turn = b"", 0
    while len(out) < count:
        out += hashlib.sha256(f"{label}/{turn}".encode()).digest()
        turn += 1
    return out[:count]


def checksum(data):
    if len(data) & 1:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packed(address):
    return ipaddress.ip_address(address).packed


def pseudo(src, dst, proto, length):
    a, b = packed(src), packed(dst)
    if len(a) == 4:
        return a + b + struct.pack("!BBH", 0, proto, length)
    return a + b + struct.pack("!IxxxB", length, proto)


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def ethernet(src, dst, kind, payload, pad=True):
    frame = mac(dst) + mac(src) + struct.pack("!H", kind) + payload
    return frame.ljust(60, b"\0") if pad else frame


def ipv4(src, dst, proto, payload, ttl=64, ident=0, flags=2, offset=0, length=None, options=b""):
    """flags: 2 = don't fragment, 1 = more fragments; offset in units of 8 bytes."""
    ihl = 5 + len(options) // 4
    head = struct.pack("!BBHHHBBH", 0x40 | ihl, 0,
                       ihl * 4 + len(payload) if length is None else length,
                       ident & 0xFFFF, flags << 13 | offset, ttl, proto, 0)
    head += packed(src) + packed(dst) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6(src, dst, proto, payload, ttl=64, length=None, flow=0):
    head = struct.pack("!IHBB", 6 << 28 | flow, len(payload) if length is None else length,
                       proto, ttl)
    return head + packed(src) + packed(dst) + payload


def ip(src, dst, proto, payload, ttl=64, ident=0):
    if ":" in src:
        return ipv6(src, dst, proto, payload, ttl)
    return ipv4(src, dst, proto, payload, ttl, ident)


def tcp(src, dst, sport, dport, seq, ack, flags, payload=b"", window=64240, options=b"", bad=False,
        offset=None):
    bits = flags if isinstance(flags, int) else sum(FLAG[f] for f in flags)
    options += b"\x01" * (-len(options) % 4)
    words = 5 + len(options) // 4 if offset is None else offset
    head = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF,
                       words << 4, bits, window, 0, 0) + options
    total = checksum(pseudo(src, dst, 6, len(head) + len(payload)) + head + payload)
    if bad:
        total ^= 0x5A5A
    return head[:16] + struct.pack("!H", total) + head[18:] + payload


def udp(src, dst, sport, dport, payload):
    head = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0)
    total = checksum(pseudo(src, dst, 17, len(head) + len(payload)) + head + payload)
    return head[:6] + struct.pack("!H", total or 0xFFFF) + payload


def icmp_error(src, dst, kind, code, quoted, extra=0):
    """An ICMP or ICMPv6 error that quotes a packet; extra is the MTU field."""
    six = ":" in src
    quoted = quoted[:1232] if six else quoted[:28 if len(quoted) > 28 else len(quoted)]
    body = struct.pack("!BBHI", kind, code, 0, extra) + quoted
    total = checksum((pseudo(src, dst, 58, len(body)) if six else b"") + body)
    return body[:2] + struct.pack("!H", total) + body[4:]


def syn_options(mss=1460):
    return struct.pack("!BBH", 2, 4, mss) + b"\x04\x02" + b"\x01\x03\x03\x07"


class Host:
    """One end: addresses, hop limit as seen at the capture point, and its IP id counter."""

    made = []

    def __init__(self, address, hardware, ttl=64, ident=0x1000, window=64240):
        self.ip, self.mac, self.ttl, self.window = address, hardware, ttl, window
        self._ident = self._first = ident
        Host.made.append(self)

    @staticmethod
    def restart():
        """All counters as at first: what a capture holds depends on no other one."""
        for host in Host.made:
            host._ident = host._first

    def ident(self):
        self._ident = (self._ident + 1) & 0xFFFF
        return self._ident


class Capture:
    """A list of packets and the ways to write it."""

    def __init__(self, start="2026-11-24 09:00:00", link=LINK_ETHERNET):
        self.start, self.link, self.packets, self.interfaces = stamp(start), link, [], None

    def add(self, at, data, orig=None, iface=0):
        """at: seconds after the start; returns the packet's index."""
        self.packets.append((self.start + round(at * SEC), data, orig or len(data), iface))

    def frame(self, at, sender, receiver, packet):
        kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
        self.add(at, ethernet(sender.mac, receiver.mac, kind, packet))

    def in_time(self):
        self.packets.sort(key=lambda p: p[0])
        return self

    def write(self, path):
        self.in_time()
        write_file(path, self.packets, self.interfaces or [self.link])


def pcapng_option(code, value):
    return struct.pack("<HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def pcapng_block(kind, body):
    body += b"\0" * (-len(body) % 4)
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def pcapng_bytes(packets, links, snaplen=0):
    out = pcapng_block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    for link in links:
        out += pcapng_block(1, struct.pack("<HHI", link, 0, snaplen) +
                            pcapng_option(9, b"\x09") + pcapng_option(0, b""))
    blocks = [out]
    for when, data, orig, iface in packets:
        data_padded = data + b"\0" * (-len(data) % 4)
        head = struct.pack("<IIIII", iface, when >> 32, when & 0xFFFFFFFF, len(data), orig)
        blocks.append(pcapng_block(6, head + data_padded))
    return b"".join(blocks)


def pcap_bytes(packets, link, order="<", nano=False, snaplen=262144):
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    blocks = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, link)]
    for when, data, orig, _ in packets:
        part = when % SEC if nano else when % SEC // 1000
        blocks.append(struct.pack(order + "IIII", when // SEC, part, len(data), orig) + data)
    return b"".join(blocks)


def write_file(path, packets, links, **how):
    plain = path[:-3] if path.endswith(".gz") else path
    if plain.endswith(".pcap"):
        data = pcap_bytes(packets, links[0], **how)
    else:
        data = pcapng_bytes(packets, links)
    if path.endswith(".gz"):
        data = gzip.compress(data, mtime=0)
    with open(path, "wb") as out:
        out.write(data)


class Tcp:
    """One TCP connection. Data is cut at the MSS and acknowledged by the other side.

    self.now moves on by itself: rtt for what must go to the server and back, little for the
    client's own answer. Every sender keeps its own sequence number; what is sent with send()
    alone is not acknowledged.
    """

    def __init__(self, cap, client, server, dport, sport=50332, at=0.0, rtt=0.020, mss=1460,
                 isn=(0x10203040, 0xA0B0C0D0), near="client"):
        self.cap, self.hosts, self.ports = cap, (client, server), (sport, dport)
        self.now, self.rtt, self.mss, self.near = at, rtt, mss, near
        self.seq = list(isn)
        self.isn = tuple(isn)
        self.acked = [isn[0], isn[1]]

    def wait(self, seconds):
        self.now += seconds
        return self

    def build(self, side, flags, payload=b"", seq=None, ack=None, ttl=None, ident=None,
              window=None, options=b"", bad=False):
        """The IP packet that side (0 client, 1 server) would send now."""
        me, peer = self.hosts[side], self.hosts[1 - side]
        has_ack = "A" in flags if isinstance(flags, str) else bool(flags & 16)
        segment = tcp(me.ip, peer.ip, self.ports[side], self.ports[1 - side],
                      self.seq[side] if seq is None else seq,
                      (self.seq[1 - side] if ack is None else ack) if has_ack else 0, flags,
                      payload, self.window(side, flags) if window is None else window, options, bad)
        return ip(me.ip, peer.ip, 6, segment, me.ttl if ttl is None else ttl,
                  me.ident() if ident is None else ident)

    def window(self, side, flags):
        """Scaled by the 7 bits of syn_options(), but never in the SYN itself."""
        whole = self.hosts[side].window
        return whole if isinstance(flags, str) and "S" in flags else whole >> 7

    def send(self, side, flags, payload=b"", at=None, advance=True, **over):
        """One packet; advance moves the sender's sequence number on. Returns the IP packet."""
        packet = self.build(side, flags, payload, **over)
        self.cap.frame(self.now if at is None else at, self.hosts[side], self.hosts[1 - side],
                       packet)
        if advance:
            self.seq[side] += len(payload) + ("S" in flags) + ("F" in flags)
        return packet

    def lag(self, side):
        """Time until the other side's answer to side passes the capture point."""
        if self.near == "middle":
            return self.rtt / 2
        return self.rtt if (side == 0) == (self.near == "client") else 0.0002

    def open(self):
        self.send(0, "S", options=syn_options(self.mss))
        self.now += self.lag(0)
        self.send(1, "SA", options=syn_options(self.mss))
        self.now += self.lag(1)
        self.send(0, "A")
        self.now += 0.0003
        return self

    def data(self, side, payload, ack=True, **over):
        """Payload in segments of at most the MSS, then one acknowledgement."""
        if isinstance(payload, str):
            payload = payload.encode()
        for at in range(0, len(payload), self.mss):
            part = payload[at:at + self.mss]
            self.send(side, "PA" if at + self.mss >= len(payload) else "A", part, **over)
            self.now += 0.00002
        self.now += self.lag(side)
        if ack:
            self.send(1 - side, "A")
            self.now += 0.0004
        return self

    def c(self, payload, **over):
        return self.data(0, payload, **over)

    def s(self, payload, **over):
        return self.data(1, payload, **over)

    def close(self, first=1):
        """Orderly end, FIN by the given side first."""
        self.send(first, "FA")
        self.now += self.lag(first)
        self.send(1 - first, "FA")
        self.now += self.lag(1 - first)
        self.send(first, "A")
        return self

    def reset(self, side, **over):
        self.send(side, "RA", advance=False, **over)
        return self
