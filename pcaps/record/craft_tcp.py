# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures about TCP (findings tcp.*) where no recording shows it: injected resets,
idle timers, slow clients, proxies, long round trips. The recorded ones are in record_net_scenes.py.
"""
import struct

from craft import Capture, Host, Tcp, icmp_error, ipv4, ipv6, noise
from craft_smtp import (CAFE, CLIENT, CLIENT6, FROM, GO_ON, MX, MX_NAME, RCPT_OK, SENDER_OK, TO,
                        bye, client,
                        client_hello, hello, message, queued, resolve, send_mail, server, starttls,
                        to_mx, to_submission)
from craft_story import capture

TO_MX = {"endpoint": "mx", "method": "direct_send_or_relay"}
TO_SUBMISSION = {"endpoint": "submission", "method": "client_submission"}


def other_traffic(cap, at, last=77):
    """Someone else's connection: shows that the capture goes on."""
    Tcp(cap, client(last), server("52.96.165.18"), 443, sport=51000, at=at).open()


# T01, T02, T03: what the recordings leave open

@capture("tcp", "tcp-syn-no-answer-587.pcapng",
         """Five SYN to port 587 with the same initial sequence number in 31 seconds, nothing comes
         back; other clients' traffic shows that the capture sees both directions.""",
         fires="tcp.syn_no_answer", near="tcp.refused capture.one_sided capture.no_tcp_close",
         cause="tcp.syn_no_answer", stopped_at="tcp", outcome="failed", **TO_SUBMISSION)
def syn_587():
    cap = Capture()
    at = resolve(cap, 0, CLIENT, "smtp.office365.com", "52.96.165.18")
    t = Tcp(cap, CLIENT, server("52.96.165.18"), 587, at=at)
    for pause in (1, 2, 4, 8, 16):
        t.send(0, "S", advance=False)
        t.wait(pause)
    for at in (3, 20, 40):
        other_traffic(cap, at, 70 + at)
    return cap


@capture("tcp", "tcp-syn-two-flows.pcapng",
         """The device tries twice from different ports, one SYN each, and gives up after five
         seconds each time. Two silent flows say the same as three SYN of one.""",
         fires="tcp.syn_no_answer", near="tcp.refused", cause="tcp.syn_no_answer",
         stopped_at="tcp", outcome="failed", sessions=2, **TO_MX)
def syn_two_flows():
    cap = Capture()
    at = resolve(cap, 0, CLIENT, MX_NAME, "52.101.68.3")
    for n in range(2):
        t = Tcp(cap, CLIENT, server(), 25, sport=50332 + n, at=at + 5 * n,
                isn=(0x10203040 + 99 * n, 1))
        t.send(0, "S")
    other_traffic(cap, 15)
    return cap


@capture("tcp", "tcp-refused-fast.pcapng",
         """The server on 587 is 40 ms away, as a good session shows. The RST to the SYN on 465
         comes after 0.4 ms and with another hop limit and IP identification 0: it is the local
         firewall that rejects.""", fires="tcp.refused mode.port465_to_m365",
         near="tcp.syn_no_answer", sessions=2, unsure="cause", endpoint="submission",
         note="the second session is the refused one")
def refused_fast():
    cap = Capture()
    t = starttls(hello(to_submission(cap, rtt=0.04), CAFE))
    t.close(0)
    t = Tcp(cap, CLIENT, server("52.96.165.18"), 465, sport=50400, at=t.now + 5)
    t.send(0, "S")
    t.wait(0.0004).reset(1, ttl=64, ident=0)
    return cap


@capture("tcp", "tcp-reset-later.pcapng",
         """A RST from the server after the handshake and the banner, same hop limit and next IP
         identification as its other packets. Neither refused nor injected.""",
         fires="mode.method_guess", near="tcp.refused tcp.rst_injected tcp.syn_no_answer",
         outcome="failed", unsure="cause outcome fires", endpoint="mx")
def reset_later():
    cap = Capture()
    t = to_mx(cap)
    t.s(MX.banner(t)).c("EHLO mfp-42.contoso.com\r\n").wait(2)
    t.reset(1)
    return cap


@capture("tcp", "tcp-icmp-other-flow.pcapng",
         """An ICMP error says that port 443 of the same address may not be reached; the SYN that it
         quotes is not that of the mail session, which works.""",
         fires="starttls.offered_not_used", near="tcp.icmp_reject tcp.refused", outcome="accepted",
         **TO_MX)
