# SPDX-License-Identifier: GPL-2.0-or-later
"""Hostile packets: lengths that lie, loops, floods, overlaps, garbage. Part one: up to TCP.

No tool may crash, hang, overrun or grow without bound on them. Where a capture also holds a real
session, its verdict is asked for: hostile neighbours must not change it.
"""
import struct

import transform as tr
from craft import Capture, Host, Tcp, ethernet, icmp_error, ipv4, ipv6, noise, tcp, udp
from craft_smtp import CLIENT, CLIENT6, MX, bye, hello, send_mail, server, to_mx
from craft_story import capture

OUTSIDE = server()
ACCEPTED = {"endpoint": "mx", "method": "direct_send_or_relay", "outcome": "accepted"}
FINE = "starttls.offered_not_used"


def hostile(name, story, **facts):
    return capture("hostile", f"hostile/{name}", story, **facts)


def healthy(cap, at=0.0, **how):
    bye(send_mail(hello(to_mx(cap, at, **how), MX)))
    return cap


def raw_ip(cap, at, packet, sender=CLIENT, receiver=OUTSIDE, kind=0x0800):
    cap.add(at, ethernet(sender.mac, receiver.mac, kind, packet))


def syn(seq=1, port=50000, **over):
    return tcp(CLIENT.ip, OUTSIDE.ip, port, 25, seq, 0, "S", **over)


# IP

@hostile("ip-length-lies.pcapng",
         """IPv4 headers that lie: total length over, under and inside the header, header length 0,
         4 and 15, fragments at the end of the world; IPv6 with a payload length of 0 and of
         65535. A healthy session in between keeps its verdict.""", fires=FINE,
         near="capture.loss capture.snaplen tcp.syn_no_answer", unsure="near", **ACCEPTED)
def ip_lies():
    cap = healthy(Capture(), 0.5)
    good = ipv4(CLIENT.ip, OUTSIDE.ip, 6, syn(), 64, 7)
    for n, length in enumerate((0, 1, 19, 20, 21, 39, 41, 1500, 65535)):
        raw_ip(cap, n * 0.001, good[:2] + struct.pack("!H", length) + good[4:])
    for n, first in enumerate((0x40, 0x41, 0x44, 0x4F, 0x05, 0x65, 0x00, 0xFF)):
        raw_ip(cap, 0.1 + n * 0.001, bytes([first]) + good[1:])
    for n, size in enumerate((0, 1, 7, 19, 20, 21, 27)):
        cap.add(0.2 + n * 0.001, ethernet(CLIENT.mac, OUTSIDE.mac, 0x0800, good[:size], pad=False))
    segment = tcp(CLIENT6.ip, "2a01:111:f403::3", 50000, 25, 1, 0, "S")
    for n, length in enumerate((0, 1, 19, 21, 1500, 65535)):
        raw_ip(cap, 0.3 + n * 0.001, ipv6(CLIENT6.ip, "2a01:111:f403::3", 6, segment, 64, length),
               kind=0x86DD)
    return cap


@hostile("ipv6-header-chain.pcapng",
         """IPv6 packets with a hundred extension headers, with headers that say they are longer
         than the packet, with jumbo and fragment headers that contradict themselves, and one whose
         chain points to itself by length 0.""", unsure="fires")
def v6_chain():
    cap = Capture()
    segment = tcp(CLIENT6.ip, "2a01:111:f403::3", 50000, 25, 1, 0, "S")

    def send(n, first, chain):
        raw_ip(cap, n * 0.01, ipv6(CLIENT6.ip, "2a01:111:f403::3", first, chain + segment),
               kind=0x86DD)
    send(0, 60, bytes([60, 0, 1, 4, 0, 0, 0, 0]) * 99 + bytes([6, 0, 1, 4, 0, 0, 0, 0]))
    send(1, 0, bytes([6, 255, 1, 4, 0, 0, 0, 0]))
    send(2, 60, bytes([60, 200, 1, 4, 0, 0, 0, 0]))
    send(3, 44, struct.pack("!BBHI", 44, 0, 1, 9) * 20 + struct.pack("!BBHI", 6, 0, 0xFFF9, 9))
    send(4, 51, bytes([6, 0, 0, 0, 0, 0, 0, 0]))
    send(5, 51, bytes([6, 255, 0, 0, 0, 0, 0, 0]))
    send(6, 43, bytes([43, 0, 0, 255, 0, 0, 0, 0]) * 40)
    send(7, 0, bytes([59, 0, 0xC2, 4, 0, 0, 0, 1]))
    return cap


