# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures whose own quality is the matter: what was not seen must not become a finding.

Findings capture.*. Most are made from the two base recordings, the rest are crafted.
"""
import os

import transform as tr
from craft import LINK_ETHERNET, Capture, Tcp, write_file
from craft_smtp import (BYE, CAFE, CLIENT, FROM, GO_ON, MX, PASS_PROMPT, RCPT_OK, READY,
                        SENDER_OK, TO, USER_PROMPT, Site, bye, client, hello, message, queued,
                        resolve, send_mail, server, starttls, submitted, tls13, to_mx,
                        to_submission)
from craft_story import ROOT, capture, secret
import record_net_scenes  # noqa: F401

OK, FAILING = "base-direct-send.pcapng", "base-starttls-missing.pcapng"
TO_MX = {"endpoint": "mx", "method": "direct_send_or_relay"}
FAILS = {"cause": "starttls.missing_from_m365", "stopped_at": "starttls", "outcome": "failed"}
ABSENT = "starttls.missing_from_m365 starttls.masked starttls.no_220 tcp.no_banner"


class Packets:
    """A list of packets with the write() of a Capture."""

    def __init__(self, packets):
        self.packets = packets

    def write(self, path):
        write_file(path, self.packets, [LINK_ETHERNET])


def variant(name, base, how, story, **facts):
    """A capture made from a base recording."""
    facts.setdefault("made", f"record/transform.py from {base}")
    capture("quality", name, story, **facts)(
        lambda: Packets(how(tr.read_capture(os.path.join(ROOT, base)))))


# C01

variant("capture-one-sided-c2s.pcapng", FAILING, lambda p: tr.one_direction(p, True),
        """The session without STARTTLS, but the mirror port gives only what the client sends. Its
        acknowledgement numbers go on, so the server did speak. What it offered is not known.""",
        fires="capture.one_sided",
        near=ABSENT + " tcp.syn_no_answer starttls.offered_not_used capture.midstream"
        " capture.vantage capture.loss",
        unsure="cause outcome")
variant("capture-one-sided-s2c.pcapng", OK, lambda p: tr.one_direction(p, False),
        """Only what the server sends is in the capture: banner, EHLO reply with STARTTLS, the
        replies up to the queued mail.""",
        fires="capture.one_sided", near=ABSENT + " tcp.syn_no_answer smtp.helo_only"
        " starttls.offered_not_used capture.loss", unsure="cause outcome")
variant("capture-one-sided-s2c-failing.pcapng", FAILING, lambda p: tr.one_direction(p, False),
        """Only the server's side of the session without STARTTLS. Whether the client said EHLO or
        HELO cannot be seen; no certain verdict about a stripped STARTTLS.""",
        fires="capture.one_sided", near="starttls.masked tcp.no_banner smtp.helo_only capture.loss",
        unsure="cause outcome", note="starttls.missing_from_m365 at most possible")


@capture("quality", "capture-server-silent.pcapng",
         """After the handshake nobody says anything for 45 seconds, then the client closes. Both
         sides are in the capture and no acknowledgement number moves: a true silence of the
         server.""",
         fires="tcp.no_banner", near="capture.one_sided capture.loss starttls.missing_from_m365",
         cause="tcp.no_banner", stopped_at="banner", outcome="failed", **TO_MX)
def server_silent():
    cap = Capture()
    t = to_mx(cap)
    t.wait(45).send(0, "FA")
    t.wait(0.02).send(1, "A")
    return cap


# C02

variant("capture-loss-ehlo-reply.pcapng", FAILING, lambda p: tr.without(p, b"Hello ["),
        """The session without STARTTLS, but the capture lost the very segment with the EHLO reply;
        the client acknowledged it. Nothing may be said about STARTTLS.""",
        fires="capture.loss", near=ABSENT + " starttls.offered_not_used capture.one_sided",
        unsure="cause outcome", **TO_MX)
variant("capture-loss-ehlo-reply-ok.pcapng", OK, lambda p: tr.without(p, b"Hello ["),
        """The healthy session, with the segment of the EHLO reply lost by the capture. The mail is
        accepted; whether STARTTLS was offered is not known.""",
        fires="capture.loss", near=ABSENT + " starttls.offered_not_used", outcome="accepted",
        **TO_MX)
variant("capture-loss-banner.pcapng", OK, lambda p: tr.without(p, b"220 DB5"),
        """The capture lost the banner, the rest is there. The server did greet: the client went
        on and acknowledged it.""", fires="capture.loss",
        near="tcp.no_banner mode.relay_in_path tcp.server_busy_close", outcome="accepted", **TO_MX)
variant("capture-loss-data.pcapng", OK,
        lambda p: tr.without_large(p, 1),
        """One segment of the message body is missing in the capture. Commands and replies are all
        there and the mail is accepted.""", fires="capture.loss starttls.offered_not_used",
        near="tcp.mtu_blackhole smtp.bare_lf", outcome="accepted", **TO_MX)
variant("capture-reordered.pcapng", FAILING, lambda p: tr.reorder(p, b"Hello [", 3),
        """The EHLO reply is recorded behind the packets that follow it. Put in order all is there:
        no loss, and the missing STARTTLS is certain.""", fires="starttls.missing_from_m365",
        near="capture.loss capture.duplicate", **FAILS, **TO_MX)


@capture("quality", "capture-late-fill.pcapng",
         """The first copy of the EHLO reply is lost on the way; the server sends it again after
         0.3 seconds and the client acknowledges only then. The hole is filled: no loss of the
         capture, a normal retransmission.""",
         fires="starttls.offered_not_used", near="capture.loss capture.duplicate"
         " starttls.missing_from_m365 tcp.mtu_blackhole", outcome="accepted", **TO_MX)
def late_fill():
    cap = Capture()
    t = to_mx(cap)
    t.s(MX.banner(t)).c("EHLO mfp-42.contoso.com\r\n")
    reply = MX.ehlo().encode()
    head, tail = reply[:60], reply[60:]
    at = t.seq[1]
    t.seq[1] += len(head)
    t.send(1, "PA", tail)
    t.wait(0.0001).send(0, "A", ack=at)
    t.wait(0.3).send(1, "PA", head, seq=at, advance=False)
    t.wait(0.0001).send(0, "A")
    t.wait(0.001)
    bye(send_mail(t))
    return cap


def half_lost(which, words):
    @capture("quality", f"capture-loss-ehlo-{which}.pcapng",
             f"""The EHLO reply of a session without STARTTLS in it comes in two segments; the
             capture lost the {words}. What is left has no STARTTLS, but that proves nothing.""",
             fires="capture.loss", near="starttls.missing_from_m365 starttls.masked"
             " starttls.offered_not_used tcp.mtu_blackhole", unsure="cause outcome", **TO_MX)
    def make():
        cap = Capture()
        t = to_mx(cap)
        t.s(MX.banner(t)).c("EHLO mfp-42.contoso.com\r\n")
        reply = MX.ehlo(starttls=False).encode()
        cut = reply.index(b"250-ENH")
        for n, part in enumerate((reply[:cut], reply[cut:])):
            if (which == "first-half") == (n == 0):
                t.seq[1] += len(part)
            else:
                t.send(1, "PA", part)
            t.wait(0.0001)
        t.send(0, "A")
        t.wait(0.001).c("QUIT\r\n").s(BYE).close(1)
        return cap


half_lost("first-half", "first one")
half_lost("second-half", "second one")
variant("capture-loss-banner-failing.pcapng", FAILING, lambda p: tr.without(p, b"220 DB5"),
        """The session without STARTTLS, its banner lost by the capture. The EHLO reply is whole,
        but there is a gap before it.""", fires="capture.loss",
        near="tcp.no_banner mode.relay_in_path starttls.masked tcp.server_busy_close",
        unsure="cause outcome", note="starttls.missing_from_m365 at most possible or dropped",
        **TO_MX)


# C03

variant("capture-snaplen-96.pcapng", FAILING, lambda p: tr.snap(p, 96),
        """Recorded with 96 bytes per packet. The EHLO reply breaks off in its first line, so what
        the server offered is not known.""", fires="capture.snaplen",
        near=ABSENT + " starttls.offered_not_used capture.loss", unsure="cause outcome", **TO_MX)
variant("capture-snaplen-96-ok.pcapng", OK, lambda p: tr.snap(p, 96),
        """The healthy session with 96 bytes per packet: replies are short enough to be read,
        banner and EHLO reply are cut.""", fires="capture.snaplen",
        near=ABSENT + " starttls.offered_not_used",
        unsure="cause outcome", **TO_MX)
variant("capture-snaplen-body.pcapng", OK,
        lambda p: tr.snap(p, 400, lambda d: len(d) > 1000),
        """Only the large segments of the message body are cut; commands and replies are complete.
        The verdict stands; the cut is worth no more than an info.""",
        fires="starttls.offered_not_used", near="capture.loss starttls.missing_from_m365",
        outcome="accepted", note="capture.snaplen at most info", **TO_MX)


@capture("quality", "capture-snaplen-other-flow.pcapng",
         """The mail session is complete. Beside it a web session to port 443 is cut at 54 bytes,
         as some probes do for traffic that they are not to keep.""",
         fires="starttls.offered_not_used", near="capture.snaplen capture.loss", outcome="accepted",
         **TO_MX)
def snap_other():
    cap = Capture()
    bye(send_mail(hello(to_mx(cap), MX)))
    web = Tcp(cap, CLIENT, server("52.96.165.18"), 443, sport=51000, at=0.5).open()
    web.c(b"\x17\x03\x03\x04\x00" + b"x" * 1024).s(b"\x17\x03\x03\x04\x00" + b"y" * 1024)
    cap.packets = tr.snap(cap.packets, 54, lambda d: 443 in tr.ports(tr.network(d)))
    return cap


# C04

variant("capture-midstream.pcapng", OK, lambda p: tr.from_first(p, b"MAIL FROM"),
        """The capture starts at MAIL FROM of a session that is under way. What came before, TLS or
        not, is unknown; the mail is accepted.""", fires="capture.midstream",
        near=ABSENT + " starttls.offered_not_used smtp.bad_sequence tcp.server_busy_close",
        outcome="accepted", unsure="endpoint method")
variant("capture-midstream-ehlo.pcapng", FAILING, lambda p: tr.from_first(p, b"EHLO"),
        """Started just before EHLO. The EHLO reply without STARTTLS is complete and both sides are
        there, but that the session is not inside something else can no longer be shown.""",
        fires="capture.midstream", near="tcp.no_banner starttls.no_220 capture.loss",
        unsure="cause outcome", note="starttls.missing_from_m365 at most possible or dropped")
variant("capture-first-packet-synack.pcapng", OK, lambda p: p[3:],
        """The SYN came too early for the capture, which starts with the SYN-ACK. That is still the
        start of the connection.""", fires="starttls.offered_not_used",
        near="capture.midstream capture.loss capture.one_sided", outcome="accepted",
        **TO_MX)


# C05

variant("capture-duplicates-span.pcapng", FAILING, tr.duplicates,
        """The mirror port copies ingress and egress: every packet twice within 30 microseconds,
        the second one behind the router, hop limit one less, other MAC addresses. The verdict is
        that of the single copies.""", fires="capture.duplicate starttls.missing_from_m365",
        near="tcp.high_rtt_loss capture.loss tcp.rst_injected tcp.syn_no_answer"
        " starttls.injection_s2c",
        **FAILS, **TO_MX)
variant("capture-duplicates-vlan.pcapng", OK, lambda p: tr.duplicates(p, 30, False),
        """Every packet twice, the second one with a VLAN tag. The mail is accepted, once.""",
        fires="capture.duplicate starttls.offered_not_used",
        near="tcp.high_rtt_loss capture.loss capture.tunnel", outcome="accepted", **TO_MX)


@capture("quality", "capture-retransmission.pcapng",
         """The client sends EHLO twice, 0.35 seconds apart and with another IP identification,
         as the first acknowledgement was lost. A retransmission, no duplicate of the capture.""",
         fires="starttls.offered_not_used",
         near="capture.duplicate capture.loss tcp.mtu_blackhole", outcome="accepted", **TO_MX)
def retransmission():
    cap = Capture()
    t = to_mx(cap)
    t.s(MX.banner(t))
    t.send(0, "PA", b"EHLO mfp-42.contoso.com\r\n")
    t.wait(0.35).send(0, "PA", b"EHLO mfp-42.contoso.com\r\n", seq=t.seq[0] - 25, advance=False)
    t.wait(0.02).send(1, "A")
    t.wait(0.001).s(MX.ehlo())
    bye(send_mail(t))
    return cap


# C06

variant("capture-offload-checksum.pcapng", FAILING,
        lambda p: tr.bad_checksums(p, tr.to_server),
        """Recorded on the client itself: every packet that it sends has a wrong TCP checksum, as
        the network card fills it in later. Those of the server are right.""",
        fires="capture.offload starttls.missing_from_m365", near="capture.loss tcp.rst_injected",
        **FAILS, **TO_MX)
variant("capture-checksum-both.pcapng", OK, lambda p: tr.bad_checksums(p, lambda d: True),
        """The checksums of both sides are wrong (an anonymised capture). That is not the mark of
        one network card.""", fires="starttls.offered_not_used", near="capture.offload",
        outcome="accepted", **TO_MX)


@capture("quality", "capture-offload-large.pcapng",
         """Recorded before segmentation: the client's segments are larger than the MSS, one has
         8 KiB. The mail is accepted.""", fires="capture.offload starttls.offered_not_used",
         near="tcp.mtu_blackhole capture.loss", outcome="accepted", **TO_MX)
def offload_large():
    cap = Capture()
    t = hello(to_mx(cap), MX)
    t.mss, size = 60000, 8192
    t.c(f"MAIL FROM:<{FROM}>\r\n").s(SENDER_OK).c(f"RCPT TO:<{TO}>\r\n").s(RCPT_OK)
    t.c("DATA\r\n").s(GO_ON).c(message(size)).c(".\r\n").s(queued(size))
    bye(t)
    return cap


# C07

def mirror_login(t, user, password):
    t.c("AUTH LOGIN\r\n").s(USER_PROMPT).c(user + "\r\n").s(PASS_PROMPT)
    return t.c(password + "\r\n").s("235 2.7.0 Authentication successful\r\n")


@capture("quality", "capture-decrypted-mirror.pcapng",
         """An SSL visibility appliance feeds the sensor: after 220 to STARTTLS no ClientHello
         comes, the client says EHLO again and now gets AUTH and no STARTTLS. On the real wire all
         of this is inside TLS, so the login is not exposed.""",
         fires="capture.decrypted_mirror",
         near="starttls.offered_not_used starttls.cleartext_fallback auth.cleartext_password"
              " auth.attempt_before_tls auth.offered_before_tls starttls.missing_from_m365"
              " starttls.no_client_hello tls.garbage_after_220 starttls.injection_c2s",
         outcome="accepted", endpoint="submission", method="client_submission")
def decrypted_mirror():
    cap = Capture()
    t = starttls(hello(to_submission(cap), CAFE))
    t.c("EHLO mfp-42.contoso.com\r\n").s(CAFE.ehlo(starttls=False, auth=True))
    mirror_login(t, secret("c2Nhbm5lckBjb250b3NvLmNvbQ=="), secret("U0VDUkVULW1pcnJvci0x"))
    secret("SECRET-mirror-1")
    t.c(f"MAIL FROM:<{FROM}>\r\n").s(SENDER_OK).c(f"RCPT TO:<{TO}>\r\n").s(RCPT_OK)
    t.c("DATA\r\n").s(GO_ON).c(message()).c(".\r\n").wait(0.1)
    bye(t.s(submitted()))
    return cap


@capture("quality", "capture-plain-after-220.pcapng",
         """The server answers STARTTLS with 220 but both sides just go on in clear; the second EHLO
         list is the same as the first, with STARTTLS and without AUTH. That is no decrypted
         mirror: the mail really travels in clear.""",
         fires="starttls.offered_not_used", near="capture.decrypted_mirror", outcome="accepted",
         unsure="fires", **TO_MX)
def plain_after_220():
    cap = Capture()
    t = starttls(hello(to_mx(cap), MX))
    t.c("EHLO mfp-42.contoso.com\r\n").s(MX.ehlo())
    bye(send_mail(t))
    return cap


# C08

def three_servers(skews, late=0.0):
    cap = Capture()
    for n, skew in enumerate(skews):
        site = Site(f"DB5PEPF00014B8{n}", MX.zone, MX.prod)
        t = to_mx(cap, n * 20.0, address=f"52.101.68.{3 + n}", sport=50332 + n,
                  isn=(0x10203040 + n, 0xA0B0C0D0 + n))
        if late:
            banner = site.banner(t, skew)
            t.wait(late).s(banner).c("EHLO mfp-42.contoso.com\r\n").s(site.ehlo())
        else:
            hello(t, site, skew=skew)
        bye(send_mail(t))
    return cap


@capture("quality", "capture-clock-skew.pcapng",
         """Three sessions to three servers; in each the time in the banner is 300 seconds ahead of
         the packet time. Three servers are not wrong by the same amount: the clock of the capture
         is late.""", fires="capture.clock_skew", near="tcp.no_banner dns.slow", sessions=3,
         outcome="accepted", **TO_MX)
def clock_skew():
    return three_servers((300, 300, 300))


@capture("quality", "capture-clock-one-server.pcapng",
         """Three sessions to three servers; only one banner is 300 seconds off, so that server's
         clock is wrong and not the capture's.""", fires="starttls.offered_not_used",
         near="capture.clock_skew", sessions=3, outcome="accepted", **TO_MX)