def icmp_other():
    cap = Capture()
    bye(send_mail(hello(to_mx(cap), MX)))
    web = Tcp(cap, CLIENT, server(), 443, sport=51000, at=0.06)
    icmp_at(cap, 0.061, web.send(0, "S"), 3, 13)
    return cap


@capture("tcp", "tcp-icmp-wrong-sequence.pcapng",
         """Someone sends ICMP errors that quote the right addresses and ports but a sequence
         number that the client never used. The SYN is answered and the mail accepted.""",
         fires="starttls.offered_not_used", near="tcp.icmp_reject tcp.mtu_blackhole",
         outcome="accepted", **TO_MX)
def icmp_forged():
    cap = Capture()
    at = resolve(cap, 0, CLIENT, MX_NAME, "52.101.68.3")
    t = Tcp(cap, CLIENT, server(), 25, at=at)
    icmp_at(cap, at + 0.005, t.build(0, "S", seq=0x7F000001), 3, 1)
    bye(send_mail(hello(t.open(), MX)))
    return cap


def icmp_at(cap, at, quoted, kind, code, extra=0):
    gate = Host("10.1.2.1", "02:00:0a:01:02:01", 64, 0x9900)
    body = icmp_error(gate.ip, CLIENT.ip, kind, code, quoted, extra)
    cap.frame(at, gate, CLIENT, ipv4(gate.ip, CLIENT.ip, 1, body, 64, gate.ident(), 0))


# T04

def injected(position, stop, story, endpoint=TO_MX):
    @capture("tcp", f"tcp-rst-injected-{position}.pcapng", story, fires="tcp.rst_injected",
             near="tcp.refused tcp.server_busy_close tcp.idle_drop starttls.missing_from_m365",
             cause="tcp.rst_injected", stopped_at=stop, outcome="failed", **endpoint,
             **({"unsure": "stopped_at"} if position == "then-data" else {}))
    def make():
        cap = Capture()
        t = to_submission(cap) if endpoint is TO_SUBMISSION else to_mx(cap)
        site = CAFE if endpoint is TO_SUBMISSION else MX
        t.s(site.banner(t)).c("EHLO mfp-42.contoso.com\r\n", ack=False)
        if position != "ehlo":
            t.send(1, "A")
            t.wait(0.0004).s(site.ehlo()).c("STARTTLS\r\n", ack=False)
        if position == "hello":
            t.s("220 2.0.0 SMTP server ready\r\n").c(client_hello(), ack=False)
        if position == "then-data":
            t.send(1, "R", ttl=61, ident=0, window=0, advance=False)
            t.wait(0.003).s("220 2.0.0 SMTP server ready\r\n", ack=False)
            t.send(0, "R", advance=False)
        else:
            t.send(1, "RA", ttl=61, ident=0, window=0, advance=False)
        return cap


injected("ehlo", "ehlo",
         """As soon as the client says EHLO a RST comes that claims to be from the server. Its hop
         limit is 61 where the server's packets have 110, its IP identification is 0: something
         nearer than the server cut the session.""")
injected("starttls", "starttls",
         """The session is cut right after STARTTLS by a RST with another hop limit, IP
         identification and window than the server's: an IPS that allows no encryption.""",
         TO_SUBMISSION)
injected("hello", "server_hello",
         """The RST with the wrong hop limit comes after the ClientHello: a firewall that looks at
         its content.""", TO_SUBMISSION)
injected("then-data", "starttls",
         """A RST with another hop limit, and 3 ms later the server's valid 220 to STARTTLS: the
         server never meant to reset.""", TO_SUBMISSION)


@capture("tcp", "tcp-two-nodes-ttl.pcapng",
         """Two connections to the same address end on different nodes behind a load balancer, with
         hop limits 110 and 113. The second one is reset by its own node, with that node's hop
         limit and window.""", fires="mode.method_guess", near="tcp.rst_injected", sessions=2,
         unsure="cause outcome fires", endpoint="mx")
def two_nodes():
    cap = Capture()
    bye(send_mail(hello(to_mx(cap), MX)))
    t = Tcp(cap, CLIENT, server(ttl=113, ident=0x9100), 25, sport=50333, at=10.0,
            isn=(0x20203040, 0xB0B0C0D0)).open()
    hello(t, MX)
    t.wait(1.0).reset(1)
    return cap


# T05

