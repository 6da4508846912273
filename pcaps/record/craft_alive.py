# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures for rows of the rules that no other capture fires, mostly the milder of two rows of one
finding: what is wrong is there, and the session works all the same."""
import os
import struct

import transform
from craft import Capture, Tcp, noise
from craft_replies import from_mx, from_other
from craft_review import LOGIN, b64, lost, mirrored, secret_b64
from craft_smtp import (BYE, CAFE, CLIENT, FROM, GO_ON, MX, MX_NAME, PASS_PROMPT, RCPT_OK, READY,
                        SENDER_OK, TO, USER_PROMPT, bye, client_hello, dns_ask, ehlo_lines, hello,
                        mail_in_tls, message, queued, send_mail, server, starttls, tls13,
                        tls_record, tls_vector, to_mx, to_submission)
from craft_story import ROOT, capture, secret

PART = "alive"
PASSWORD = secret("Eifel-Drucker=3306")
SUBMISSION = {"endpoint": "submission", "method": "client_submission"}
TO_MX = {"endpoint": "mx", "method": "direct_send_or_relay"}
STRANGER = "198.51.100.25"
LIST = ["SIZE 157286400", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "8BITMIME", "CHUNKING"]
NEEDS_TLS = "451 5.7.3 STARTTLS is required to send mail"
NO_SUCH_TYPE = "504 5.7.4 Unrecognized authentication type"
NOT_TAKEN = "535 5.7.3 Authentication unsuccessful"


def done(t, cap):
    bye(t)
    return cap


def says(t, words, site=CAFE):
    return t.s(words + site.trailer(t) + "\r\n")


def login(t, user=LOGIN):
    """AUTH LOGIN with both answers; the reply is left to the caller."""
    t.c("AUTH LOGIN\r\n").s(USER_PROMPT).c(b64(user) + "\r\n").s(PASS_PROMPT)
    return t.c(secret_b64(PASSWORD) + "\r\n")


def greeted(t, name, lines=("SIZE 10240000", "8BITMIME")):
    """Another server's greeting and list."""
    t.s(f"220 {name} ESMTP Postfix\r\n").c("EHLO mfp-42.contoso.com\r\n")
    return t.s(ehlo_lines([name] + list(lines)))


def list_of(t, words):
    """Microsoft's greeting, and a list that a box on the way changed."""
    t.s(CAFE.banner(t)).c("EHLO mfp-42.contoso.com\r\n")
    return t.s(ehlo_lines([f"{CAFE.host} Hello [203.0.113.44]"] + LIST + words))


# TLS up to 1.2, as bytes

def certificate_of(name):
    """The Certificate message of a recorded capture."""
    packets = transform.read_capture(os.path.join(ROOT, name))
    stream = b"".join(transform.payload(p[1]) for p in packets
                      if transform.is_tcp(p[1]) and not transform.to_server(p[1]))
    stream, out = stream[stream.index(b"\x16\x03\x03"):], b""
    while stream[:1] == b"\x16":
        size = int.from_bytes(stream[3:5], "big")
        out, stream = out + stream[5:5 + size], stream[5 + size:]
    while out[0] != 11:
        out = out[4 + int.from_bytes(out[1:4], "big"):]
    return out[:4 + int.from_bytes(out[1:4], "big")]


def server_hello(version=0x0303, suite=0xC030, mark=b""):
    random = noise("alive-sh", 32 - len(mark)) + mark
    renegotiation = b"\xff\x01\x00\x01\x00"
    body = struct.pack("!H", version) + random + tls_vector(1, noise("alive-id", 32))
    body += struct.pack("!H", suite) + b"\0" + tls_vector(2, renegotiation)
    return b"\x02" + tls_vector(3, body)


def flight(t, certificate, version=0x0303, **how):
    """ServerHello, certificate, ServerHelloDone."""
    return t.s(tls_record(22, server_hello(version, **how) + certificate + b"\x0e\0\0\0", version))


def finish(t, version=0x0303):
    t.c(tls_record(22, b"\x10" + tls_vector(3, noise("alive-key", 66)), version) +
        tls_record(20, b"\x01", version) + tls_record(22, noise("alive-cfin", 40), version))
    return t.s(tls_record(20, b"\x01", version) + tls_record(22, noise("alive-sfin", 40), version))


