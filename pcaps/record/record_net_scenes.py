# SPDX-License-Identifier: GPL-2.0-or-later
"""What record_net.py records: a function per capture, with its story and what it must show.

A scene gets a Net, sets up servers, names and firewall rules, and returns net.record(act).
"""
import time

import craft_story
from craft_smtp import MX_NAME, SUBMISSION_NAME
from record_net import CLIENT, ROUTER, MX, MX6, SUBMISSION

SCENES = {}
TO_MX = {"endpoint": "mx", "method": "direct_send_or_relay"}
TO_SUBMISSION = {"endpoint": "submission", "method": "client_submission"}


def recorded(part, name, story, **facts):
    facts.setdefault("made", "record/record_net.py")

    def register(scene):
        SCENES[name] = scene
        craft_story.capture(part, name, story, **facts)(lambda: None)
        return scene
    return register


def names(net, **more):
    """The usual zone; more replaces or adds names (with dots, through **)."""
    zone = {MX_NAME: {"A": [MX]}, SUBMISSION_NAME: {"A": [SUBMISSION]}}
    zone.update(more)
    net.dns(**zone)


def swaks(net, server=MX_NAME, port=25, *more, timeout=40):
    return net.client("swaks", "--server", server, "--port", str(port), "--ehlo",
                      "mfp-42.contoso.com", "--from", "scanner@contoso.com", "--to",
                      "anna@contoso.com", "--timeout", str(timeout), *more)


def at_mx(net, **how):
    net.smtp({"ip": MX, "port": 25, **how})


def at_submission(net, port=587, **how):
    net.smtp({"ip": SUBMISSION, "port": port, "site": "cafe", **how})


def pages(net, lines):
    """A file with a message body of so many lines."""
    path = f"{net.work}/body"
    with open(path, "w", encoding="ascii") as out:
        out.write("A page of the scanned document, as text that fills a line of this mail.\n"
                  * lines)
    return path


# The two sessions that all variants of craft_input.py are made of

@recorded("input", "base-direct-send.pcapng",
          """A scanner sends a page to the MX endpoint of its tenant, in clear although STARTTLS is
          offered. The mail is accepted and queued. This recording is the healthy half of all
          input-* variants.""",
          made="record/record_net.py (swaks without TLS)",
          fires="starttls.offered_not_used mode.method_guess",
          near="starttls.missing_from_m365 capture.tunnel capture.duplicate capture.loss"
               " capture.one_sided capture.snaplen capture.midstream capture.offload"
               " tcp.server_busy_close tcp.probe", outcome="accepted", **TO_MX)
def base_direct_send(net):
    names(net)
    at_mx(net)
    return net.record(lambda n: swaks(n, MX_NAME, 25, "--body", "@" + pages(n, 60)))


@recorded("input", "base-starttls-missing.pcapng",
          """The client insists on TLS, but the EHLO reply of the MX endpoint lists everything
          except STARTTLS: something on the path took it out. The client says QUIT. This recording
          is the failing half of all input-* variants.""",
          made="record/record_net.py (swaks --tls)", fires="starttls.missing_from_m365",
          near="starttls.masked starttls.offered_not_used smtp.helo_only starttls.ehlo_order"
               " starttls.no_220", cause="starttls.missing_from_m365",
          stopped_at="starttls", outcome="failed", **TO_MX)
def base_starttls_missing(net):
    names(net)
    at_mx(net, starttls=False)
    return net.record(lambda n: swaks(n, MX_NAME, 25, "--tls"))


@recorded("input", "base-submission.pcapng",
          """A program submits a mail through smtp.office365.com on port 587: STARTTLS, TLS 1.3,
          AUTH LOGIN and the mail inside. The certificate is hidden by TLS 1.3. This recording is
          the third base of the input-* variants.""",
          made="record/record_net.py (smtplib with a login)", fires="tls.tls13",
          near="starttls.offered_not_used starttls.missing_from_m365 auth.failed_inferred"
               " tls.silent_reject capture.tunnel capture.duplicate capture.loss"
               " capture.one_sided capture.snaplen capture.midstream capture.offload tcp.probe"
               " mode.implicit_tls_on_starttls_port",
          note="outcome accepted (inferred) or encrypted", **TO_SUBMISSION)