@capture("tcp", "tcp-no-banner-rst.pcapng",
         """The connection stands, nothing comes for 40 seconds, then the client sends RST.""",
         fires="tcp.no_banner", near="tcp.server_busy_close tcp.idle_drop tcp.probe",
         cause="tcp.no_banner", stopped_at="banner", outcome="failed", **TO_MX)
def no_banner_rst():
    cap = Capture()
    to_mx(cap).wait(40).reset(0)
    return cap


# T06

@capture("tcp", "tcp-mtu-blackhole-hello.pcapng",
         """A large ClientHello (post-quantum key share) needs two segments. The first one, of full
         size, is sent five times in 12 seconds; the small one behind it arrives, as the SACK block
         shows. The hole is exactly one MSS.""", fires="tcp.mtu_blackhole",
         near="capture.loss tcp.rst_injected tls.big_client_hello tls.silent_reject"
              " starttls.no_client_hello", cause="tcp.mtu_blackhole",
         stopped_at="server_hello", outcome="failed", unsure="stopped_at", **TO_SUBMISSION)
def blackhole_hello():
    cap = Capture()
    t = starttls(hello(to_submission(cap), CAFE))
    record = client_hello(big=True)
    at = t.seq[0]
    t.send(0, "A", record[:1460])
    t.wait(0.0001).send(0, "PA", record[1460:])
    left = at + 1460
    sack = b"\x01\x01\x05\x0a" + (left & 0xFFFFFFFF).to_bytes(4, "big") \
        + ((left + len(record) - 1460) & 0xFFFFFFFF).to_bytes(4, "big")
    t.wait(0.02).send(1, "A", ack=at, options=sack)
    for pause in (0.3, 0.6, 1.2, 2.4, 4.8):
        t.wait(pause).send(0, "A", record[:1460], seq=at, advance=False)
    t.wait(5).send(0, "FA")
    t.wait(0.02).send(1, "A", ack=at, options=sack)
    return cap


@capture("tcp", "tcp-mtu-blackhole-certificate.pcapng",
         """The server's flight with the certificate never arrives: its full segments are swallowed
         on the way, only the small last one comes through. The client's acknowledgement stays at
         the hole of three MSS, with a SACK block for the rest, for twelve seconds.""",
         fires="tcp.mtu_blackhole", near="capture.loss tls.silent_reject tcp.no_banner"
         " tls.client_quits_after_cert tls.garbage_after_220", cause="tcp.mtu_blackhole",
         stopped_at="server_hello", outcome="failed", **TO_SUBMISSION)
def blackhole_certificate():
    cap = Capture()
    t = starttls(hello(to_submission(cap), CAFE))
    t.c(client_hello())
    hole, size = t.seq[1], 3 * 1460
    t.seq[1] += size
    rest = noise("certificate", 421)
    t.send(1, "PA", rest)
    sack = b"\x01\x01\x05\x0a" + struct.pack("!II", (hole + size) & 0xFFFFFFFF,
                                               (hole + size + len(rest)) & 0xFFFFFFFF)
    t.wait(0.0001).send(0, "A", ack=hole, options=sack)
    t.wait(0.4).send(1, "PA", rest, seq=hole + size, advance=False)  # tail loss probe, RFC 8985
    t.wait(0.0001).send(0, "A", ack=hole, options=sack)
    t.wait(12).send(0, "FA", ack=hole)
    t.wait(0.02).send(1, "A")
    return cap


@capture("tcp", "tcp-mtu-blackhole-v6.pcapng",
         """Over IPv6: full segments of the body are sent again and again. A router does say
         "packet too big, MTU 1280" and quotes them, but the client's firewall drops ICMPv6.""",
         fires="tcp.mtu_blackhole", near="capture.loss tcp.icmp_reject net.ipv6_only_path",
         cause="tcp.mtu_blackhole", stopped_at="data", outcome="failed", **TO_MX)