def talk(t, version=0x0303):
    """A few records inside TLS, and the end."""
    for turn, size in enumerate((60, 200, 40, 60, 900, 90)):
        t.data(turn % 2, tls_record(23, noise(f"alive-in{turn}", size), version))
    return t.close(1)


def refuses(t, code):
    """The client's fatal alert, and it leaves."""
    t.c(tls_record(21, bytes([2, code])))
    return t.close(0)


WEAK, WRONG = certificate_of("cert-weak-relay.pcapng"), certificate_of("cert-wrong-name.pcapng")
EXPIRED = certificate_of("cert-expired.pcapng")
INSPECTED = certificate_of("cert-inspected-trusted.pcapng").replace(b"Contoso Web Proxy CA",
                                                                    b"FortiGate CA SSL-DPI")


# DNS

@capture(PART, "alive-private-answer-silent.pcapng",
         """DNS answers Microsoft's name with a private address; something accepts the connection there
         and never greets.""", fires="dns.foreign_answer", near="tcp.syn_no_answer",
         cause="dns.foreign_answer", stopped_at="banner", outcome="failed", **SUBMISSION)
def private_silent():
    cap = Capture()
    to_submission(cap, address="10.1.2.99").wait(45).close(0)
    return cap


@capture(PART, "alive-private-answer-works.pcapng",
         """DNS answers the MX name with the organisation's own relay, which takes the message.""",
         fires="dns.foreign_answer", near="tcp.no_banner", outcome="accepted", **TO_MX)
def private_works():
    cap = Capture()
    return done(send_mail(greeted(to_mx(cap, address="10.1.2.99"), "relay.contoso.example")), cap)


@capture(PART, "alive-foreign-answer-refused.pcapng",
         """DNS answers Microsoft's name with a hoster's address, whose server refuses the sender.""",
         fires="dns.foreign_answer", cause="dns.foreign_answer", stopped_at="mail",
         outcome="rejected", **SUBMISSION)
def foreign_refused():
    cap = Capture()
    t = greeted(to_submission(cap, address=STRANGER), "mail.hoster.example")
    return done(t.c(f"MAIL FROM:<{FROM}>\r\n").s("550 Administrative prohibition\r\n"), cap)


@capture(PART, "alive-foreign-answer-works.pcapng",
         """DNS answers the MX name with an address that is in no published range; the message is
         taken.""", fires="dns.foreign_answer", outcome="accepted", **TO_MX)
def foreign_works():
    cap = Capture()
    return done(send_mail(greeted(to_mx(cap, address=STRANGER), "mail.hoster.example")), cap)


@capture(PART, "alive-foreign-answer-old-table.pcapng",
         """The same some years later, when the built-in ranges say little.""",
         fires="dns.foreign_answer", outcome="accepted", **TO_MX)
def foreign_later():
    cap = Capture("2031-03-04 09:00:00")
    return done(send_mail(greeted(to_mx(cap, address=STRANGER), "mail.hoster.example")), cap)


@capture(PART, "alive-acs.pcapng",
         """A session with Azure Communication Services, whose addresses are its own.""",
         fires="tls.tls13", near="dns.foreign_answer cert.inspected", endpoint="acs",
         outcome="encrypted accepted")
def acs():
    cap = Capture()
    name = "smtp.azurecomm.net"
    t = starttls(hello(to_submission(cap, name=name, address="20.50.2.17"), CAFE))
    mail_in_tls(tls13(t, name))
    return cap


@capture(PART, "alive-withdrawn-name.pcapng",
         """The device asks for a regional name that Microsoft withdrew; it does not exist any more.""",
         fires="dns.nxdomain", near="dns.legacy_name dns.no_answer", cause="dns.nxdomain",
         stopped_at="dns", outcome="failed")
def withdrawn_name():
    cap = Capture()
    dns_ask(cap, 0.0, CLIENT, "smtp-emea.outlook.com", "A", [], rcode=3)
    return cap


# TCP

@capture(PART, "alive-465-works.pcapng",
         """Something answers on port 465 at Microsoft's address, with TLS from the first byte.""",
         fires="mode.port465_to_m365", near="mode.plaintext_on_implicit_port", outcome="encrypted",
         **SUBMISSION)
def port_465():
    cap = Capture()
    mail_in_tls(tls13(to_submission(cap, port=465)))
    return cap