def base_submission(net):
    names(net)
    at_submission(net, certificate=net.certificate())
    script = ("import smtplib,ssl\nc=ssl._create_unverified_context()\n"
              f"s=smtplib.SMTP({SUBMISSION_NAME!r},587,'mfp-42.contoso.com')\n"
              "s.starttls(context=c)\ns.login('scanner@contoso.com','SECRET-base-1')\n"
              "s.sendmail('scanner@contoso.com','anna@contoso.com','Subject: Scan\\n\\n'"
              "+'A page of the scanned document.\\n'*120)\ns.quit()\n")
    return net.record(lambda n: n.client("python3", "-c", script))


# TCP

@recorded("tcp", "tcp-syn-no-answer-25.pcapng",
          """The scanner says "cannot connect to the server". Its SYN to port 25 of the MX endpoint
          is repeated for more than ten seconds; a firewall drops it and nothing ever comes
          back.""",
          made="record/record_net.py (swaks; the router drops port 25)", fires="tcp.syn_no_answer",
          near="tcp.refused tcp.icmp_reject capture.one_sided tcp.no_banner",
          cause="tcp.syn_no_answer", stopped_at="tcp", outcome="failed", **TO_MX)
def syn_no_answer(net):
    names(net)
    net.rules("r", "forward", "tcp dport 25 drop")
    return net.record(lambda n: swaks(n, timeout=18))


@recorded("tcp", "tcp-syn-no-answer-25-587-works.pcapng",
          """The Internet provider blocks port 25: the SYN to the MX endpoint is never answered.
          The same client then reaches the submission endpoint on 587 and starts TLS 1.3 there. So
          the network is not dead, only port 25 is.""",
          made="record/record_net.py (swaks, then smtplib; the router drops port 25)",
          fires="tcp.syn_no_answer tls.tls13", near="tcp.refused tcp.icmp_reject capture.one_sided",
          cause="tcp.syn_no_answer", stopped_at="tcp", outcome="failed", sessions=2, **TO_MX)
def port_25_blocked(net):
    names(net)
    at_submission(net, certificate=net.certificate())
    net.rules("r", "forward", "tcp dport 25 drop")

    def act(n):
        swaks(n, timeout=9)
        smtplib_tls(n)
    return net.record(act)


def smtplib_tls(net, host=SUBMISSION_NAME, port=587):
    script = ("import smtplib,ssl\nc=ssl._create_unverified_context()\n"
              f"s=smtplib.SMTP({host!r},{port},'mfp-42.contoso.com')\ns.starttls(context=c)\n"
              "s.ehlo()\ns.quit()\n")
    return net.client("python3", "-c", script)


@recorded("tcp", "tcp-syn-retried-then-works.pcapng",
          """The first SYN is lost and sent again after a second; then everything works and the
          mail is accepted. One lost SYN is no blocked port.""",
          made="record/record_net.py (swaks; the router drops the first SYN)",
          fires="starttls.offered_not_used", near="tcp.syn_no_answer tcp.refused capture.midstream",
          outcome="accepted", **TO_MX)
def syn_retried(net):
    names(net)
    at_mx(net)
    net.rules("r", "forward", "tcp flags syn / syn,ack tcp dport 25 limit rate over 1/day burst"
                              " 1 packets accept", "tcp flags syn / syn,ack tcp dport 25 drop")
    return net.record(swaks)


@recorded("tcp", "tcp-refused-25.pcapng",
          """Connection refused: the server end answers the SYN to port 25 with RST+ACK at
          once.""",
          made="record/record_net.py (swaks; nothing listens)", fires="tcp.refused",
          near="tcp.syn_no_answer tcp.rst_injected tcp.server_busy_close tcp.icmp_reject",
          cause="tcp.refused", stopped_at="tcp", outcome="failed", **TO_MX)
def refused(net):
    names(net)
    return net.record(swaks)


