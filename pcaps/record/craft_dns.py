# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures about names and addresses (findings dns and net), beside the recorded ones."""
from craft import Capture, Host, Tcp
from craft_smtp import (CAFE, CLIENT, CLIENT6, MX, MX_NAME, RESOLVER, SUBMISSION_NAME, Site, bye,
                        client, dns_ask, dns_message, dns_packet, hello, mail_in_tls, resolve,
                        send_mail, server, starttls,
                        tls13, to_mx, to_submission)
from craft_story import capture

TO_MX = {"endpoint": "mx", "method": "direct_send_or_relay"}
TO_SUBMISSION = {"endpoint": "submission", "method": "client_submission"}
SECOND = Host("10.1.2.54", "02:00:0a:01:02:36", 64, 0x8800)


def good(cap, at, **how):
    """A look-up and a healthy submission in TLS 1.3."""
    at = resolve(cap, at, CLIENT, SUBMISSION_NAME, "52.96.165.18", **how)
    t = Tcp(cap, CLIENT, server("52.96.165.18"), 587, at=at).open()
    return mail_in_tls(tls13(starttls(hello(t, CAFE))))


# N01

@capture("dns", "dns-suffix-then-right.pcapng",
         """The resolver library first tries the name with the local domain behind it and gets
         NXDOMAIN, then asks for the right name, gets its address and the session works.""",
         fires="tls.tls13", near="dns.nxdomain dns.no_answer", **TO_SUBMISSION)
def suffix():
    cap = Capture()
    at = dns_ask(cap, 0, CLIENT, SUBMISSION_NAME + ".contoso.local", "A", [], 3)
    good(cap, at)
    return cap


@capture("dns", "dns-typo-other-name.pcapng",
         """A look-up of intranet.contoso.local, which has nothing to do with mail, gives NXDOMAIN;
         the mail session beside it works.""", fires="tls.tls13",
         near="dns.nxdomain dns.no_answer", **TO_SUBMISSION)
def other_name():
    cap = Capture()
    good(cap, dns_ask(cap, 0, CLIENT, "intranet.contoso.local", "A", [], 3))
    return cap


@capture("dns", "dns-noerror-empty-both.pcapng",
         """NOERROR without any record, for A and for AAAA of a tenant's MX name: the tenant label
         is wrong. No connection follows.""", fires="dns.nxdomain",
         near="dns.no_answer dns.foreign_answer", cause="dns.nxdomain", stopped_at="dns",
         outcome="failed")
def empty_both():
    cap = Capture()
    at = dns_ask(cap, 0, CLIENT, "contosso-com.mail.protection.outlook.com", "A", [])
    dns_ask(cap, at, CLIENT, "contosso-com.mail.protection.outlook.com", "AAAA", [])
    return cap


@capture("dns", "dns-tcp-nxdomain.pcapng",
         """The name server is asked over TCP, with the two length bytes before each message, for
         smpt.office365.com: no such name.""", fires="dns.nxdomain", near="dns.no_answer",
         cause="dns.nxdomain", stopped_at="dns", outcome="failed")
def over_tcp():
    cap = Capture()
    t = Tcp(cap, CLIENT, RESOLVER, 53).open()
    for answers in (None, []):
        body = dns_message(0x4711, "smpt.office365.com", "A", answers, 3)
        t.data(0 if answers is None else 1, len(body).to_bytes(2, "big") + body)
    t.close(0)
    return cap


@capture("dns", "dns-v6-resolver-nxdomain.pcapng",
         """The name server is asked over IPv6 for smtp.offfice365.com, for A and AAAA at once: no
         such name.""", fires="dns.nxdomain", near="dns.no_answer net.ipv6_only_path",
         cause="dns.nxdomain", stopped_at="dns", outcome="failed")
def v6_resolver():
    cap = Capture()
    six = Host("2001:db8:1:2::53", RESOLVER.mac)
    for kind in ("A", "AAAA"):
        dns_ask(cap, 0, CLIENT6, "smtp.offfice365.com", kind, [], 3, resolver=six, port=41234)
    return cap