@hostile("fragments-200-overlap.pcapng",
         """200 fragments of one IPv4 packet that all overlap with different content, in a random
         order and some of them twice; then 300 first fragments that never get a second. A healthy
         session follows.""", fires=FINE, near="capture.loss", **ACCEPTED)
def fragments_overlap():
    cap = Capture()
    order = sorted(range(200), key=lambda n: noise(f"order{n}", 4))
    for n, turn in enumerate(order + order[:30]):
        body = noise(f"part{turn}/{n}", 64)
        raw_ip(cap, n * 0.0001, ipv4(CLIENT.ip, OUTSIDE.ip, 6, body, 64, 0x4242,
                                     1 if turn < 199 else 0, turn * 5))
    for n in range(300):
        raw_ip(cap, 0.1 + n * 0.0001, ipv4(CLIENT.ip, OUTSIDE.ip, 6, noise(f"f{n}", 120), 64, n, 1))
    return healthy(cap, 1.0)


@hostile("fragments-beyond-64k.pcapng",
         """Fragments that together are longer than 65,535 bytes, a fragment of 0 bytes, one whose
         length is no multiple of 8 though more follow, and tiny first fragments that cut the TCP
         header in two.""", unsure="fires")
def fragments_beyond():
    cap = Capture()
    parts = ((0x1FFF, 0, 1400), (0x1FFE, 1, 8), (0, 1, 0), (0, 1, 13), (1, 0, 1000))
    for n, (offset, more, size) in enumerate(parts):
        raw_ip(cap, n * 0.01, ipv4(CLIENT.ip, OUTSIDE.ip, 6, noise("x", size), 64, 0x99, more,
                                   offset))
    packet = syn()
    for n, (offset, more, part) in enumerate(((0, 1, packet[:8]), (1, 1, packet[8:16]),
                                              (2, 0, packet[16:]))):
        raw_ip(cap, 1 + n * 0.01, ipv4(CLIENT.ip, OUTSIDE.ip, 6, part, 64, 0x77, more, offset))
    return cap


# Tunnels

def wrapped(packet, turns, wrap):
    for n in range(turns):
        packet = wrap(packet, n)
    return packet


@hostile("tunnel-loops.pcapng",
         """Tunnels in tunnels: IP-in-IP 40 deep, GRE in GRE 40 deep, VXLAN in VXLAN 20 deep, 40
         VLAN tags, 64 MPLS labels without a bottom. The innermost is a SYN to port 25. A healthy
         session without a tunnel follows.""", fires=FINE, near="capture.loss", **ACCEPTED)
def loops():
    cap = Capture()
    inner = ipv4(CLIENT.ip, OUTSIDE.ip, 6, syn(), 64, 7)
    a, b = "192.0.2.1", "192.0.2.2"
    raw_ip(cap, 0.0, wrapped(inner, 40, lambda p, n: ipv4(a, b, 4, p, 64, n, 0)))
    raw_ip(cap, 0.1, wrapped(inner, 40, lambda p, n: ipv4(a, b, 47, b"\0\0\x08\0" + p, 64, n, 0)))
    head = struct.pack("!II", 0x08000000, 9 << 8)

    def vx(p, n):
        frame = ethernet(CLIENT.mac, OUTSIDE.mac, 0x0800, p)
        return ipv4(a, b, 17, udp(a, b, 50000, 4789, head + frame), 64, n, 0)
    raw_ip(cap, 0.2, wrapped(inner, 20, vx))
    frame = ethernet(CLIENT.mac, OUTSIDE.mac, 0x0800, inner)
    cap.add(0.3, wrapped(frame, 40, lambda f, n: tr.tagged(f, 0x8100, n)))
    labels = struct.pack("!I", 77 << 12 | 64) * 64
    cap.add(0.4, ethernet(CLIENT.mac, OUTSIDE.mac, 0x8847, labels))
    cap.add(0.5, ethernet(CLIENT.mac, OUTSIDE.mac, 0x8847, labels + inner))
    six = wrapped(inner, 20, lambda p, n: ipv6("2001:db8::1", "2001:db8::2",
                                               4 if p[0] >> 4 == 4 else 41, p))
    raw_ip(cap, 0.6, six, kind=0x86DD)
    return healthy(cap, 1.0)


