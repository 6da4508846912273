# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes a recorded capture and gives it as another capture point or file format would.

Every function takes and gives a list of packets (nanoseconds, bytes, original length, interface)
with Ethernet frames, unless its name says another link type. Nothing here knows SMTP.
The captures themselves are listed in craft_input.py and craft_quality.py.
"""
import gzip
import ipaddress
import struct

from craft import SEC, checksum, ethernet, ipv4, ipv6, mac, packed, pseudo, udp

OUTER = ("192.0.2.1", "192.0.2.2", "02:00:c0:00:02:01", "02:00:c0:00:02:02")
OUTER6 = ("2001:db8:ffff::1", "2001:db8:ffff::2")


# Reading

def read_capture(path):
    """Packets of a pcap or pcapng file that craft.py, tcpdump or dumpcap wrote."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        data = file.read()
    return read_pcapng(data) if data[:4] == b"\x0a\x0d\x0d\x0a" else read_pcap(data)


def read_pcap(data):
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    nano = struct.unpack(order + "I", data[:4])[0] == 0xA1B23C4D
    at, out = 24, []
    while at + 16 <= len(data):
        sec, part, size, orig = struct.unpack_from(order + "IIII", data, at)
        out.append((sec * SEC + part * (1 if nano else 1000), data[at + 16:at + 16 + size], orig,
                    0))
        at += 16 + size
    return out