def blackhole_v6():
    cap = Capture()
    at = resolve(cap, 0, CLIENT6, MX_NAME, "2a01:111:f403:c200::3",
                 resolver=Host("2001:db8:1:2::53", "02:00:0a:01:02:35"))
    host = Host("2a01:111:f403:c200::3", "02:00:0a:01:02:01", 110)
    t = hello(Tcp(cap, CLIENT6, host, 25, at=at, mss=1440).open(), MX, public="2001:db8:1:2::30")
    t.c(f"MAIL FROM:<{FROM}>\r\n").s(SENDER_OK).c(f"RCPT TO:<{TO}>\r\n").s(RCPT_OK)
    t.c("DATA\r\n").s(GO_ON)
    gate, start = Host("2001:db8:1:2::1", "02:00:0a:01:02:01", 64), t.seq[0]
    part = message().encode()[:1440]
    for pause in (0.2, 0.4, 0.8, 1.6, 3.2, 6.4):
        packet = t.send(0, "A", part, seq=start, advance=False)
        body = icmp_error(gate.ip, CLIENT6.ip, 2, 0, packet, 1280)
        cap.frame(t.now + 0.001, gate, CLIENT6, ipv6(gate.ip, CLIENT6.ip, 58, body))
        t.wait(pause)
    t.send(0, "R", advance=False)
    return cap


@capture("tcp", "tcp-loss-mixed-sizes.pcapng",
         """Segments of every size are lost and sent again: a full one twice, the RCPT command
         once. All arrive in the end. Loss, not an MTU.""",
         fires="starttls.offered_not_used", near="tcp.mtu_blackhole capture.loss capture.duplicate",
         outcome="accepted", **TO_MX)
def loss_mixed():
    cap = Capture()
    t = hello(to_mx(cap), MX)
    t.c(f"MAIL FROM:<{FROM}>\r\n").s(SENDER_OK)
    line = f"RCPT TO:<{TO}>\r\n".encode()
    t.send(0, "PA", line)
    t.wait(0.3).send(0, "PA", line, seq=t.seq[0] - len(line), advance=False)
    t.wait(0.02).send(1, "A")
    t.s(RCPT_OK).c("DATA\r\n").s(GO_ON)
    body = message().encode()
    at = t.seq[0]
    t.send(0, "A", body[:1460])
    for pause in (0.3, 0.6):
        t.wait(pause).send(0, "A", body[:1460], seq=at, advance=False)
    t.wait(0.02).send(1, "A")
    t.c(body[1460:]).c(".\r\n").wait(0.1)
    bye(t.s(queued()))
    return cap


# T07

@capture("tcp", "tcp-idle-drop-unanswered.pcapng",
         """After RCPT the scanner scans for 400 seconds. The firewall has forgotten the connection
         by then: DATA is sent six times without an answer.""", fires="tcp.idle_drop",
         near="tcp.mtu_blackhole tcp.no_banner tcp.slow_client tcp.rst_injected",
         cause="tcp.idle_drop", stopped_at="data", outcome="failed", **TO_MX)
def idle_unanswered():
    cap = Capture()
    t = before_data(cap)
    t.wait(400)
    at = t.seq[0]
    for pause in (0.3, 0.6, 1.2, 2.4, 4.8, 9.6):
        t.send(0, "PA", b"DATA\r\n", seq=at, advance=False)
        t.wait(pause)
    other_traffic(cap, t.now + 20)
    return cap


def before_data(cap):
    t = hello(to_mx(cap), MX)
    t.c(f"MAIL FROM:<{FROM}>\r\n").s(SENDER_OK)
    return t.c(f"RCPT TO:<{TO}>\r\n").s(RCPT_OK)


@capture("tcp", "tcp-idle-drop-rst.pcapng",
         """200 seconds of silence, then DATA is answered with RST: the address translator has
         dropped its entry.""", fires="tcp.idle_drop", near="tcp.slow_client tcp.no_banner",
         cause="tcp.idle_drop", stopped_at="data", outcome="failed", unsure="cause", **TO_MX)
def idle_rst():
    cap = Capture()
    t = before_data(cap)
    t.wait(200).send(0, "PA", b"DATA\r\n")
    t.wait(0.0005).reset(1)
    return cap


@capture("tcp", "tcp-idle-421.pcapng",
         """The client is silent for 310 seconds, then the server says 421 4.4.1 and closes. It is
         the server's own timer, no middlebox.""", fires="m365.timeout",
         near="tcp.idle_drop tcp.rst_injected tcp.server_busy_close", cause="m365.timeout",
         outcome="failed", unsure="cause outcome", **TO_MX)
def idle_421():
    cap = Capture()
    t = before_data(cap)
    t.wait(310).s("421 4.4.1 Connection timed out" + MX.trailer(t) + "\r\n")
    t.close(1)
    return cap