@recorded("tcp", "tcp-refused-by-router.pcapng",
          """The submission host answers on port 587, but the SYN to port 25 of the same address
          gets a RST from the router in between: its hop limit is one higher than that of every
          packet of the real server.""",
          made="record/record_net.py (smtplib, swaks; the router rejects port 25 with RST)",
          fires="tcp.refused", near="tcp.syn_no_answer tcp.icmp_reject", sessions=2,
          unsure="cause", note="first session works, second is refused")
def refused_by_router(net):
    names(net)
    at_submission(net, certificate=net.certificate())
    net.rules("r", "forward", "tcp dport 25 reject with tcp reset")

    def act(n):
        smtplib_tls(n)
        swaks(n, SUBMISSION_NAME, 25)
    return net.record(act)


def rejected(slug, words, rule, host=MX_NAME, six=False, code=""):
    @recorded("tcp", f"tcp-icmp-{slug}.pcapng",
              f"""The connection to port 25 fails at once with "{words}". The router answers the SYN
              with an ICMP{'v6' if six else ''} error {code} that quotes it: the router is the
              blocker.""",
              made=f"record/record_net.py ({'curl -6' if six else 'swaks'}; the router rejects"
                   " with ICMP)",
              fires="tcp.icmp_reject", near="tcp.refused tcp.syn_no_answer",
              cause="tcp.icmp_reject", stopped_at="tcp", outcome="failed", **TO_MX)
    def scene(net):
        names(net, **({MX_NAME: {"AAAA": [MX6]}} if six else {}))
        net.rules("r", "forward", rule)
        return net.record(lambda n: curl(n, f"smtp://{host}:25", 6, "-6") if six
                          else swaks(n, host, 25, timeout=6))
    return scene


rejected("admin-prohibited", "no route to host",
         "tcp dport 25 reject with icmp type admin-prohibited", code="3/13")
rejected("host-unreachable", "no route to host",
         "tcp dport 25 reject with icmp type host-unreachable", code="3/1")
rejected("net-prohibited", "network is unreachable",
         "tcp dport 25 reject with icmp type net-prohibited", code="3/9")
rejected("port-unreachable", "connection refused",
         "tcp dport 25 reject with icmp type port-unreachable", code="3/3")
rejected("v6-admin-prohibited", "permission denied",
         "tcp dport 25 reject with icmpv6 type admin-prohibited", six=True, code="1/1")
rejected("v6-no-route", "network is unreachable",
         "tcp dport 25 reject with icmpv6 type no-route", six=True, code="1/0")


@recorded("tcp", "tcp-no-banner.pcapng",
          """The client connects to port 25 and waits. The handshake is fine, but no banner comes;
          after 35 seconds the client gives up and closes.""",
          made="record/record_net.py (swaks; the server stays silent)", fires="tcp.no_banner",
          near="tcp.syn_no_answer tcp.server_busy_close mode.implicit_tls_on_starttls_port"
               " capture.one_sided tcp.probe",
          cause="tcp.no_banner", stopped_at="banner", outcome="failed", **TO_MX)
def no_banner(net):
    names(net)
    at_mx(net, manner="silent")
    return net.record(lambda n: swaks(n, timeout=35))


@recorded("tcp", "tcp-late-banner.pcapng",
          """The banner comes after 20 seconds, well within the five minutes that RFC 5321 allows.
          The mail is then accepted. Slow, but no failure; the time in the banner is right when it
          is sent.""",
          made="record/record_net.py (swaks; banner after 20 s)", fires="starttls.offered_not_used",
          near="tcp.no_banner capture.clock_skew tcp.idle_drop", outcome="accepted", **TO_MX)
def late_banner(net):
    names(net)
    at_mx(net, banner_after=20)
    return net.record(swaks)


@recorded("tcp", "tcp-mtu-blackhole-data.pcapng",
          """Small mails work, scans do not: after 354 the full segments of the body never arrive,
          as the path swallows packets over 1400 bytes and no ICMP tells it. The client sends the
          same full segment again and again; commands passed before.""",
          made="record/record_net.py (swaks; the router drops packets over 1400 bytes)",
          fires="tcp.mtu_blackhole", near="capture.loss tcp.rst_injected tcp.slow_client"
                                          " tcp.idle_drop",
          cause="tcp.mtu_blackhole", stopped_at="data", outcome="failed", **TO_MX)