def stuck(t):
    """A full segment that never arrives, sent four times."""
    for turn in range(4):
        t.send(0, "A", message(1460).encode()[:1460], advance=False)
        t.wait(2 << turn)
    return t


@capture(PART, "alive-mtu-second-message.pcapng",
         """A small message is taken; the second one does not get through, as its segments are full.""",
         fires="tcp.mtu_blackhole", outcome="accepted", **TO_MX)
def mtu_second():
    cap = Capture()
    t = send_mail(hello(to_mx(cap), MX), 500)
    t.c(f"MAIL FROM:<{FROM}>\r\n").s(SENDER_OK).c(f"RCPT TO:<{TO}>\r\n").s(RCPT_OK)
    stuck(t.c("DATA\r\n").s(GO_ON)).send(0, "R", advance=False)
    return cap


@capture(PART, "alive-late-banner.pcapng",
         """The greeting comes after 40 seconds, and the device waits for it.""",
         fires="tcp.no_banner", near="tcp.server_busy_close", outcome="accepted", **TO_MX)
def late_banner():
    cap = Capture()
    return done(send_mail(hello(to_mx(cap).wait(40), MX)), cap)


@capture(PART, "alive-reset-before-banner.pcapng",
         """The connection is opened, and at once a reset comes with another hop count and window than
         the server's SYN-ACK.""", fires="tcp.rst_injected", near="tcp.server_busy_close",
         cause="tcp.rst_injected", stopped_at="banner", outcome="failed", **TO_MX)
def reset_before_banner():
    cap = Capture()
    to_mx(cap).wait(0.005).send(1, "RA", advance=False, ttl=62, window=512)
    return cap


@capture(PART, "alive-reset-after-message.pcapng",
         """The message is taken, and then a reset comes that is not the server's.""",
         fires="tcp.rst_injected", outcome="accepted", **TO_MX)
def reset_after_message():
    cap = Capture()
    t = send_mail(hello(to_mx(cap), MX))
    t.wait(20).send(1, "RA", advance=False, ttl=62)
    return cap


@capture(PART, "alive-slow-scanner.pcapng",
         """The device pauses for 80 seconds in the message; the server waits.""",
         fires="tcp.slow_client", near="m365.timeout tcp.idle_drop", outcome="accepted", **TO_MX)
def slow_scanner():
    cap = Capture()
    t = hello(to_mx(cap), MX)
    t.c(f"MAIL FROM:<{FROM}>\r\n").s(SENDER_OK).c(f"RCPT TO:<{TO}>\r\n").s(RCPT_OK)
    text = message(1200)
    t.c("DATA\r\n").s(GO_ON).c(text[:600]).wait(80).c(text[600:]).c(".\r\n")
    return done(t.s(queued(1200)), cap)


# STARTTLS

@capture(PART, "alive-masked-login-wants-tls.pcapng",
         """STARTTLS is overwritten with X, the device tries to log in and is told that there is no such
         way before TLS.""", fires="starttls.masked", cause="starttls.masked",
         stopped_at="auth", outcome="rejected", **SUBMISSION)
def masked_login():
    cap = Capture()
    t = list_of(to_submission(cap), ["XXXXXXXA"])
    return done(says(t.c("AUTH LOGIN\r\n"), NO_SUCH_TYPE), cap)


@capture(PART, "alive-masked-login-refused.pcapng",
         """The same with a login that goes through to its end and is refused.""",
         fires="starttls.masked auth.cleartext_password", exposure="password",
         cause="starttls.masked", stopped_at="auth", outcome="rejected", **SUBMISSION)
def masked_refused():
    cap = Capture()
    t = list_of(to_submission(cap), ["XXXXXXXA"])
    return done(says(login(t), NOT_TAKEN), cap)


@capture(PART, "alive-missing-wants-tls.pcapng",
         """STARTTLS is gone from Microsoft's list, and Microsoft refuses MAIL because TLS is missing.""",
         fires="starttls.missing_from_m365", near="starttls.masked",
         cause="starttls.missing_from_m365", stopped_at="mail", outcome="rejected", **SUBMISSION)
def missing_wants():
    cap = Capture()
    t = list_of(to_submission(cap), [])
    return done(says(t.c(f"MAIL FROM:<{FROM}>\r\n"), NEEDS_TLS), cap)