@capture("tcp", "tcp-idle-421-then-rst.pcapng",
         """The client is silent for 310 seconds, the server says 421 4.4.2 and closes. The client
         does not look, sends DATA a minute later and gets RST. The server's timer ended the
         session, no middlebox.""", fires="m365.timeout", near="tcp.idle_drop tcp.rst_injected"
         " tcp.refused", cause="m365.timeout", outcome="failed", unsure="cause outcome", **TO_MX)
def idle_421_rst():
    cap = Capture()
    t = before_data(cap)
    t.wait(310).s("421 4.4.2 Timeout exceeded" + MX.trailer(t) + "\r\n")
    t.send(1, "FA")
    t.wait(0.0001).send(0, "A")
    t.wait(60).send(0, "PA", b"DATA\r\n")
    t.wait(0.02).send(1, "R", advance=False, window=0)
    return cap


@capture("tcp", "tcp-idle-50-seconds.pcapng",
         """Fifty seconds of silence between RCPT and DATA, then it goes on and the mail is
         accepted.""", fires="starttls.offered_not_used", near="tcp.idle_drop tcp.slow_client",
         outcome="accepted", **TO_MX)
def idle_50():
    cap = Capture()
    t = before_data(cap)
    t.wait(50).c("DATA\r\n").s(GO_ON).c(message()).c(".\r\n").wait(0.1)
    bye(t.s(queued()))
    return cap


# T08

@capture("tcp", "tcp-slow-client.pcapng",
         """The device scans while it sends: after 354 and the first page nothing for 320 seconds.
         The server gives up with 451 4.7.0 Timeout waiting for client input.""",
         fires="tcp.slow_client", near="tcp.idle_drop tcp.mtu_blackhole tcp.rst_injected",
         cause="tcp.slow_client", stopped_at="data", outcome="failed", unsure="outcome", **TO_MX)
def slow_client():
    cap = Capture()
    t = before_data(cap)
    t.c("DATA\r\n").s(GO_ON).c(message(900)).wait(320)
    t.s("451 4.7.0 Timeout waiting for client input" + MX.trailer(t) + "\r\n")
    t.close(1)
    return cap


@capture("tcp", "tcp-zero-window-421.pcapng",
         """The server announces a window of 0 in the middle of the body and keeps it shut for 90
         seconds of probes; then it says 421 4.4.2 and closes.""", fires="tcp.slow_client",
         near="tcp.mtu_blackhole tcp.idle_drop", outcome="failed", unsure="cause fires outcome",
         stopped_at="data", **TO_MX)
def zero_window():
    cap = Capture()
    t = before_data(cap)
    t.c("DATA\r\n").s(GO_ON).c(message(900))
    t.send(1, "A", window=0)
    for _ in range(9):
        t.wait(10).send(0, "A", b"", seq=t.seq[0] - 1, advance=False)
        t.wait(0.02).send(1, "A", window=0)
    t.s("421 4.4.2 Timeout exceeded" + MX.trailer(t) + "\r\n").close(1)
    return cap


@capture("tcp", "tcp-slow-steady.pcapng",
         """A slow scanner sends a piece of the page every 20 seconds for four minutes. No gap is
         longer than 20 seconds and the mail is accepted.""", fires="starttls.offered_not_used",
         near="tcp.slow_client tcp.idle_drop capture.no_tcp_close", outcome="accepted", **TO_MX)
def slow_steady():
    cap = Capture()
    t = before_data(cap)
    t.c("DATA\r\n").s(GO_ON)
    body = message()
    for at in range(0, len(body), 268):
        t.c(body[at:at + 268]).wait(20)
    bye(t.c(".\r\n").s(queued()))
    return cap


# T09

@capture("tcp", "tcp-probe-quit.pcapng",
         """A monitoring system says EHLO and QUIT every 30 seconds, five times. It never wants to
         send mail.""", fires="tcp.probe", near="starttls.missing_from_m365 tcp.no_banner"
         " starttls.offered_not_used", sessions=5, outcome="no_mail", endpoint="mx")
def probe_quit():
    cap = Capture()
    for n in range(5):
        bye(hello(to_mx(cap, 30.0 * n, sport=50332 + n, isn=(0x10203040 + n, 0xA0B0C0D0 + n)), MX))
    return cap


@capture("tcp", "tcp-regular-mail.pcapng",
         """A scanner sends a mail every 30 seconds, five times. Regular, but no probe.""",
         fires="starttls.offered_not_used", near="tcp.probe", sessions=5, outcome="accepted",
         **TO_MX)