def clock_one_server():
    return three_servers((0, 300, 0))


@capture("quality", "capture-clock-second.pcapng",
         """The banner's time has only whole seconds and is one second behind: within what a clock
         that is right may show.""", fires="starttls.offered_not_used", near="capture.clock_skew",
         sessions=3, outcome="accepted", **TO_MX)
def clock_second():
    return three_servers((-1, -1, -1))


@capture("quality", "capture-clock-late-banner.pcapng",
         """The banners arrive 12 seconds after they were written (a tarpit in between). Their time
         fits the handshake, so no clock is wrong.""", fires="starttls.offered_not_used",
         near="capture.clock_skew tcp.no_banner", sessions=3, outcome="accepted", **TO_MX)
def clock_late():
    return three_servers((0, 0, 0), late=12.0)


# C09

def vantage(near, words):
    @capture("quality", f"capture-vantage-{near}.pcapng",
             f"""A healthy session recorded {words}: that is seen in where the round trip of 40 ms
             lies, between SYN and SYN-ACK or between SYN-ACK and ACK, and in the hop limits.""",
             fires="capture.vantage", near="tcp.high_rtt_loss capture.tunnel", outcome="accepted",
             note=f"vantage is {near}", **TO_MX)
    def make():
        cap = Capture()
        who, host = client(), server(ttl=110)
        if near == "server":
            who.ttl, host.ttl = 49, 128
        if near == "middle":
            who.ttl, host.ttl = 62, 112
        at = resolve(cap, 0, who, "contoso-com.mail.protection.outlook.com", host.ip)
        bye(send_mail(hello(Tcp(cap, who, host, 25, at=at, rtt=0.04, near=near).open(), MX)))
        return cap