@hostile("tunnel-lies.pcapng",
         """GRE with every flag set, with routing that never ends and cut after each byte; VXLAN,
         GENEVE, ERSPAN, PPPoE and MPLS headers that are cut or whose lengths point behind the
         packet. Nothing may be read behind its end.""", unsure="fires")
def tunnel_lies():
    cap = Capture()
    inner = ipv4(CLIENT.ip, OUTSIDE.ip, 6, syn(), 64, 7)
    frame = ethernet(CLIENT.mac, OUTSIDE.mac, 0x0800, inner)
    a, b, at = "192.0.2.1", "192.0.2.2", [0.0]

    def send(proto, body):
        at[0] += 0.001
        packet = ipv4(a, b, proto, body, 64, 1, 0)
        cap.add(at[0], ethernet(CLIENT.mac, OUTSIDE.mac, 0x0800, packet, pad=False))

    full = struct.pack("!HH", 0xF807, 0x0800) + b"\0" * 8
    for flags in (0x4000, 0xC000, 0xF000, 0xFFFF, 0x0001, 0x2001, 0x3081):
        send(47, struct.pack("!HH", flags, 0x0800) + inner)
    send(47, full + struct.pack("!HBB", 0x0800, 0, 0) + inner)
    send(47, full + struct.pack("!HBB", 0x0800, 0, 255) * 30)
    for cut in range(20):
        send(47,
             (struct.pack("!HHII", 0x3000, 0x88BE, 9, 1) + b"\x10\x64\0\7\0\0\0\3" + frame)[:cut])
    for cut in range(24):
        send(47,
             (struct.pack("!HHI", 0x1000, 0x22EB, 1) + b"\x20\x64\0\1" + b"\0" * 8 + frame)[:cut])
    for port, head in ((4789, b"\x08\0\0\0\0\0\1\0"), (6081, b"\x02\0\x65\x58\0\0\1\0"),
                       (6081, b"\x3f\0\x65\x58\0\0\1\0"),
                       (6081, b"\x02\0\x65\x58\0\0\1\0\1\2\3\x1f"),
                       (8472, b"\xff" * 8), (4789, b"")):
        send(17, udp(a, b, 50000, port, head + frame))
        for cut in (0, 1, 7, 8, 12, 20, 22, 23, 30):
            send(17, udp(a, b, 50000, port, (head + frame)[:cut]))
    for length in (0, 1, 2, 3, 1500, 65535):
        at[0] += 0.001
        cap.add(at[0], ethernet(CLIENT.mac, OUTSIDE.mac, 0x8864,
                                struct.pack("!BBHHH", 0x11, 0, 1, length, 0x21) + inner))
    for kind in (0x8100, 0x88A8, 0x8847, 0x8848, 0x8864, 0x0800, 0x86DD):
        for cut in (0, 1, 2, 3, 4, 5):
            at[0] += 0.001
            cap.add(at[0], ethernet(CLIENT.mac, OUTSIDE.mac, kind, inner[:cut], pad=False))
    return cap


# TCP

@hostile("tcp-header-lies.pcapng",
         """TCP headers with a data offset of 0 to 4 and of 15 in a short segment, UDP lengths of 0
         and 65535, and segments cut at every byte. A healthy session follows.""", fires=FINE,
         unsure="near", **ACCEPTED)
def tcp_lies():
    cap = Capture()
    for offset in range(16):
        segment = tcp(CLIENT.ip, OUTSIDE.ip, 50000 + offset, 25, 1, 0, "A", b"EHLO x\r\n",
                      offset=offset)
        raw_ip(cap, offset * 0.001, ipv4(CLIENT.ip, OUTSIDE.ip, 6, segment, 64, offset))
    for cut in range(28):
        packet = ipv4(CLIENT.ip, OUTSIDE.ip, 6, syn(port=51000)[:cut], 64, cut)
        raw_ip(cap, 0.1 + cut * 0.001, packet)
    for n, length in enumerate((0, 7, 8, 9, 65535)):
        body = udp(CLIENT.ip, OUTSIDE.ip, 40000, 53, b"\0" * 20)
        raw_ip(cap, 0.2 + n * 0.001, ipv4(CLIENT.ip, OUTSIDE.ip, 17,
                                          body[:4] + struct.pack("!H", length) + body[6:]))
    return healthy(cap, 1.0)