@capture("dns", "dns-answer-additional.pcapng",
         """An answer that nobody asked for names a foreign address for smtp.office365.com; the
         client uses the one from its own question.""", fires="tls.tls13",
         near="dns.foreign_answer", unsure="near", **TO_SUBMISSION)
def unasked():
    cap = Capture()
    dns_packet(cap, 0.0, RESOLVER, CLIENT, 53, 45999,
               dns_message(1, SUBMISSION_NAME, "A", [(SUBMISSION_NAME, "A", "198.51.100.7")]))
    good(cap, 1.0)
    return cap


# N02

@capture("dns", "dns-second-resolver.pcapng",
         """The first name server stays silent for three tries, then the client asks the second one
         and gets the address. The mail goes out, late.""", fires="tls.tls13",
         near="dns.no_answer dns.nxdomain", **TO_SUBMISSION)
def second_resolver():
    cap = Capture()
    at = dns_ask(cap, 0, CLIENT, SUBMISSION_NAME, "A", tries=3, again=2.0)
    good(cap, at, resolver=SECOND, number=0x4242, port=41000)
    return cap


@capture("dns", "dns-servfail-then-other.pcapng",
         """The first name server says SERVFAIL, the second one answers. The session works.""",
         fires="tls.tls13", near="dns.no_answer dns.nxdomain", **TO_SUBMISSION)
def servfail_then():
    cap = Capture()
    at = dns_ask(cap, 0, CLIENT, SUBMISSION_NAME, "A", [], 2)
    good(cap, at, resolver=SECOND, number=0x4242, port=41000)
    return cap


@capture("dns", "dns-one-sided.pcapng",
         """No answer of the name server is in the capture at all, only questions; but the client
         connects to the right address each time. The mirror does not show the answers.""",
         fires="tls.tls13", near="dns.no_answer dns.nxdomain net.hard_coded_ip dns.slow",
         sessions=2, endpoint="submission")
def one_sided_dns():
    cap = Capture()
    for n in range(2):
        at = 20.0 * n
        dns_ask(cap, at, CLIENT, SUBMISSION_NAME, "A", number=0x1111 + n)
        t = Tcp(cap, CLIENT, server("52.96.165.18"), 587, sport=50332 + n, at=at + 0.015).open()
        mail_in_tls(tls13(starttls(hello(t, CAFE))))
    return cap


# N03

def foreign(slug, address, words, **more):
    @capture("dns", f"dns-foreign-{slug}.pcapng",
             f"""The name server gives {address} for smtp.office365.com: {words}. The SYN to port
             587 there is refused.""", fires="dns.foreign_answer",
             near="dns.nxdomain dns.no_answer net.hard_coded_ip", cause="dns.foreign_answer",
             stopped_at="tcp", outcome="failed", unsure="stopped_at", **more)
    def make():
        cap = Capture()
        at = resolve(cap, 0, CLIENT, SUBMISSION_NAME, address)
        t = Tcp(cap, CLIENT, Host(address, "02:00:0a:01:02:01", 63), 587, at=at)
        t.send(0, "S")
        t.wait(0.0004).reset(1)
        return cap


foreign("private", "10.1.2.99", "a private address of split DNS")
foreign("loopback", "127.0.0.1", "the host itself, as a blocking name server answers")
foreign("public", "198.51.100.25", "an address that is not Microsoft's")


@capture("dns", "dns-foreign-zero.pcapng",
         """A DNS filter answers 0.0.0.0 for the tenant's MX name. No connection is tried.""",
         fires="dns.foreign_answer", near="dns.nxdomain dns.no_answer",
         cause="dns.foreign_answer", outcome="failed", unsure="stopped_at")
def foreign_zero():
    cap = Capture()
    resolve(cap, 0, CLIENT, MX_NAME, "0.0.0.0")
    return cap


@capture("dns", "dns-foreign-v6.pcapng",
         """AAAA of smtp.office365.com gives an address of a documentation network, where nobody
         answers: three SYN in seven seconds.""", fires="dns.foreign_answer",
         near="dns.nxdomain", unsure="cause", outcome="failed")