vantage("client", "next to the client")
vantage("middle", "at the egress, halfway")
vantage("server", "next to the server")
variant("capture-vantage-unknown.pcapng", OK, lambda p: p[4:],
        """The capture starts after the handshake, with the client's ACK. Where it was taken cannot
        be told from times.""", fires="capture.midstream", near="capture.vantage",
        outcome="accepted", unsure="near", **TO_MX)


# C10

@capture("quality", "capture-ends-early.pcapng",
         """The capture stops 80 ms after the client's EHLO. Nothing says that the server did not
         answer: the recording is just over.""", fires="capture.no_tcp_close",
         near="starttls.missing_from_m365 tcp.no_banner starttls.no_220 starttls.no_client_hello"
              " tcp.idle_drop capture.loss", outcome="incomplete", **TO_MX)
def ends_early():
    cap = Capture()
    t = to_mx(cap)
    t.s(MX.banner(t)).c("EHLO mfp-42.contoso.com\r\n", ack=False)
    other = Tcp(cap, CLIENT, server("52.96.165.18"), 443, sport=51000, at=t.now + 0.03).open()
    del other
    return cap


@capture("quality", "capture-ends-after-starttls.pcapng",
         """The capture stops right after 220 to STARTTLS. Whether a ClientHello follows is not
         known.""", fires="capture.no_tcp_close",
         near="starttls.no_client_hello starttls.no_220 tcp.idle_drop", outcome="incomplete",
         endpoint="submission")