@capture(PART, "alive-missing-login-refused.pcapng",
         """STARTTLS is gone from the list, the device logs in readable and is refused.""",
         fires="starttls.missing_from_m365 auth.cleartext_password", near="starttls.masked",
         exposure="password", cause="starttls.missing_from_m365", stopped_at="auth",
         outcome="rejected", **SUBMISSION)
def missing_refused():
    cap = Capture()
    t = list_of(to_submission(cap), [])
    return done(says(login(t), NOT_TAKEN), cap)


@capture(PART, "alive-command-mangled.pcapng",
         """STARTTLS is offered and answered as an unknown command; what comes in clear then is refused
         because TLS is missing.""", fires="starttls.command_mangled",
         cause="starttls.command_mangled", stopped_at="starttls", outcome="failed", **SUBMISSION)
def command_mangled():
    cap = Capture()
    t = hello(to_submission(cap), CAFE).c("STARTTLS\r\n").s("500 5.3.3 Unrecognized command\r\n")
    return done(says(t.c(f"MAIL FROM:<{FROM}>\r\n"), NEEDS_TLS), cap)


@capture(PART, "alive-refused-then-required.pcapng",
         """454 to STARTTLS, and the same server refuses mail without it.""",
         fires="starttls.refused", near="starttls.command_mangled",
         cause="starttls.refused", stopped_at="starttls", outcome="failed", **SUBMISSION)
def refused_required():
    cap = Capture()
    t = hello(to_submission(cap), CAFE).c("STARTTLS\r\n").s("454 4.7.0 TLS not available\r\n")
    return done(says(t.c(f"MAIL FROM:<{FROM}>\r\n"), NEEDS_TLS), cap)


@capture(PART, "alive-ehlo-refused.pcapng",
         """Something on the way answers EHLO in Microsoft's name with 500, and the device gives up.""",
         fires="smtp.helo_only", cause="smtp.helo_only", stopped_at="ehlo", outcome="rejected",
         **SUBMISSION)
def ehlo_refused():
    cap = Capture()
    t = to_submission(cap)
    t.s(CAFE.banner(t)).c("EHLO mfp-42.contoso.com\r\n")
    return done(t.s("500 5.5.1 Command unrecognized\r\n"), cap)


@capture(PART, "alive-required-list-lost.pcapng",
         """Microsoft 365 wants STARTTLS; what its list offered is not in the capture.""",
         fires="starttls.required_reply capture.loss", near="starttls.missing_from_m365"
         " starttls.offered_not_used", cause="starttls.required_reply", stopped_at="mail",
         outcome="rejected", **SUBMISSION)
def list_lost():
    cap = Capture()
    t = to_submission(cap)
    t.s(CAFE.banner(t)).c("EHLO mfp-42.contoso.com\r\n")
    lost(t, 1, CAFE.ehlo())
    return done(says(t.c(f"MAIL FROM:<{FROM}>\r\n"), NEEDS_TLS), cap)


@capture(PART, "alive-injected-reply.pcapng",
         """Behind the 220 to STARTTLS, in the same segment, stands another reply in clear; TLS comes
         about.""", fires="starttls.injection_s2c", outcome="encrypted accepted", **SUBMISSION)
def injected_reply():
    cap = Capture()
    t = hello(to_submission(cap), CAFE).c("STARTTLS\r\n").s(READY + "250 2.0.0 Go ahead\r\n")
    mail_in_tls(tls13(t))
    return cap


# TLS

SSL2_SUITES = bytes.fromhex("00000a0000050000040100800700c00300800000ff")


@capture(PART, "alive-sslv2-hello-works.pcapng",
         """A hello in the form of SSL 2.0, and a server that still takes it for TLS 1.0.""",
         fires="tls.sslv2_hello", near="tls.garbage_after_220", outcome="encrypted")
def sslv2_works():
    cap = Capture()
    t = starttls(greeted(to_relay(cap), "relay.contoso.example", ["STARTTLS", "8BITMIME"]))
    body = b"\x01\x03\x01" + len(SSL2_SUITES).to_bytes(2, "big") + b"\0\0\0\x10" + SSL2_SUITES
    body += bytes(range(16))
    t.c((0x8000 | len(body)).to_bytes(2, "big") + body)
    talk(finish(flight(t, WEAK, 0x0301, suite=0x000A), 0x0301), 0x0301)
    return cap