def regular_mail():
    cap = Capture()
    for n in range(5):
        t = to_mx(cap, 30.0 * n, sport=50332 + n, isn=(0x10203040 + n, 0xA0B0C0D0 + n))
        bye(send_mail(hello(t, MX)))
    return cap


# T10

PROXY = Host("10.1.2.80", "02:00:0a:01:02:50", 64, 0x6600)


@capture("tcp", "tcp-proxied-socks5-2525.pcapng",
         """A SOCKS5 proxy on port 2525, asked for by address: greeting, a login without a password,
         then the MX endpoint's banner.""", fires="tcp.proxied", near="mode.cross_protocol"
         " mode.relay_in_path tls.garbage_after_220 smtp.bad_sequence tcp.no_banner",
         outcome="accepted", unsure="endpoint method")
def socks5_2525():
    cap = Capture()
    t = Tcp(cap, CLIENT, PROXY, 2525).open()
    t.c(b"\x05\x02\x00\x02").s(b"\x05\x00").c(b"\x05\x01\x00\x01" + bytes([52, 101, 68, 3, 0, 25]))
    t.s(b"\x05\x00\x00\x01\x0a\x01\x02\x50\xc3\x50")
    bye(send_mail(hello(t, MX)))
    return cap


# T11

@capture("tcp", "tcp-closed-reset-without-banner.pcapng",
         """The server accepts and resets 0.3 seconds later without a banner; hop limit and
         identification are its own.""", fires="tcp.server_busy_close",
         near="tcp.no_banner tcp.refused tcp.rst_injected", cause="tcp.server_busy_close",
         stopped_at="banner", outcome="failed", **TO_MX)
def closed_reset():
    cap = Capture()
    to_mx(cap).wait(0.3).reset(1)
    return cap


@capture("tcp", "tcp-close-after-quit.pcapng",
         """The server closes at once, but after QUIT and 221: the orderly end.""",
         fires="starttls.offered_not_used", near="tcp.server_busy_close tcp.rst_injected",
         outcome="accepted", **TO_MX)
def close_after_quit():
    cap = Capture()
    bye(send_mail(hello(to_mx(cap), MX)))
    return cap


@capture("tcp", "tcp-client-closes-at-once.pcapng",
         """The client itself closes 0.3 seconds after the handshake, before a banner came. Not the
         server's doing.""", fires="mode.method_guess", near="tcp.server_busy_close tcp.no_banner",
         unsure="cause outcome fires", endpoint="mx")
def client_closes():
    cap = Capture()
    to_mx(cap).wait(0.3).close(0)
    return cap


# T12

@capture("tcp", "tcp-high-rtt.pcapng",
         """A site on a satellite line: 620 ms from SYN to SYN-ACK and for every reply. The mail is
         accepted.""", fires="tcp.high_rtt_loss starttls.offered_not_used",
         near="tcp.no_banner tls.slow_peer capture.loss tcp.mtu_blackhole", outcome="accepted",
         **TO_MX)
def high_rtt():
    cap = Capture()
    bye(send_mail(hello(to_mx(cap, rtt=0.62), MX)))
    return cap


@capture("tcp", "tcp-rtt-200.pcapng",
         """200 ms round trip, nothing lost: far, but fine.""",
         fires="starttls.offered_not_used", near="tcp.high_rtt_loss", outcome="accepted", **TO_MX)
def rtt_200():
    cap = Capture()
    bye(send_mail(hello(to_mx(cap, rtt=0.2), MX)))
    return cap


@capture("tcp", "tcp-one-retransmission-long.pcapng",
         """One segment of a body of 60 is sent twice: under two percent, nothing to speak of.""",
         fires="starttls.offered_not_used", near="tcp.high_rtt_loss capture.duplicate"
         " tcp.mtu_blackhole", outcome="accepted", **TO_MX)
def one_in_60():
    cap = Capture()
    t = before_data(cap)
    t.c("DATA\r\n").s(GO_ON)
    body = message(60 * 1460).encode()
    for n, at in enumerate(range(0, len(body), 1460)):
        part = body[at:at + 1460]
        t.send(0, "A", part)
        if n == 30:
            t.wait(0.3).send(0, "A", part, seq=t.seq[0] - len(part), advance=False)
        t.wait(0.001)
        if n % 2:
            t.send(1, "A")
    t.c(".\r\n").wait(0.1)
    bye(t.s(queued(len(body))))
    return cap