def ends_after_starttls():
    cap = Capture()
    starttls(hello(to_submission(cap), CAFE))
    return cap


@capture("quality", "capture-ends-after-two-syn.pcapng",
         """Two SYN a second apart, and the capture is over 0.4 seconds later. Too short to say
         that nobody answers.""", fires="capture.no_tcp_close",
         near="tcp.syn_no_answer tcp.refused", outcome="incomplete", endpoint="mx",
         unsure="outcome")
def two_syn():
    cap = Capture()
    at = resolve(cap, 0, CLIENT, "contoso-com.mail.protection.outlook.com", "52.101.68.3")
    t = Tcp(cap, CLIENT, server(), 25, at=at)
    t.send(0, "S", advance=False)
    t.wait(1.0).send(0, "S", advance=False)
    cap.frame(t.now + 0.4, CLIENT, t.hosts[1],
              Tcp(cap, CLIENT, server("52.96.165.18"), 443, sport=51000).build(0, "S"))
    return cap


@capture("quality", "capture-goes-on.pcapng",
         """220 to STARTTLS, then the client is silent for 60 seconds while other traffic shows
         that the capture runs. The client really did not start TLS.""",
         fires="starttls.no_client_hello", near="capture.no_tcp_close capture.loss",
         cause="starttls.no_client_hello", stopped_at="client_hello", outcome="failed",
         endpoint="submission", method="client_submission")