def mtu_blackhole(net):
    names(net)
    at_mx(net)
    net.rules("r", "forward", "ip length > 1400 drop")
    return net.record(lambda n: swaks(n, MX_NAME, 25, "--body", "@" + pages(n, 300), timeout=15))


@recorded("tcp", "tcp-mtu-blackhole-icmp.pcapng",
          """As tcp-mtu-blackhole-data, but the router does say "fragmentation needed, MTU 1400"
          and quotes the segment. The client's own firewall throws that away, so it goes on with
          segments that are too large.""",
          made="record/record_net.py (swaks; MTU 1400 behind the router, client drops ICMP)",
          fires="tcp.mtu_blackhole", near="capture.loss tcp.icmp_reject",
          cause="tcp.mtu_blackhole", stopped_at="data", outcome="failed", **TO_MX)
def mtu_blackhole_icmp(net):
    names(net)
    at_mx(net)
    net.ip("r", "link", "set", "wan", "mtu", "1400")
    net.rules("c", "input", "icmp type destination-unreachable drop")
    return net.record(lambda n: swaks(n, MX_NAME, 25, "--body", "@" + pages(n, 300), timeout=15))


@recorded("tcp", "tcp-mtu-discovered.pcapng",
          """The path takes only 1400 bytes and the router says so. The client listens, sends
          smaller segments and the mail is accepted: path MTU discovery as it should be.""",
          made="record/record_net.py (swaks; MTU 1400 behind the router)",
          fires="starttls.offered_not_used", near="tcp.mtu_blackhole tcp.icmp_reject",
          outcome="accepted", **TO_MX)
def mtu_discovered(net):
    names(net)
    at_mx(net)
    net.ip("r", "link", "set", "wan", "mtu", "1400")
    return net.record(lambda n: swaks(n, MX_NAME, 25, "--body", "@" + pages(n, 300), timeout=15))


@recorded("tcp", "tcp-random-loss.pcapng",
          """A bad line: about every tenth packet is lost in both directions, full segments as well
          as small ones. All is sent again and the mail gets through, slowly.""",
          made="record/record_net.py (swaks; the router drops 10 percent at random)",
          fires="tcp.high_rtt_loss starttls.offered_not_used",
          near="tcp.mtu_blackhole capture.loss capture.duplicate tcp.syn_no_answer",
          outcome="accepted", **TO_MX)
def random_loss(net):
    names(net)
    at_mx(net)
    net.rules("r", "forward", "tcp flags syn accept", "numgen random mod 10 < 1 drop")
    return net.record(lambda n: swaks(n, MX_NAME, 25, "--body", "@" + pages(n, 2500), timeout=90))


@recorded("tcp", "tcp-busy-421.pcapng",
          """The server greets with 421 4.3.2 and closes within a second: too busy, or too many
          connections from this address.""",
          made="record/record_net.py (swaks; the server says 421)", fires="tcp.server_busy_close",
          near="tcp.no_banner tcp.probe tcp.rst_injected", cause="tcp.server_busy_close",
          stopped_at="banner", unsure="outcome", **TO_MX)
def busy(net):
    names(net)
    at_mx(net, manner="busy")
    return net.record(swaks)


@recorded("tcp", "tcp-closed-without-banner.pcapng",
          """The connection is accepted and closed by the server at once, without a word.""",
          made="record/record_net.py (swaks; the server closes)", fires="tcp.server_busy_close",
          near="tcp.no_banner tcp.refused", cause="tcp.server_busy_close", stopped_at="banner",
          outcome="failed", **TO_MX)
def closed_at_once(net):
    names(net)
    at_mx(net, manner="close")
    return net.record(swaks)