def read_pcapng(data):
    at, out, units = 0, [], []
    while at + 12 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        body = data[at + 8:at + size - 4]
        if kind == 1:
            units.append(SEC // 10 ** resolution(body[8:]))
        elif kind == 6:
            iface, high, low, caplen, orig = struct.unpack_from("<IIIII", body)
            out.append(((high << 32 | low) * units[iface], body[20:20 + caplen], orig, iface))
        at += size
    return out


def resolution(options):
    while len(options) >= 4:
        code, size = struct.unpack_from("<HH", options)
        if code == 9:
            return options[4]
        options = options[4 + size + -size % 4:]
    return 6


# Looking into a frame

def ip_at(frame):
    return 14 if frame[12:14] in (b"\x08\x00", b"\x86\xdd") else None


def network(frame):
    """The IP packet of a frame without the Ethernet padding; None for others."""
    if ip_at(frame) is None:
        return None
    body = frame[14:]
    size = (40 + struct.unpack_from("!H", body, 4)[0] if body[0] >> 4 == 6
            else struct.unpack_from("!H", body, 2)[0])
    return body[:size] if size else body


def transport(packet):
    """(protocol, offset) of an IP packet without extension headers."""
    return (packet[6], 40) if packet[0] >> 4 == 6 else (packet[9], (packet[0] & 15) * 4)


def ports(packet):
    proto, at = transport(packet)
    return struct.unpack_from("!HH", packet, at) if proto in (6, 17) else (0, 0)


def is_tcp(frame):
    packet = network(frame)
    return packet is not None and transport(packet)[0] == 6


def payload(frame):
    """TCP payload of a frame, empty for all else."""
    if not is_tcp(frame):
        return b""
    packet = network(frame)
    at = transport(packet)[1]
    return packet[at + (packet[at + 12] >> 4) * 4:]


def to_server(frame):
    """Direction by port: towards 25, 465, 587 or 53."""
    packet = network(frame)
    return packet is not None and ports(packet)[1] in (25, 465, 587, 53)


def again(packet, proto, at):
    """The IP packet with the checksum of its TCP, UDP or ICMP made right."""
    six = packet[0] >> 4 == 6
    src, dst = (packet[8:24], packet[24:40]) if six else (packet[12:16], packet[16:20])
    where = at + {6: 16, 17: 6, 1: 2, 58: 2}[proto]
    body = packet[at:where] + b"\0\0" + packet[where + 2:]
    head = pseudo(str(ipaddress.ip_address(src)), str(ipaddress.ip_address(dst)), proto, len(body))
    total = checksum((b"" if proto == 1 else head) + body)
    return packet[:where] + struct.pack("!H", total) + packet[where + 2:]


def fix(packet):
    """All checksums of an IP packet again."""
    proto, at = transport(packet)
    if packet[0] >> 4 == 4:
        packet = packet[:10] + struct.pack("!H", checksum(packet[:10] + b"\0\0" + packet[12:at])) \
            + packet[12:]
    return again(packet, proto, at) if proto in (6, 17, 1, 58) else packet


# Another capture point

def one_direction(packets, towards_server):
    return [p for p in packets if not is_tcp(p[1]) or to_server(p[1]) == towards_server]


def without(packets, needle):
    """Drops every segment whose payload has needle."""
    return [p for p in packets if needle not in payload(p[1])]


def without_first(packets, start):
    """Drops the first segment whose payload begins with start."""
    gone = next(p for p in packets if payload(p[1]).startswith(start))
    return [p for p in packets if p is not gone]


def without_large(packets, which):
    """Drops one of the segments with more than 1000 bytes, counted from 0."""
    large = [p for p in packets if len(payload(p[1])) > 1000]
    return [p for p in packets if p is not large[which]]


def from_first(packets, needle):
    """As started in the middle: from the first segment with needle."""
    start = next(i for i, p in enumerate(packets) if needle in payload(p[1]))
    return packets[start:]


def only_tcp(packets):
    return [p for p in packets if is_tcp(p[1])]


def snap(packets, size, which=lambda frame: True):
    return [(t, d[:size], o, i) if which(d) else (t, d, o, i) for t, d, o, i in packets]


def reorder(packets, needle, by=2):
    """Moves the segment with needle behind the next ones; its time too."""
    out = list(packets)
    at = next(i for i, p in enumerate(out) if needle in payload(p[1]))
    moved = out.pop(at)
    when = out[at + by - 1][0] + 1000
    out.insert(at + by, (when,) + moved[1:])
    return out


def duplicates(packets, vlan=None, routed=True):
    """Every frame twice as a SPAN port gives it: 30 us later, after the router if routed."""
    out = []
    for when, data, orig, iface in packets:
        copy = data
        packet = network(data)
        if routed and packet:
            at = 7 if packet[0] >> 4 == 6 else 8
            packet = packet[:at] + bytes([packet[at] - 1]) + packet[at + 1:]
            copy = mac("02:00:0a:01:ff:02") + mac("02:00:0a:01:ff:01") + data[12:14] + fix(packet)
            copy = copy.ljust(60, b"\0")
        if vlan:
            copy = tagged(copy, 0x8100, vlan)
        out += [(when, data, orig, iface), (when + 30_000, copy, len(copy), iface)]
    return out


def bad_checksums(packets, which):
    """The TCP checksum as a network card that computes it later leaves it."""
    out = []
    for when, data, orig, iface in packets:
        if is_tcp(data) and which(data):
            at = 14 + transport(network(data))[1] + 16
            data = data[:at] + bytes(b ^ 0x5A for b in data[at:at + 2]) + data[at + 2:]
        out.append((when, data, orig, iface))
    return out


def shift(packets, seconds):
    return [(t + round(seconds * SEC), d, o, i) for t, d, o, i in packets]


# Tags and tunnels

def tagged(frame, kind, number):
    return frame[:12] + struct.pack("!HH", kind, number) + frame[12:]


def vlan(packets, number=100):
    return each(packets, lambda d: tagged(d, 0x8100, number))


def vlan_per_direction(packets):
    """As a mirror of a router between two VLANs shows it."""
    return each(packets, lambda d: tagged(d, 0x8100, 10 if to_server(d) else 20))


def gre_one_way(packets):
    """Only what goes to the server is in the tunnel: asymmetric paths."""
    return [w if to_server(p[1]) else p for p, w in zip(packets, gre(packets))]


def ip_options(packets):
    """IPv4 headers with a router alert option, RFC 2113."""
    def wrap(d):
        packet = network(d)
        head = bytes([0x46]) + packet[1:2] + struct.pack("!H", len(packet) + 4) + packet[4:20]
        return (d[:14] + fix(head + b"\x94\x04\0\0" + packet[20:])).ljust(60, b"\0")
    return each(packets, wrap)


def qinq(packets, outer=200, inner=100):
    return each(packets, lambda d: tagged(tagged(d, 0x8100, inner), 0x88A8, outer))


def qinq_old(packets):
    """Two tags with the type of one, as older switches send."""
    return each(packets, lambda d: tagged(tagged(d, 0x8100, 100), 0x8100, 200))


def mpls(packets, labels=(100, 200)):
    stack = b"".join(struct.pack("!I", label << 12 | (label == labels[-1]) << 8 | 63)
                     for label in labels)
    return each(packets, lambda d: d[:12] + b"\x88\x47" + stack + network(d))


def mpls_ethernet(packets):
    """Ethernet over MPLS with a control word."""
    head = mac(OUTER[3]) + mac(OUTER[2]) + b"\x88\x47" + struct.pack("!I", 300 << 12 | 0x13F)
    return each(packets, lambda d: head + b"\0\0\0\0" + d)


def pppoe(packets, session=0x11):
    def wrap(d):
        packet = network(d)
        kind = 0x57 if packet[0] >> 4 == 6 else 0x21
        return d[:12] + struct.pack("!HBBHHH", 0x8864, 0x11, 0, session, len(packet) + 2, kind) \
            + packet
    return each(packets, wrap)


def outer(proto, body, number, six=False):
    src, dst, smac, dmac = OUTER
    if six:
        return ethernet(smac, dmac, 0x86DD, ipv6(*OUTER6, proto, body, 62))
    return ethernet(smac, dmac, 0x0800, ipv4(src, dst, proto, body, 62, number, 0))


def gre(packets, key=None):
    """IP in GRE; with a key and sequence numbers if key is given."""
    def wrap(d, n):
        packet = network(d)
        kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
        head = struct.pack("!HH", 0 if key is None else 0x3000, kind)
        if key is not None:
            head += struct.pack("!II", key, n)
        return outer(47, head + packet, n)
    return numbered(packets, wrap)


def gre_ethernet(packets, six=False):
    return numbered(packets, lambda d, n: outer(47, struct.pack("!HH", 0, 0x6558) + d, n, six))


def erspan(packets, kind):
    """Type I has no header of its own, II 8 bytes, III 12."""
    def wrap(d, n):
        if kind == 1:
            return outer(47, struct.pack("!HH", 0, 0x88BE) + d, n)
        if kind == 2:
            head = struct.pack("!HHI", 0x1000, 0x88BE, n)
            head += struct.pack("!HHI", 0x1000 | 100, 0x0000 | 7, 3)
            return outer(47, head + d, n)
        head = struct.pack("!HHI", 0x1000, 0x22EB, n)
        head += struct.pack("!HHIHH", 0x2000 | 100, 7, 0x12345678 + n, 0, 0)
        return outer(47, head + d, n)
    return numbered(packets, wrap)


def vxlan(packets, number=4242, port=4789):
    head = struct.pack("!II", 0x08000000, number << 8)
    return in_udp(packets, port, lambda d: head + d)


def geneve(packets, number=77):
    head = struct.pack("!BBHI", 0x02, 0, 0x6558, number << 8) + struct.pack("!HBBI", 0x0102, 1, 1,
                                                                            9)
    return in_udp(packets, 6081, lambda d: head + d)


def in_udp(packets, port, wrap):
    src, dst = OUTER[:2]
    return numbered(packets, lambda d, n: outer(17, udp(src, dst, 50000, port, wrap(d)), n))


def ip_in_ip(packets):
    return numbered(packets, lambda d, n: outer(4, network(d), n))


def sixin4(packets):
    """IPv6 in IPv4, protocol 41."""
    return numbered(packets, lambda d, n: outer(41, network(d), n))


def ip_in_6(packets):
    return numbered(packets, lambda d, n: outer(4, network(d), n, six=True))


def each(packets, wrap):
    return [(t, w, len(w), i) for t, w, i in ((t, wrap(d), i) for t, d, _, i in packets)]


def numbered(packets, wrap):
    return [(t, w, len(w), i) for t, w, i in
            ((t, wrap(d, n), i) for n, (t, d, _, i) in enumerate(packets, 1))]


# Fragments and IPv6 headers

def fragments4(packets, size=576, backwards=False):
    """Every IPv4 packet larger than size in fragments, 50 us apart."""
    out = []
    for when, data, orig, iface in packets:
        packet = network(data)
        if packet is None or packet[0] >> 4 != 4 or len(packet) <= size:
            out.append((when, data, orig, iface))
            continue
        cut = [ethernet_of(data, p) for p in cut4(packet, size)]
        out += [(when + n * 50_000, d, len(d), iface)
                for n, d in enumerate(reversed(cut) if backwards else cut)]
    return out


def cut4(packet, size):
    body, step = packet[20:], (size - 20) // 8 * 8
    ident, = struct.unpack_from("!H", packet, 4)
    src, dst = (str(ipaddress.ip_address(packet[a:a + 4])) for a in (12, 16))
    return [ipv4(src, dst, packet[9], body[at:at + step], packet[8], ident,
                 1 if at + step < len(body) else 0, at // 8) for at in range(0, len(body), step)]


def ethernet_of(frame, packet):
    return (frame[:14] + packet).ljust(60, b"\0")


def extension_headers(packets):
    """Hop-by-hop, destination options and an atomic fragment header before the transport."""
    def wrap(d):
        packet = network(d)
        if packet is None or packet[0] >> 4 != 6:
            return d
        proto = packet[6]
        chain = bytes([60, 0, 1, 4, 0, 0, 0, 0]) + bytes([44, 1, 1, 12] + [0] * 12)
        chain += struct.pack("!BBHI", proto, 0, 0, 0x1234)
        size = len(packet) - 40 + len(chain)
        return d[:14] + packet[:4] + struct.pack("!H", size) + b"\0" + packet[7:40] + chain \
            + packet[40:]
    return each(packets, wrap)


def as_ipv6(packets, table):
    """The same conversation over IPv6; table maps IPv4 to IPv6 addresses. Name look-ups stay."""
    def wrap(d):
        packet = network(d)
        if packet is None or packet[0] >> 4 == 6 or transport(packet)[0] != 6:
            return d
        src, dst = (table[str(ipaddress.ip_address(packet[a:a + 4]))] for a in (12, 16))
        body = packet[(packet[0] & 15) * 4:]
        return d[:12] + b"\x86\xdd" + fix(ipv6(src, dst, 6, body, packet[8]))
    return each(packets, wrap)


# Other link types: the frames of these lists are no longer Ethernet

def raw(packets):
    return each(packets, network)


def null(packets, order="<"):
    """BSD loopback: the address family in the byte order of the machine that captured."""
    def wrap(d):
        packet = network(d)
        return struct.pack(order + "I", 30 if packet[0] >> 4 == 6 else 2) + packet
    return each(packets, wrap)


def loop(packets):
    """OpenBSD loopback: the family in network order."""
    return each(packets, lambda d: struct.pack("!I", 24 if network(d)[0] >> 4 == 6 else 2)
                + network(d))


def ppp(packets):
    def wrap(d):
        packet = network(d)
        return b"\xff\x03" + (b"\x00\x57" if packet[0] >> 4 == 6 else b"\x00\x21") + packet
    return each(packets, wrap)


def cooked(packets, version=1):
    """Linux 'any': v1 (SLL) and v2 (SLL2)."""
    def wrap(d):
        packet, kind = network(d), d[12:14]
        way = 4 if to_server(d) else 0
        source = d[6:12] + b"\0\0"
        if version == 1:
            return struct.pack("!HHH", way, 1, 6) + source + kind + packet
        return kind + struct.pack("!HIHBB", 0, 2, 1, way, 6) + source + packet
    return each(packets, wrap)


# Rewriting

def rewrite(packets, table, names=True):
    """Exchanges addresses everywhere they stand (also in DNS answers and in what ICMP quotes),
    then makes the checksums right. table: old address -> new address, same family."""
    pairs = [(packed(a), packed(b)) for a, b in table.items()]
    return [(t, w, len(w) + o - len(d), i)
            for t, d, o, i, w in ((t, d, o, i, rewrite_frame(d, pairs)) for t, d, o, i in packets)]


def rewrite_frame(frame, pairs):
    packet = network(frame)
    if packet is None:
        return frame
    proto, at = transport(packet)
    cut = at if proto == 6 else len(packet)
    head, rest = packet[:cut], packet[cut:]
    for old, new in pairs:
        head = head.replace(old, new)
    if proto in (1, 58) and len(head) > at + 28:
        head = head[:at + 8] + quoted(head[at + 8:])
    return (frame[:14] + fix(head + rest)).ljust(len(frame), b"\0")


def quoted(packet):
    """The IPv4 header checksum inside an ICMP error; the rest of it may be cut."""
    if packet[0] >> 4 != 4:
        return packet
    size = (packet[0] & 15) * 4
    return packet[:10] + struct.pack("!H", checksum(packet[:10] + b"\0\0" + packet[12:size])) \
        + packet[12:]


# More formats

def fragments6(packets, size=1280):
    """Every IPv6 packet larger than size in fragments with a fragment header."""
    out = []
    for when, data, orig, iface in packets:
        packet = network(data)
        if packet is None or packet[0] >> 4 != 6 or len(packet) <= size:
            out.append((when, data, orig, iface))
            continue
        step = (size - 48) // 8 * 8
        body, proto = packet[40:], packet[6]
        for at in range(0, len(body), step):
            part = body[at:at + step]
            head = struct.pack("!BBHI", proto, 0, at | (at + step < len(body)), when & 0xFFFF)
            cut = packet[:4] + struct.pack("!HB", len(part) + 8, 44) + packet[7:40] + head + part
            frame = ethernet_of(data, cut)
            out.append((when + at * 10, frame, len(frame), iface))
    return out


def two_interfaces(packets):
    """Each direction from an interface of its own, as a tap with two ports records."""
    return [(t, d, o, 0 if to_server(d) else 1) for t, d, o, _ in packets]


def pcapng_bigendian(packets, link):
    """A pcapng file as a big-endian machine writes it, microseconds."""
    def block(kind, body):
        body += b"\0" * (-len(body) % 4)
        return struct.pack(">II", kind, len(body) + 12) + body + struct.pack(">I", len(body) + 12)
    out = block(0x0A0D0D0A, struct.pack(">IHHq", 0x1A2B3C4D, 1, 0, -1))
    out += block(1, struct.pack(">HHI", link, 0, 262144))
    for when, data, orig, _ in packets:
        micro = when // 1000
        out += block(6, struct.pack(">IIIII", 0, micro >> 32, micro & 0xFFFFFFFF, len(data), orig)
                     + data)
    return out


def pcapng_rich(packets, link):
    """All that a reader may step over: comments, names, counters, unknown blocks, two sections."""
    from craft import pcapng_block as block, pcapng_option as option
    half = len(packets) // 2
    out = b""
    for part in (packets[:half], packets[half:]):
        out += block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) +
                     option(4, b"a tool") + option(0, b""))
        out += block(1, struct.pack("<HHI", link, 0, 0) + option(2, b"eth0") +
                     option(9, b"\x09") + option(0, b""))
        out += block(4, struct.pack("<HH", 1, 9) + bytes([192, 0, 2, 9]) + b"host\0\0\0\0" +
                     struct.pack("<HH", 0, 0))
        out += block(0x0BAD, bytes.fromhex("00007ed9") + b"a block of someone else")
        for when, data, orig, _ in part:
            body = data + b"\0" * (-len(data) % 4)
            out += block(6, struct.pack("<IIIII", 0, when >> 32, when & 0xFFFFFFFF, len(data), orig)
                         + body + option(1, b"a comment") + option(0, b""))
        out += block(5, struct.pack("<III", 0, packets[0][0] >> 32, packets[0][0] & 0xFFFFFFFF))
    return out