def goes_on():
    cap = Capture()
    t = starttls(hello(to_submission(cap), CAFE))
    for n in range(6):
        Tcp(cap, CLIENT, server("52.96.165.18"), 443, sport=51000 + n, at=t.now + 10.0 * n).open()
    t.wait(60).send(0, "FA")
    t.wait(0.02).send(1, "FA")
    t.wait(0.0001).send(0, "A")
    return cap


# The same with a session in TLS

TLS = "base-submission.pcapng"
HELLO = b"\x16\x03\x01"
SERVER_HELLO = b"\x16\x03\x03"
NOT_TLS = ("tls.silent_reject tls.garbage_after_220 starttls.injection_c2s starttls.injection_s2c"
           " auth.failed_inferred tls.no_common_suite")
TO_CAFE = {"endpoint": "submission", "unsure": "cause outcome"}

variant("capture-tls-loss-server-hello.pcapng", TLS, lambda p: tr.without_first(p, SERVER_HELLO),
        """The capture lost the first segment of the server's TLS flight. The handshake went on, as
        the encrypted records after it show.""", fires="capture.loss",
        near=NOT_TLS + " starttls.no_client_hello tls.client_quits_after_cert", **TO_CAFE)
variant("capture-tls-loss-hello.pcapng", TLS, lambda p: tr.without_first(p, HELLO),
        """The capture lost the ClientHello; the server answers it.""", fires="capture.loss",
        near=NOT_TLS + " starttls.no_client_hello tls.no_sni tls.client_max_old", **TO_CAFE)