@hostile("tcp-options-garbage.pcapng",
         """A healthy session in which every segment carries TCP options of garbage: length 0, 1 and
         255, an MSS of 0 and of 65535, a window scale of 255, SACK blocks that make no sense.""",
         fires=FINE, near="capture.loss tcp.mtu_blackhole tcp.rst_injected capture.offload",
         unsure="near", **ACCEPTED)
def options_garbage():
    cap = healthy(Capture())
    junk = (b"\x02\x00\x00\x00", b"\x02\x04\x00\x00", b"\x02\x04\xff\xff", b"\x03\x03\xff\x00",
            b"\x05\xff\x00\x00", b"\x05\x0a" + b"\xff" * 8 + b"\0\0", b"\x05\x02\x08\x01",
            b"\xfe\x01" * 2,
            b"\x08\x0a" + b"\xff" * 8, b"\x13\x12" + b"\xaa" * 16, b"\xff" * 40)
    packets = []
    for n, (when, frame, _, iface) in enumerate(cap.packets):
        if tr.is_tcp(frame):
            frame = with_options(frame, junk[n % len(junk)])
        packets.append((when, frame, len(frame), iface))
    cap.packets = packets
    return cap


def with_options(frame, options):
    options += b"\0" * (-len(options) % 4)
    packet = tr.network(frame)
    head, body = packet[20:40], tr.payload(frame)
    head = head[:12] + bytes([(5 + len(options) // 4) << 4]) + head[13:]
    size = 40 + len(options) + len(body)
    packet = packet[:2] + struct.pack("!H", size) + packet[4:20] + head + options + body
    return (frame[:14] + tr.fix(packet)).ljust(60, b"\0")


@hostile("sequence-wrap.pcapng",
         """Both initial sequence numbers are just below 2^32, so that numbers wrap in the banner,
         in the body and in the replies. A healthy session otherwise.""", fires=FINE,
         near="capture.loss capture.one_sided tcp.mtu_blackhole", **ACCEPTED)
def wrap():
    return healthy(Capture(), isn=(0xFFFFFFE0, 0xFFFFFFB0))


@hostile("overlap-different.pcapng",
         """The EHLO reply is sent with STARTTLS and, before it is acknowledged, once more with
         "XXXXXXXX" in the same place: overlapping segments with different content. No verdict
         about STARTTLS may be certain.""", unsure="fires cause outcome", endpoint="mx")
def overlap():
    cap = Capture()
    t = to_mx(cap)
    t.s(MX.banner(t)).c("EHLO mfp-42.contoso.com\r\n")
    reply, at = MX.ehlo().encode(), t.seq[1]
    t.send(1, "PA", reply)
    t.wait(0.001).send(1, "PA", reply.replace(b"STARTTLS", b"XXXXXXXX"), seq=at, advance=False)
    for n in range(0, len(reply), 7):
        t.wait(0.0001).send(1, "A", noise(f"o{n}", 20), seq=at + n, advance=False)
    t.wait(0.001).send(0, "A")
    t.wait(0.001).c("QUIT\r\n").s("221 2.0.0 Service closing transmission channel\r\n").close(1)
    return cap


@hostile("out-of-order-bomb.pcapng",
         """2,000 segments of one byte each, every second one missing and in a random order, then
         segments far outside the window. Nothing is ever complete, nothing may be kept without
         bound.""", fires="capture.loss", unsure="fires", near="starttls.missing_from_m365",
         endpoint="mx")
def order_bomb():
    cap = Capture()
    t = to_mx(cap)
    t.s(MX.banner(t)).c("EHLO mfp-42.contoso.com\r\n")
    at = t.seq[1]
    for n in sorted(range(2000), key=lambda n: noise(f"bomb{n}", 4)):
        t.wait(0.0001).send(1, "A", b"x", seq=at + 1 + 2 * n, advance=False)
    for n in range(50):
        t.wait(0.0001).send(1, "A", b"y" * 1400, seq=at + 0x10000000 * n, advance=False)
    return cap


@hostile("syn-flood.pcapng",
         """2,000 connections to port 25 from 2,000 addresses, one SYN each; in the middle of it a
         healthy session of one client, whose verdict must come out.""", fires=FINE, unsure="near",
         note="2,001 connections; --all lists them", **ACCEPTED)
def flood():
    cap = Capture()
    for n in range(2000):
        source = Host(f"10.{20 + n // 250 // 250}.{n // 250}.{n % 250 + 1}", CLIENT.mac, 60, n)
        Tcp(cap, source, OUTSIDE, 25, sport=1024 + n, at=n * 0.0005, isn=(n * 77777, 0)).send(0,
                                                                                              "S")
    return healthy(cap, 0.4)


@hostile("flags-all.pcapng",
         """Segments with every one of the 256 combinations of TCP flags to port 25 and back, with
         and without data, before, in and after a session; then twenty connections with the same
         ports one after the other.""", unsure="fires outcome cause")
def flags_all():
    cap = Capture()
    t = Tcp(cap, CLIENT, OUTSIDE, 25, sport=50001, at=0.0)
    for bits in range(256):
        t.wait(0.001).send(bits & 1, bits, b"EHLO x\r\n" if bits & 64 else b"", advance=False)
    for n in range(20):
        again = Tcp(cap, CLIENT, OUTSIDE, 25, sport=50002, at=2 + n * 0.2, isn=(n * 5000, n * 9000))
        hello(again.open(), MX)
        if n % 2:
            again.reset(0)
    return cap


@hostile("rst-outside-window.pcapng",
         """Forged RST and FIN with sequence numbers far outside the window rain on a healthy
         session; both ends ignore them and the mail is accepted.""", fires=FINE,
         near="tcp.refused tcp.server_busy_close", unsure="near", **ACCEPTED)
def rst_outside():
    cap = Capture()
    t = hello(to_mx(cap), MX)
    for n in range(30):
        t.wait(0.001).send(n & 1, "R" if n % 3 else "FA",
                           seq=(t.seq[n & 1] + 0x20000000 * (n % 7 + 1)),
                           advance=False)
    bye(send_mail(t))
    return cap


@hostile("icmp-garbage.pcapng",
         """ICMP and ICMPv6 errors that quote themselves, cut quotes, quotes of fragments and of
         IPv6 in ICMPv4, with every code; none quotes a SYN of the healthy session.""", fires=FINE,
         near="tcp.icmp_reject tcp.mtu_blackhole", **ACCEPTED)
def icmp_garbage():
    cap = healthy(Capture(), 2.0)
    gate = Host("10.1.2.1", "02:00:0a:01:02:01", 64)
    quote = ipv4(CLIENT.ip, OUTSIDE.ip, 6, syn(seq=0x7777, port=60000), 64, 7)
    for n in range(40):
        body = icmp_error(gate.ip, CLIENT.ip, 3, n % 17, quote[:n])
        packet = ipv4(gate.ip, CLIENT.ip, 1, body, 64, n, 0)
        raw_ip(cap, n * 0.01, packet, gate, CLIENT)
        raw_ip(cap, n * 0.01 + 0.001, ipv4(gate.ip, CLIENT.ip, 1,
                                           icmp_error(gate.ip, CLIENT.ip, 3, 3, packet), 64, n, 0),
               gate, CLIENT)
    for n in range(40):
        body = icmp_error("2001:db8::1", CLIENT6.ip, 1, n % 8, ipv6(CLIENT6.ip, "2001:db8::9", 44,
                                                                    noise("q", n)))
        raw_ip(cap, 0.5 + n * 0.01, ipv6("2001:db8::1", CLIENT6.ip, 58, body), gate, CLIENT, 0x86DD)
    return cap


@hostile("time-jumps.pcapng",
         """The packets' times jump: back by an hour, to 1970 and far into the future. The order in
         the file is right and the session healthy.""", unsure="fires near", **ACCEPTED)
def time_jumps():
    cap = healthy(Capture())
    jumps = (0, -3600, 0, 40 * 365 * 86400, 0, -1)
    cap.packets = [(max(0, t + jumps[n % 6] * 10**9), d, o, i)
                   for n, (t, d, o, i) in enumerate(cap.packets)]
    cap.in_time = lambda: cap
    return cap