def to_relay(cap, **how):
    return Tcp(cap, CLIENT, server(STRANGER, ttl=57), 25, **how).open()


def relay_tls(cap, **how):
    return starttls(greeted(to_relay(cap, **how), "relay.contoso.example", ["STARTTLS", "8BITMIME"]))


@capture(PART, "alive-ssl3-works.pcapng",
         """A relay and a device that still speak SSL 3.0 with each other.""",
         fires="tls.sslv3", outcome="encrypted")
def ssl3_works():
    cap = Capture()
    t = relay_tls(cap)
    t.c(client_hello(None, 0x0300, tls13=False, suites=(0x0035, 0x000A, 0x00FF)))
    talk(finish(flight(t, WEAK, 0x0300, suite=0x000A), 0x0300), 0x0300)
    return cap


@capture(PART, "alive-downgrade-dance.pcapng",
         """TLS 1.2 is reset after the hello; the device tries again with TLS 1.0, and that works.""",
         fires="tls.downgrade_dance", sessions="2", cause="tls.silent_reject",
         stopped_at="server_hello", outcome="failed")
def downgrade_dance():
    cap = Capture()
    t = relay_tls(cap)
    t.c(client_hello("relay.contoso.example", tls13=False)).close(1)
    t = relay_tls(cap, at=3.0, sport=50340)
    t.c(client_hello("relay.contoso.example", 0x0301, tls13=False, suites=(0xC014, 0x0035, 0x00FF)))
    talk(finish(flight(t, WEAK, 0x0301, suite=0x0035), 0x0301), 0x0301)
    return cap


@capture(PART, "alive-garbage-after-message.pcapng",
         """After a message the device wants TLS for the next one, and sends what is no TLS.""",
         fires="tls.garbage_after_220", outcome="accepted", **TO_MX)
def garbage_after_message():
    cap = Capture()
    t = starttls(send_mail(hello(to_mx(cap), MX)))
    t.c(b"\x80\xff\x13\x37" + noise("alive-garbage", 60)).close(1)
    return cap


@capture(PART, "alive-downgrade-mark.pcapng",
         """The device offers TLS 1.3, the server chooses 1.2 and marks that it could do more; the
         device does not look at the mark.""", fires="tls.downgrade_sentinel", outcome="encrypted",
         **TO_MX)
def downgrade_mark():
    cap = Capture()
    t = starttls(hello(to_mx(cap), MX)).c(client_hello(MX_NAME))
    talk(finish(flight(t, certificate_of("direct-send-tls12-keylog.pcapng"),
                       mark=b"DOWNGRD\x01")))
    return cap


@capture(PART, "alive-alert-after-hello.pcapng",
         """The server ends the handshake with handshake_failure after its own hello.""",
         fires="tls.alert_other", cause="tls.alert_other", stopped_at="finished", outcome="failed",
         **TO_MX)
def alert_after_hello():
    cap = Capture()
    t = starttls(hello(to_mx(cap), MX)).c(client_hello(MX_NAME, tls13=False))
    flight(t, certificate_of("direct-send-tls12-keylog.pcapng"))
    t.c(tls_record(22, b"\x10" + tls_vector(3, noise("alive-key", 66))))
    t.s(tls_record(21, b"\x02\x28")).close(1)
    return cap


# the certificate

@capture(PART, "alive-no-sni-wrong-name.pcapng",
         """The device does not name the server in TLS and gets another host's certificate, which it does
         not look at.""", fires="tls.no_sni cert.name", near="tls.client_rejects_cert",
         outcome="encrypted", **SUBMISSION)
def no_sni():
    cap = Capture()
    t = starttls(hello(to_submission(cap), CAFE)).c(client_hello(None, tls13=False))
    talk(finish(flight(t, WRONG)))
    return cap


@capture(PART, "alive-no-sni-refused.pcapng",
         """The same with a device that looks: it says bad_certificate.""",
         fires="tls.no_sni cert.name tls.client_rejects_cert", cause="cert.name",
         stopped_at="certificate", outcome="failed", **SUBMISSION)