variant("capture-tls-loss-record.pcapng", TLS, lambda p: tr.without_large(p, 1),
        """One segment with encrypted records of the mail is missing. Record lengths after the hole
        mean nothing until the next record is found.""", fires="capture.loss",
        near=NOT_TLS + " tcp.mtu_blackhole", **TO_CAFE)
variant("capture-tls-one-sided-c2s.pcapng", TLS, lambda p: tr.one_direction(p, True),
        """A session in TLS of which only the client's side is there.""", fires="capture.one_sided",
        near=NOT_TLS + " starttls.no_220 tls.client_max_old mode.implicit_tls_on_starttls_port",
        **TO_CAFE)
variant("capture-tls-one-sided-s2c.pcapng", TLS, lambda p: tr.one_direction(p, False),
        """A session in TLS of which only the server's side is there.""", fires="capture.one_sided",
        near=NOT_TLS + " starttls.no_client_hello starttls.offered_not_used", **TO_CAFE)
variant("capture-tls-duplicates.pcapng", TLS, tr.duplicates,
        """A session in TLS with every packet twice. No record is counted twice.""",
        fires="capture.duplicate tls.tls13", near=NOT_TLS + " tcp.high_rtt_loss"
        " tls.renegotiation capture.loss", **TO_CAFE)