@recorded("tcp", "tcp-probe-periodic.pcapng",
          """A load balancer's health check: every five seconds it connects, reads the banner and
          closes without a command. Four times the same; nobody wanted to send mail.""",
          made="record/record_net.py (bash /dev/tcp)", fires="tcp.probe",
          near="tcp.no_banner tcp.server_busy_close starttls.missing_from_m365"
               " tcp.idle_drop", sessions=4, outcome="no_mail", endpoint="mx")
def probe(net):
    names(net)
    at_mx(net)

    def act(n):
        for _ in range(4):
            n.client("bash", "-c", f"exec 3<>/dev/tcp/{MX_NAME}/25; read -r line <&3; exec 3>&-")
            time.sleep(5)
    return net.record(act)


def proxied(slug, kind, port, options, words):
    @recorded("tcp", f"tcp-proxied-{slug}.pcapng",
              f"""The client reaches the MX endpoint through a proxy: {words}, then banner, EHLO and
              an accepted mail in the same connection.""",
              made=f"record/record_net.py (curl {options[0]})",
              fires="tcp.proxied mode.nonstandard_port", near="mode.cross_protocol"
              " mode.relay_in_path tls.garbage_after_220 smtp.bad_sequence", outcome="accepted",
              unsure="endpoint method", note="on a port that the tool watches only when asked")
    def scene(net):
        at_mx(net)
        net.peer("r", "proxy", {"ip": ROUTER, "port": port, "kind": kind, "hosts": {MX_NAME: MX}})
        return net.record(lambda n: curl(n, f"smtp://{MX_NAME}:25/mfp-42.contoso.com", 20,
                                         *options))
    return scene


proxied("socks5", "socks", 1080, ("--socks5-hostname", f"{ROUTER}:1080"),
        "the few bytes of SOCKS5 come first")
proxied("connect", "http", 3128, ("--proxytunnel", "--proxy", f"http://{ROUTER}:3128"),
        "CONNECT with the MX name and port 25 comes first, and 200 as its answer")


# Port and mode

def port_465(slug, rule, words, cause):
    @recorded("mode", f"mode-465-{slug}.pcapng",
              f"""The device is set to smtp.office365.com with SSL on port 465, which Microsoft 365
              does not offer. {words}""",
              made="record/record_net.py (curl smtps://)",
              fires=f"mode.port465_to_m365 {cause}", near="mode.plaintext_on_implicit_port"
              " mode.implicit_tls_on_starttls_port", cause="mode.port465_to_m365",
              stopped_at="tcp", outcome="failed", **TO_SUBMISSION)
    def scene(net):
        names(net)
        if rule:
            net.rules("r", "forward", rule)
        return net.record(lambda n: curl(n, f"smtps://{SUBMISSION_NAME}:465", 20))
    return scene


def curl(net, url, seconds, *options):
    return net.client("curl", *(options or ("-4",)), "-sS", "--crlf", "--max-time", str(seconds),
                      "--mail-from", "scanner@contoso.com", "--mail-rcpt", "anna@contoso.com",
                      "-T", pages(net, 5), url)


port_465("dropped", "tcp dport 465 drop", "The SYN is repeated and never answered.",
         "tcp.syn_no_answer")
port_465("refused", None, "The SYN is answered with RST+ACK.", "tcp.refused")


@recorded("mode", "mode-implicit-tls-587.pcapng",
          """The device is set to "SSL/TLS" instead of STARTTLS. Its ClientHello goes to port 587
          at once; the server's plain 220 banner is no TLS for it: "wrong version number".""",
          made="record/record_net.py (curl smtps:// on 587)",
          fires="mode.implicit_tls_on_starttls_port",
          near="mode.plaintext_on_implicit_port starttls.tls_before_220 tcp.no_banner"
               " mode.cross_protocol capture.midstream",
          cause="mode.implicit_tls_on_starttls_port", outcome="failed", endpoint="submission")
def implicit_587(net):
    names(net)
    at_submission(net)
    return net.record(lambda n: curl(n, f"smtps://{SUBMISSION_NAME}:587", 20))