def no_sni_refused():
    cap = Capture()
    t = starttls(hello(to_submission(cap), CAFE)).c(client_hello(None, tls13=False))
    refuses(flight(t, WRONG), 42)
    return cap


@capture(PART, "alive-inspected.pcapng",
         """A firewall's own authority signs the certificate for Microsoft's name, and the device takes
         it.""", fires="cert.inspected", near="tls.client_rejects_cert", outcome="encrypted", **TO_MX)
def inspected():
    cap = Capture()
    t = starttls(hello(to_mx(cap), MX)).c(client_hello(MX_NAME, tls13=False))
    talk(finish(flight(t, INSPECTED)))
    return cap


@capture(PART, "alive-expired-and-clock.pcapng",
         """The certificate is expired by the capture's clock and the device says so, but the greeting's
         date is 400 days before the capture's: which of the clocks is right?""",
         fires="cert.time", cause="cert.time", stopped_at="certificate", outcome="failed",
         **SUBMISSION)
def expired_and_clock():
    cap = Capture()
    t = starttls(hello(to_submission(cap), CAFE, skew=-400 * 86400))
    refuses(flight(t.c(client_hello(tls13=False)), EXPIRED), 45)
    return cap


@capture(PART, "alive-weak-refused.pcapng",
         """A relay shows a certificate with a key of 1024 bits, and the device refuses it.""",
         fires="cert.weak tls.client_rejects_cert", cause="cert.weak",
         stopped_at="certificate", outcome="failed")
def weak_refused():
    cap = Capture()
    refuses(flight(relay_tls(cap).c(client_hello("relay.contoso.example", tls13=False)), WEAK), 42)
    return cap


# login

@capture(PART, "alive-short-login-name.pcapng",
         """The device logs in with a name without a domain, and Microsoft 365 refuses.""",
         fires="auth.user_not_upn", near="auth.bad_credentials",
         cause="auth.user_not_upn", stopped_at="auth", outcome="rejected", **SUBMISSION)
def short_name():
    cap = Capture()
    return done(says(login(mirrored(to_submission(cap)), "scanner"), NOT_TAKEN), cap)


# the mail transaction

@capture(PART, "alive-non-accepted-domain.pcapng",
         """Microsoft 365 passes on that the domain is not one of the organisation's.""",
         fires="m365.not_accepted_domain", cause="m365.not_accepted_domain",
         stopped_at="rcpt", outcome="rejected", **TO_MX)
def non_accepted():
    return from_mx("550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", "rcpt")


@capture(PART, "alive-size-over-closed.pcapng",
         """The device announces more than the server takes, and the server hangs up.""",
         fires="smtp.too_big", cause="smtp.too_big", stopped_at="mail", outcome="failed", **TO_MX)
def size_closed():
    cap = Capture()
    t = hello(to_mx(cap), MX).c(f"MAIL FROM:<{FROM}> SIZE=200000000\r\n")
    t.close(1)
    return cap


@capture(PART, "alive-size-over-taken.pcapng",
         """A message larger than the list says, which the server takes all the same.""",
         fires="smtp.too_big", outcome="accepted")
def size_taken():
    cap = Capture()
    return done(send_mail(greeted(to_relay(cap), "relay.contoso.example", ["SIZE 2000"])), cap)


def odd_body(t, text, reply):
    t.c(f"MAIL FROM:<{FROM}>\r\n").s(SENDER_OK).c(f"RCPT TO:<{TO}>\r\n").s(RCPT_OK)
    return t.c("DATA\r\n").s(GO_ON).c(text).c(".\r\n").wait(0.14).s(reply)


@capture(PART, "alive-hidden-commands-refused.pcapng",
         """A message whose line ends hide commands, and a server that refuses it for them.""",
         fires="smtp.bare_lf", cause="smtp.bare_lf", stopped_at="data", outcome="rejected", **TO_MX)
def hidden_refused():
    cap = Capture()
    text = message(400) + "text\n.\r\nMAIL FROM:<x@example.net>\r\n"
    return done(odd_body(hello(to_mx(cap), MX), text, "550 5.6.11 SMTPSEND.BareLinefeedsAreIllegal;"
                         " message contains bare linefeeds\r\n"), cap)


@capture(PART, "alive-bare-lf-taken.pcapng",
         """Single line feeds in a message that the server takes.""", fires="smtp.bare_lf",
         outcome="accepted", **TO_MX)