variant("capture-tls-reordered.pcapng", TLS, lambda p: tr.reorder(p, READY.encode(), 2),
        """The 220 to STARTTLS is recorded behind the ClientHello that answers it; its
        acknowledgement number shows that the client had it.""", fires="tls.tls13",
        near=NOT_TLS + " starttls.tls_before_220 starttls.no_220 capture.loss", **TO_CAFE)
variant("capture-tls-snaplen-96.pcapng", TLS, lambda p: tr.snap(p, 96),
        """A session in TLS with 96 bytes per packet: the hellos are cut before their lists end.""",
        fires="capture.snaplen", near=NOT_TLS + " tls.client_max_old tls.no_sni"
        " tls.weak_suite_offered", **TO_CAFE)
variant("capture-tls-midstream.pcapng", TLS, lambda p: tr.from_first(p, HELLO)[4:],
        """The capture starts amid encrypted records on port 587.""", fires="capture.midstream",
        near=NOT_TLS + " mode.implicit_tls_on_starttls_port starttls.missing_from_m365"
        " tcp.no_banner", unsure="cause outcome endpoint")
variant("capture-tls-ends-in-handshake.pcapng", TLS,
        lambda p: p[:len(p) - len(tr.from_first(p, HELLO)) + 1],
        """The capture ends with the ClientHello.""", fires="capture.no_tcp_close",
        near=NOT_TLS + " starttls.no_client_hello tcp.mtu_blackhole tls.slow_peer", **TO_CAFE)


# C11: all input-* captures; here the pair of tunnel and loss

@capture("quality", "capture-tunnel-other-flow.pcapng",
         """The mail session itself is in no tunnel. Beside it runs a VXLAN tunnel of other hosts,
         with web traffic in it.""", fires="starttls.offered_not_used", near="capture.tunnel",
         outcome="accepted", **TO_MX)
def tunnel_other():
    cap, other = Capture(), Capture()
    bye(send_mail(hello(to_mx(cap), MX)))
    Tcp(other, client(77), server("52.96.165.18"), 443, sport=51000).open().c("x" * 200).close(0)
    cap.packets += tr.vxlan(other.packets)
    return cap


variant("capture-tunnel-loss.pcapng", FAILING,
        lambda p: tr.erspan(tr.without(p, b"Hello ["), 2),
        """The session without STARTTLS through an ERSPAN mirror that lost the EHLO reply. The
        tunnel is noted, and STARTTLS is not accused.""", fires="capture.tunnel capture.loss",
        near=ABSENT, unsure="cause outcome", **TO_MX)


@capture("quality", "capture-ethernet-padding.pcapng",
         """Short packets are padded to 60 bytes, here with bytes that are not zero, as careless
         drivers do. Padding is no payload: the session is healthy and in TLS 1.3.""",
         fires="tls.tls13", near="capture.loss tls.garbage_after_220 starttls.injection_c2s"
         " starttls.injection_s2c capture.snaplen", endpoint="submission", unsure="outcome")
def padding():
    cap = Capture()
    t = tls13(starttls(hello(to_submission(cap), CAFE)))
    t.close(0)
    cap.packets = [(when, padded(d), len(padded(d)), i) for when, d, _, i in cap.packets]
    return cap


def padded(frame):
    packet = tr.network(frame)
    size = 14 + len(packet)
    return frame[:size] + b"EHLO X"[:max(0, len(frame) - size)] if size < len(frame) else frame