@recorded("mode", "mode-implicit-tls-25.pcapng",
          """The same mistake on port 25 of the MX endpoint: a ClientHello where EHLO belongs, and
          the banner comes in clear.""",
          made="record/record_net.py (curl smtps:// on 25)",
          fires="mode.implicit_tls_on_starttls_port",
          near="mode.plaintext_on_implicit_port starttls.tls_before_220"
               " starttls.cleartext_fallback",
          cause="mode.implicit_tls_on_starttls_port", outcome="failed", endpoint="mx")
def implicit_25(net):
    names(net)
    at_mx(net)
    return net.record(lambda n: curl(n, f"smtps://{MX_NAME}:25", 20))


@recorded("mode", "mode-implicit-tls-587-no-banner.pcapng",
          """A ClientHello to port 587 while the server (or a proxy before it) says nothing at all
          for 32 seconds. The client spoke first, so the missing banner is not the story.""",
          made="record/record_net.py (curl smtps:// on 587, silent server)",
          fires="mode.implicit_tls_on_starttls_port", near="tcp.no_banner",
          cause="mode.implicit_tls_on_starttls_port", outcome="failed", endpoint="submission")
def implicit_silent(net):
    names(net)
    at_submission(net, manner="silent")
    return net.record(lambda n: curl(n, f"smtps://{SUBMISSION_NAME}:587", 32))


@recorded("mode", "mode-http-on-25.pcapng",
          """A browser or an API client was pointed at the mail port: GET / HTTP/1.1 goes to port
          25, and the server answers with its banner and 500 5.3.3.""",
          made="record/record_net.py (curl http:// on 25)", fires="mode.cross_protocol",
          near="tcp.proxied mode.nonstandard_port", cause="mode.cross_protocol",
          outcome="failed", endpoint="mx", unsure="outcome")
def http_on_25(net):
    names(net)
    at_mx(net)
    return net.record(lambda n: n.client("curl", "-sS", "--http0.9", "--max-time", "12",
                                         f"http://{MX_NAME}:25/send"))


@recorded("mode", "mode-submission-on-25.pcapng",
          """A device uses smtp.office365.com on port 25 with STARTTLS. It works here, but many
          providers block port 25.""",
          made="record/record_net.py (smtplib)", fires="mode.port25_submission tls.tls13",
          near="mode.wrong_endpoint_anon auth.port25 mode.relay_in_path", endpoint="submission",
          unsure="outcome")
def submission_25(net):
    names(net)
    at_submission(net, port=25, certificate=net.certificate())
    return net.record(lambda n: smtplib_tls(n, SUBMISSION_NAME, 25))


@recorded("mode", "mode-submission-on-587.pcapng",
          """The same client on port 587, as it should be: STARTTLS, TLS 1.3, EHLO, QUIT.""",
          made="record/record_net.py (smtplib)", fires="tls.tls13",
          near="mode.port25_submission mode.port465_to_m365 mode.nonstandard_port"
               " mode.implicit_tls_on_starttls_port starttls.no_client_hello",
          endpoint="submission", unsure="outcome")
def submission_587(net):
    names(net)
    at_submission(net, certificate=net.certificate())
    return net.record(lambda n: smtplib_tls(n))


# DNS

def name_fails(slug, story, entry, fires, near, asked=None, **facts):
    @recorded("dns", f"dns-{slug}.pcapng", story,
              made="record/record_net.py (swaks; the name server is set up so)", fires=fires,
              near=near, **{"cause": fires.split()[0], "stopped_at": "dns", "outcome": "failed",
                            **facts})
    def scene(net):
        net.dns(**{"time.contoso.local": {"A": [CLIENT]}, **(entry or {})})

        def act(n):
            swaks(n, asked or SUBMISSION_NAME, 587, timeout=20)
            time.sleep(8 if slug == "no-answer" else 1)
            n.client("getent", "ahostsv4", "time.contoso.local")
        return net.record(act)
    return scene


name_fails("typo-nxdomain", """The administrator typed smtp-office365.com. The name server says that
           there is no such name and no connection is ever tried.""", None, "dns.nxdomain",
           "dns.no_answer dns.foreign_answer dns.legacy_name", "smtp-office365.com")