def bare_lf_taken():
    cap = Capture()
    text = message(400) + "one\ntwo\nthree\r\n"
    return done(odd_body(hello(to_mx(cap), MX), text, queued(400)), cap)


@capture(PART, "alive-no-brackets-taken.pcapng",
         """Addresses without angle brackets, which the server takes.""", fires="smtp.bad_syntax",
         outcome="accepted")
def no_brackets():
    cap = Capture()
    t = greeted(to_relay(cap), "relay.contoso.example")
    t.c(f"MAIL FROM:{FROM}\r\n").s(SENDER_OK).c(f"RCPT TO:{TO}\r\n").s(RCPT_OK)
    t.c("DATA\r\n").s(GO_ON).c(message(600)).c(".\r\n")
    return done(t.s(queued(600)), cap)


@capture(PART, "alive-login-before-ehlo.pcapng",
         """The device begins with AUTH, before any EHLO.""", fires="smtp.bad_sequence",
         cause="auth.attempt_before_tls", stopped_at="auth", outcome="rejected", **SUBMISSION)
def login_before_ehlo():
    cap = Capture()
    t = to_submission(cap)
    t.s(CAFE.banner(t)).c("AUTH LOGIN\r\n")
    return done(says(t, "503 5.5.2 Send hello first"), cap)


@capture(PART, "alive-drained.pcapng",
         """The front end is drained: 421 between the list and the first command.""",
         fires="m365.temporary", near="m365.timeout", cause="m365.temporary",
         stopped_at="mail", outcome="rejected", **TO_MX)
def drained():
    cap = Capture()
    says(hello(to_mx(cap), MX).wait(2), "421 4.3.2 Service not available", MX).close(1)
    return cap


@capture(PART, "alive-other-puts-off.pcapng",
         """Another server puts off with a code of its own.""", fires="smtp.unknown_5xx",
         near="m365.temporary", cause="smtp.unknown_5xx", stopped_at="rcpt", outcome="rejected")
def other_puts_off():
    return from_other("455 4.9.9 Not with these parameters today", "rcpt")


# what is seen with the keys only

NULL_SUITE = 0x003B  # TLS_RSA_WITH_NULL_SHA256: nothing is encrypted, 32 bytes of MAC behind the text


def readable(t, side, text):
    mac = noise(f"alive-mac{t.now:.6f}", 32)
    return t.data(side, tls_record(23, text.encode() + mac))


def null_tls(t):
    t = starttls(hello(t, MX)).c(client_hello(MX_NAME, tls13=False, suites=(NULL_SUITE, 0x00FF)))
    flight(t, certificate_of("direct-send-tls12-keylog.pcapng"), suite=NULL_SUITE)
    ends = [tls_record(20, b"\x01") + tls_record(22, b"\x14\0\0\x0c" + noise(f"alive-null{n}", 44))
            for n in range(2)]
    t.c(tls_record(22, b"\x10" + tls_vector(3, noise("alive-key", 66))) + ends[0])
    return t.s(ends[1])


@capture(PART, "alive-null-suite-one-ehlo.pcapng",
         """Two clients that do not say EHLO again after STARTTLS: the server takes the message of the
         first one and refuses the other one. With a suite that does not encrypt, the text inside
         stands in the capture; only who hands it to the engine sees this.""",
         fires="tls.weak_suite_selected", near="starttls.no_second_ehlo", sessions="2",
         outcome="encrypted", **TO_MX)
def one_ehlo():
    cap = Capture()
    t = null_tls(to_mx(cap))
    for line, reply in ((f"MAIL FROM:<{FROM}>\r\n", SENDER_OK), (f"RCPT TO:<{TO}>\r\n", RCPT_OK),
                        ("DATA\r\n", GO_ON), (message(400) + ".\r\n", queued(400)),
                        ("QUIT\r\n", BYE)):
        readable(t, 0, line)
        readable(t, 1, reply)
    t.close(1)
    t = null_tls(to_mx(cap, 30.0, sport=50340))
    readable(t, 0, f"MAIL FROM:<{FROM}>\r\n")
    readable(t, 1, f"503 5.5.2 Send hello first{MX.trailer(t)}\r\n")
    readable(t, 0, "QUIT\r\n")
    readable(t, 1, BYE).close(1)
    return cap