def foreign_v6():
    cap = Capture()
    at = resolve(cap, 0, CLIENT6, SUBMISSION_NAME, "2001:db8:bad::25",
                 resolver=Host("2001:db8:1:2::53", RESOLVER.mac))
    t = Tcp(cap, CLIENT6, Host("2001:db8:bad::25", "02:00:0a:01:02:01"), 587, at=at)
    for pause in (1, 2, 4, 8):
        t.send(0, "S", advance=False)
        t.wait(pause)
    other_traffic(cap, t.now)
    return cap


def other_traffic(cap, at):
    Tcp(cap, client(77), server("52.96.165.18"), 443, sport=51000, at=at).open()


def in_range(slug, name, address, site, words):
    @capture("dns", f"dns-right-{slug}.pcapng",
             f"""{name} gives {address}: {words}. Nothing is wrong with the answer; the mail is
             accepted.""", fires="starttls.offered_not_used", near="dns.foreign_answer"
             " mode.relay_in_path dns.legacy_name", outcome="accepted", unsure="endpoint")
    def make():
        cap = Capture()
        bye(send_mail(hello(to_mx(cap, address=address, name=name), site)))
        return cap


in_range("mx-microsoft", "contosotest-com.o-v1.mx.microsoft", "52.101.73.31", MX,
         "a newer MX name, in the published range")
in_range("mx-old-range", MX_NAME, "104.47.10.36", MX, "the older part of the published range")
in_range("gcc-high", "contoso-us.mail.protection.office365.us", "23.103.208.5",
         Site("BN3PEPF0000B069", "mail.protection.office365.us", "USGP110.PROD.OUTLOOK.COM"),
         "GCC High, in its own range")
in_range("china", "contoso-cn.mail.protection.partner.outlook.cn", "42.159.161.200",
         Site("BJSPEPF00000001", "mail.protection.partner.outlook.cn",
              "CHNPR01.prod.partner.outlook.cn"),
         "21Vianet in China, in its own range")


# N04

@capture("dns", "dns-mx-elsewhere.pcapng",
         """The client looks up the MX of its domain, which is a mail gateway of another company,
         and then sends to the tenant's MX name at Microsoft 365, past the gateway.""",
         fires="dns.mx_elsewhere starttls.offered_not_used", near="dns.foreign_answer dns.nxdomain",
         outcome="accepted", **TO_MX)
def mx_elsewhere():
    return with_mx((10, "mx1.gateway.example"))


@capture("dns", "dns-mx-here.pcapng",
         """The MX of the domain is the tenant's name at Microsoft 365, and that is where the
         client connects.""", fires="starttls.offered_not_used", near="dns.mx_elsewhere",
         outcome="accepted", **TO_MX)
def mx_here():
    return with_mx((0, MX_NAME))


def with_mx(record):
    cap = Capture()
    at = dns_ask(cap, 0, CLIENT, "contoso.com", "MX", [("contoso.com", "MX", record)])
    bye(send_mail(hello(to_mx(cap, at), MX)))
    return cap


# N05

def legacy(slug, name, address, **facts):
    @capture("dns", f"dns-legacy-{slug}.pcapng",
             f"""The device still uses {name}, a name that is to go. It resolves and connects.""",
             fires="dns.legacy_name", near="dns.foreign_answer dns.nxdomain", **facts)
    def make():
        cap = Capture()
        if facts["endpoint"] == "mx":
            bye(send_mail(hello(to_mx(cap, address=address, name=name), MX)))
        else:
            t = to_submission(cap, address=address, name=name)
            mail_in_tls(tls13(starttls(hello(t, CAFE)), name))
        return cap


legacy("fope", "mail.messaging.microsoft.com", "52.101.68.3", endpoint="mx", outcome="accepted",
       unsure="endpoint near")
legacy("frontbridge", "mail.global.frontbridge.com", "52.101.68.3", endpoint="mx",
       outcome="accepted", unsure="endpoint near")