name_fails("mx-label-dots", """The tenant's MX name was typed with dots instead of dashes:
           contoso.com.mail.protection.outlook.com does not exist.""", None, "dns.nxdomain",
           "dns.no_answer dns.foreign_answer", "contoso.com.mail.protection.outlook.com")
name_fails("no-answer", """The device asks its name server for smtp.office365.com again and again;
           no answer comes. Another name, asked ten seconds later, is answered at once.""",
           {SUBMISSION_NAME: {"drop": True}}, "dns.no_answer",
           "dns.nxdomain dns.slow tcp.syn_no_answer")
name_fails("servfail", """The name server answers every look-up of smtp.office365.com with
           SERVFAIL.""", {SUBMISSION_NAME: {"rcode": 2}}, "dns.no_answer", "dns.nxdomain")
name_fails("refused", """The name server refuses to answer this client (REFUSED).""",
           {SUBMISSION_NAME: {"rcode": 5}}, "dns.no_answer", "dns.nxdomain tcp.refused")
name_fails("no-address", """The name exists, but the answer has neither an IPv4 nor an IPv6
           address: NOERROR without a record.""", {SUBMISSION_NAME: {}},
           "dns.nxdomain", "dns.no_answer dns.foreign_answer")


@recorded("dns", "dns-slow.pcapng",
          """Every mail takes long to start: the name server needs more than three seconds for its
          answer. Then all goes well.""",
          made="record/record_net.py (swaks; answers after 3.2 s)",
          fires="dns.slow starttls.offered_not_used", near="dns.no_answer tcp.no_banner",
          outcome="accepted", **TO_MX)
def slow_dns(net):
    names(net, **{MX_NAME: {"A": [MX], "after": 3.2}})
    at_mx(net)
    return net.record(swaks)


@recorded("dns", "dns-second-answer-good.pcapng",
          """The AAAA look-up gives NOERROR without a record, the A look-up gives the address: the
          normal case of a host without IPv6. The mail is accepted.""",
          made="record/record_net.py (curl)", fires="starttls.offered_not_used",
          near="dns.nxdomain dns.no_answer dns.slow dns.foreign_answer net.hard_coded_ip"
               " net.ipv6_only_path dns.legacy_name dns.mx_elsewhere",
          outcome="accepted", **TO_MX)
def aaaa_empty(net):
    names(net)
    at_mx(net)
    return net.record(lambda n: curl(n, f"smtp://{MX_NAME}:25/mfp-42.contoso.com", 20, "-s"))


@recorded("dns", "dns-ipv6-only-path.pcapng",
          """The name gives only an IPv6 address and the network has no way out for IPv6: three SYN
          without an answer, and no attempt over IPv4.""",
          made="record/record_net.py (curl -6; the router drops IPv6 to port 25)",
          fires="net.ipv6_only_path", near="tcp.refused dns.no_answer tcp.icmp_reject",
          cause="net.ipv6_only_path", stopped_at="tcp", outcome="failed", unsure="cause", **TO_MX)
def v6_only(net):
    names(net, **{MX_NAME: {"AAAA": [MX6]}})
    net.rules("r", "forward", "meta nfproto ipv6 tcp dport 25 drop")
    return net.record(lambda n: curl(n, f"smtp://{MX_NAME}:25", 16, "-6"))


@recorded("dns", "dns-ipv6-then-ipv4.pcapng",
          """The SYN to the IPv6 address is not answered, but the client tries IPv4 within a
          fraction of a second and the banner arrives: happy eyeballs at work.""",
          made="record/record_net.py (curl; the router drops IPv6)",
          fires="starttls.offered_not_used",
          near="net.ipv6_only_path tcp.syn_no_answer dns.no_answer", sessions=2,
          note="the second session is the one that sends", unsure="outcome")
def v6_then_v4(net):
    names(net, **{MX_NAME: {"A": [MX], "AAAA": [MX6]}})
    at_mx(net)
    net.rules("r", "forward", "meta nfproto ipv6 drop")
    return net.record(lambda n: curl(n, f"smtp://{MX_NAME}:25/mfp-42.contoso.com", 20, "-s"))