legacy("hve", "smtp-hve.office365.com", "52.96.165.18", endpoint="hve")
legacy("tls", "smtp-legacy.office365.com", "52.96.165.18", endpoint="legacy")


@capture("dns", "dns-hve-new-name.pcapng",
         """The device uses smtp.hve.mx.microsoft, the present name of High Volume Email.""",
         fires="tls.tls13", near="dns.legacy_name", endpoint="hve")
def hve_new():
    cap = Capture()
    t = to_submission(cap, name="smtp.hve.mx.microsoft")
    mail_in_tls(tls13(starttls(hello(t, CAFE)), "smtp.hve.mx.microsoft"))
    return cap


# N06

@capture("dns", "dns-hard-coded-ip.pcapng",
         """The capture runs for 25 hours and holds the client's look-ups of other names. It
         connects to a Microsoft 365 address again and again without ever asking for a name: the
         address is typed in.""", fires="net.hard_coded_ip starttls.offered_not_used",
         near="dns.no_answer dns.foreign_answer", sessions=4, outcome="accepted",
         note="after 24 hours: at least in the last session", **TO_MX)
def hard_coded():
    cap = Capture(start="2026-11-22 09:00:00")
    for n in range(26):
        dns_ask(cap, n * 3600.0 + 5, CLIENT, "time.contoso.local", "A",
                [("time.contoso.local", "A", "10.1.2.7")], number=0x2000 + n)
    for n in range(4):
        t = Tcp(cap, CLIENT, server(), 25, sport=50332 + n, at=n * 30000.0 + 60)
        bye(send_mail(hello(t.open(), MX)))
    return cap


@capture("dns", "dns-cached-name.pcapng",
         """A short capture without a look-up: the client may still have the address from before.
         No proof of a typed-in address.""", fires="starttls.offered_not_used",
         near="net.hard_coded_ip dns.no_answer", outcome="accepted", **TO_MX)
def cached():
    cap = Capture()
    bye(send_mail(hello(Tcp(cap, CLIENT, server(), 25).open(), MX)))
    return cap


# N07, in replies

@capture("dns", "dns-ipv6-no-ptr.pcapng",
         """The session over IPv6 reaches RCPT and is refused: the sending IPv6 address has no
         reverse DNS record. Over IPv4 the mail would have gone.""",
         fires="net.ipv6_only_path m365.ipv6", near="tcp.syn_no_answer", unsure="cause",
         outcome="rejected", stopped_at="rcpt", **TO_MX)
def v6_reply():
    cap = Capture()
    at = resolve(cap, 0, CLIENT6, MX_NAME, "2a01:111:f403:c200::3",
                 resolver=Host("2001:db8:1:2::53", RESOLVER.mac))
    host = Host("2a01:111:f403:c200::3", "02:00:0a:01:02:01", 110)
    t = hello(Tcp(cap, CLIENT6, host, 25, at=at, mss=1440).open(), MX, public="2001:db8:1:2::30")
    t.c("MAIL FROM:<scanner@contoso.com>\r\n").s("250 2.1.0 Sender OK\r\n")
    t.c("RCPT TO:<anna@contoso.com>\r\n").wait(5)
    t.s("550 5.7.25 Access denied, the sending IPv6 address [2001:db8:1:2::30] must have a reverse"
        " DNS record" + MX.trailer(t) + "\r\n")
    bye(t)
    return cap


# N08

@capture("dns", "dns-not-slow.pcapng",
         """The answer takes 0.9 seconds: slow, but no reason for trouble.""", fires="tls.tls13",
         near="dns.slow dns.no_answer", **TO_SUBMISSION)
def not_slow():
    cap = Capture()
    good(cap, 0, took=0.9)
    return cap


@capture("dns", "dns-retry-then-answer.pcapng",
         """The first question is lost; the second one, a second later, is answered at once.""",
         fires="tls.tls13", near="dns.no_answer dns.nxdomain", **TO_SUBMISSION)
def retry_answer():
    cap = Capture()
    good(cap, 0, tries=2, again=1.0)
    return cap
