# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures of a review: rows that no other table reaches, and what the engine once got wrong.

Takes the steps of craft_smtp.py, registers a maker per capture with @capture. The wrong verdicts
were found by losing, cutting and doubling packets of sound sessions; each has its capture here.
"""
import base64

from craft import Capture, Tcp
from craft_smtp import (BYE, CAFE, CLIENT, FROM, GO_ON, MX, MX_NAME, PASS_PROMPT, RCPT_OK, READY,
                        SENDER_OK, SUBMISSION_NAME, USER_PROMPT, bye, client, client_hello,
                        dns_ask, hello, mail_in_tls, message, queued, send_mail, server, starttls,
                        tls13, tls_record, to_mx, to_submission)
from craft_story import capture, secret

PART = "review"
RELAY = server("198.51.100.25", ttl=57)
PASSWORD = secret("Harz-Kiosk+7291")
LOGIN = f"scanner@contoso.com"


def b64(text):
    return base64.b64encode(text.encode()).decode()


def secret_b64(text):
    return secret(b64(text))


def to_relay(cap, port=25, **how):
    return Tcp(cap, CLIENT, RELAY, port, **how).open()


def envelope(t, to=FROM):
    t.c(f"MAIL FROM:<{FROM}>\r\n").s(SENDER_OK)
    return t.c(f"RCPT TO:<{to}>\r\n")


def body(t):
    t.s(RCPT_OK).c("DATA\r\n").s(GO_ON)
    return t.c(message(800)).c(".\r\n")


def mirrored(t, site=CAFE, login=True):
    """A mirror that decrypts: the dialogue of inside TLS, readable."""
    t = starttls(hello(t, site))
    t.c("EHLO mfp-42.contoso.com\r\n")
    return t.s(site.ehlo(starttls=False, auth=login))


def log_in(t, reply):
    t.c("AUTH LOGIN\r\n").s(USER_PROMPT).c(b64(LOGIN) + "\r\n").s(PASS_PROMPT)
    return t.c(secret_b64(PASSWORD) + "\r\n").s(reply)


# rows that only a reply inside TLS, or a rare one, reaches

@capture(PART, "review-tls-old-refused-in-mirror.pcapng",
         """A mirror that decrypts shows what Microsoft 365 says to a login inside TLS 1.0.""",
         fires="tls.accepted_then_refused capture.decrypted_mirror",
         near="auth.cleartext_password auth.rejected m365.temporary unknown.refused",
         cause="tls.accepted_then_refused", stopped_at="auth")
def tls_old():
    cap = Capture()
    t = mirrored(to_submission(cap))
    log_in(t, "421 4.7.66 TLS 1.0 and 1.1 are not supported. Please upgrade/update your client to"
              " support TLS 1.2. Visit https://aka.ms/smtp_auth_tls." + CAFE.trailer(t) + "\r\n")
    t.close(1)
    return cap


@capture(PART, "review-connector-untrusted-root.pcapng",
         """The connector wants a client certificate, and the chain of the one that came is not
         trusted.""", fires="m365.client_cert", near="starttls.required_reply m365.temporary",
         cause="m365.client_cert", stopped_at="rcpt", endpoint="mx")
def untrusted_root():
    cap = Capture()
    t = envelope(mirrored(to_mx(cap), MX, login=False))
    t.s("454 4.7.0 Failed to establish appropriate TLS channel: UntrustedRoot: Access Denied" +
        MX.trailer(t) + "\r\n")
    bye(t)
    return cap


@capture(PART, "review-connector-wants-tls.pcapng",
         """The connector wants TLS and the sender stays in clear: no question of a certificate.""",
         fires="starttls.required_reply starttls.offered_not_used",
         near="m365.client_cert m365.temporary", cause="starttls.offered_not_used",
         stopped_at="rcpt")
def wants_tls():
    cap = Capture()
    t = envelope(hello(to_mx(cap), MX))
    t.s("454 4.7.0 Failed to establish appropriate TLS channel: Access Denied" + MX.trailer(t) +
        "\r\n")
    bye(t)
    return cap


@capture(PART, "review-cram-md5-in-clear.pcapng",
         """CRAM-MD5 without TLS at a relay: not the password, but what it can be guessed from.""",
         fires="auth.cleartext_hash", near="auth.cleartext_password auth.cleartext_user",
         outcome="accepted")
def cram():
    cap = Capture()
    t = cram_challenge(cap)
    t.c(secret_b64("anna " + secret("5f4dcc3b5aa765d61d8327deb882cf99")) + "\r\n")
    t.s("235 2.7.0 Authentication successful\r\n")
    bye(send_mail(t))
    return cap


def cram_challenge(cap):
    t = to_relay(cap)
    t.s("220 relay.example ESMTP\r\n").c("EHLO mfp-42.contoso.com\r\n")
    t.s("250-relay.example\r\n250-AUTH CRAM-MD5\r\n250 SIZE 10240000\r\n")
    return t.c("AUTH CRAM-MD5\r\n").s("334 " + b64("<1896.697170952@relay.example>") + "\r\n")


@capture(PART, "review-cram-md5-cancelled.pcapng",
         """CRAM-MD5 is begun and cancelled before any answer.""", fires="auth.port25",
         near="auth.cleartext_hash auth.cleartext_user auth.offered_before_tls", outcome="accepted")
def cram_cancelled():
    cap = Capture()
    t = cram_challenge(cap).c("*\r\n").s("501 5.7.0 Authentication aborted\r\n")
    bye(send_mail(t))
    return cap


@capture(PART, "review-tenant-without-licence.pcapng",
         """The recipient's tenant has no subscription with mail any more (ATTR5); the code is 550,
         the enhanced code of class 4.""", fires="m365.licence",
         near="m365.recipient m365.temporary smtp.unknown_5xx", cause="m365.licence",
         stopped_at="rcpt")
def licence():
    cap = Capture()
    t = envelope(hello(to_mx(cap), MX))
    t.s("550 4.4.4 Mail received as unauthenticated, incoming to a recipient domain configured in a"
        " hosted tenant which has no mail-enabled subscriptions. ATTR5" + MX.trailer(t) + "\r\n")
    bye(t)
    return cap


@capture(PART, "review-mailbox-logon.pcapng",
         """Inside TLS (a mirror decrypts): the login is fine, the mailbox cannot be opened.""",
         fires="m365.mailbox_logon m365.licence", near="m365.temporary smtp.unknown_5xx",
         cause="m365.mailbox_logon", stopped_at="data")
def mailbox_logon():
    cap = Capture()
    t = log_in(mirrored(to_submission(cap)), "235 2.7.0 Authentication successful\r\n")
    body(envelope(t)).s("430 4.2.0 STOREDRV; mailbox logon failure; Failed to process message due"
                        " to a permanent exception. MapiExceptionLogonFailed: Unable to open"
                        " message store. [Hostname=DB9PR02MB7211.eurprd02.prod.outlook.com]\r\n")
    bye(t)
    return cap


@capture(PART, "review-thread-limit.pcapng",
         """Inside TLS (a mirror decrypts): too many sessions at once for the mailbox.""",
         fires="m365.concurrency", near="m365.mailbox_logon m365.temporary m365.outbound",
         cause="m365.concurrency", stopped_at="data")
def thread_limit():
    cap = Capture()
    t = log_in(mirrored(to_submission(cap)), "235 2.7.0 Authentication successful\r\n")
    body(envelope(t)).s("432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded"
                        " [Hostname=DB9PR02MB7211.eurprd02.prod.outlook.com]\r\n")
    bye(t)
    return cap


@capture(PART, "review-outbound-code.pcapng",
         """A relay repeats what Microsoft 365 says of its own delivery: not this device's fault.""",
         fires="m365.outbound", near="m365.temporary cert.chain_incomplete",
         cause="m365.outbound", stopped_at="data")
def outbound():
    cap = Capture()
    t = hello(to_mx(cap), MX)
    body(envelope(t)).s("450 4.4.317 Cannot connect to remote server [Message=UntrustedRoot]" +
                        MX.trailer(t) + "\r\n")
    bye(t)
    return cap


@capture(PART, "review-banner-554.pcapng",
         """A relay greets with a refusal.""", fires="smtp.banner_refused",
         near="tcp.server_busy_close smtp.unknown_5xx unknown.refused",
         cause="smtp.banner_refused", stopped_at="banner", outcome="rejected")
def banner_554():
    cap = Capture()
    t = to_relay(cap).s("554 relay.example ESMTP not accepting messages\r\n")
    t.c("QUIT\r\n").s("221 bye\r\n").close(1)
    return cap


@capture(PART, "review-554-after-greeting.pcapng",
         """A relay greets with 220 and refuses the recipient: not the greeting.""",
         fires="m365.relay_denied",
         near="smtp.banner_refused unknown.tls_failed unknown.refused unknown.server_closed"
              " unknown.client_closed unknown.no_progress", cause="m365.relay_denied",
         stopped_at="rcpt")
def refused_554():
    cap = Capture()
    t = relay_hello(cap)
    envelope(t).s("554 5.7.1 <scanner@contoso.com>: Relay access denied\r\n")
    bye(t)
    return cap


def relay_hello(cap):
    t = to_relay(cap).s("220 relay.example ESMTP\r\n").c("EHLO mfp-42.contoso.com\r\n")
    return t.s("250-relay.example\r\n250 SIZE 10240000\r\n")


# failures that nothing in the capture explains

@capture(PART, "review-unknown-tls-failed.pcapng",
         """The server leaves after the ClientHello without an alert; as the capture began in the
         middle, the missing alert is no proof.""",
         fires="unknown.tls_failed capture.midstream",
         near="tls.silent_reject tls.no_common_suite starttls.no_client_hello",
         cause="unknown.tls_failed", stopped_at="server_hello")
def unknown_tls():
    cap = Capture()
    t = Tcp(cap, CLIENT, server("52.96.165.18"), 587)
    t.seq = [t.seq[0] + 1, t.seq[1] + 1]
    starttls(hello(t, CAFE)).c(client_hello(tls13=False)).close(1)
    return cap


@capture(PART, "review-certificate-lost.pcapng",
         """The capture lost the server's half of the handshake, but not the client's alert, which
         speaks of the certificate.""", fires="tls.client_rejects_cert capture.loss",
         near="unknown.tls_failed tls.silent_reject cert.g2_trust",
         cause="tls.client_rejects_cert", stopped_at="certificate")
def certificate_lost():
    cap = Capture()
    t = starttls(hello(to_submission(cap), CAFE)).c(client_hello(tls13=False))
    t.seq[1] += 4123
    t.wait(0.02).send(0, "A")
    t.c(tls_record(21, b"\x02\x30")).close(0)
    return cap


@capture(PART, "review-unknown-refused.pcapng",
         """A relay refuses EHLO with a code and no word.""", fires="unknown.refused",
         near="smtp.banner_refused starttls.masked", cause="unknown.refused", stopped_at="ehlo")
def unknown_refused():
    cap = Capture()
    t = to_relay(cap).s("220 relay.example ESMTP\r\n").c("EHLO mfp-42.contoso.com\r\n")
    t.s("550\r\n").c("QUIT\r\n").s("221 bye\r\n").close(0)
    return cap


@capture(PART, "review-unknown-server-closed.pcapng",
         """The relay closes in the middle of the dialogue without a word.""",
         fires="unknown.server_closed", near="tcp.rst_injected tcp.server_busy_close",
         cause="unknown.server_closed", unsure="stopped_at")
def unknown_server():
    cap = Capture()
    relay_hello(cap).c(f"MAIL FROM:<{FROM}>\r\n").close(1)
    return cap


@capture(PART, "review-unknown-client-closed.pcapng",
         """The client closes while it waits for a reply.""", fires="unknown.client_closed",
         near="unknown.server_closed tcp.idle_drop", cause="unknown.client_closed",
         stopped_at="mail")
def unknown_client():
    cap = Capture()
    relay_hello(cap).c(f"MAIL FROM:<{FROM}>\r\n").wait(6).close(0)
    return cap


@capture(PART, "review-unknown-no-progress.pcapng",
         """STARTTLS gets no reply and nobody closes; as the capture began in the middle, not even
         the missing reply is a proof.""", fires="unknown.no_progress capture.midstream",
         near="starttls.no_220 starttls.refused", cause="unknown.no_progress",
         stopped_at="starttls")
def unknown_progress():
    cap = Capture()
    t = Tcp(cap, CLIENT, server("52.96.165.18"), 587)
    t.seq = [t.seq[0] + 1, t.seq[1] + 1]
    hello(t, CAFE).c("STARTTLS\r\n")
    other = to_relay(cap, sport=50999, at=40.0)
    bye(send_mail(other.s("220 relay.example ESMTP\r\n").c("HELO mfp\r\n").s("250 ok\r\n")))
    return cap


# what the engine once got wrong

def lost(t, side, text):
    """Sent and acknowledged, but not captured."""
    t.seq[side] += len(text)
    t.wait(0.02).send(1 - side, "A")
    return t


@capture(PART, "review-mirror-list-lost.pcapng",
         """A mirror that decrypts lost the second EHLO reply: the login was inside TLS all the
         same.""", fires="capture.decrypted_mirror capture.loss",
         near="auth.cleartext_password auth.port25 starttls.injection_s2c", outcome="accepted")
def mirror_list_lost():
    cap = Capture()
    t = starttls(hello(to_submission(cap), CAFE)).c("EHLO mfp-42.contoso.com\r\n")
    lost(t, 1, CAFE.ehlo(starttls=False, auth=True))
    bye(send_mail(log_in(t, "235 2.7.0 Authentication successful\r\n")))
    return cap


@capture(PART, "review-mirror-starttls-lost.pcapng",
         """A mirror that decrypts lost the STARTTLS command: the list without STARTTLS is that of
         inside TLS.""", fires="capture.decrypted_mirror capture.loss",
         near="auth.cleartext_password auth.offered_before_tls starttls.missing_from_m365",
         outcome="accepted")
def mirror_starttls_lost():
    cap = Capture()
    t = lost(hello(to_submission(cap), CAFE), 0, "STARTTLS\r\n").s(READY)
    t.c("EHLO mfp-42.contoso.com\r\n").s(CAFE.ehlo(starttls=False, auth=True))
    bye(send_mail(log_in(t, "235 2.7.0 Authentication successful\r\n")))
    return cap


@capture(PART, "review-midstream-at-220.pcapng",
         """The capture begins with the reply to STARTTLS, which is no greeting.""",
         fires="capture.midstream tls.tls13", near="mode.relay_in_path dns.foreign_answer")
def midstream_220():
    cap = Capture()
    t = Tcp(cap, CLIENT, server("52.96.165.18"), 587)
    t.seq = [t.seq[0] + 400, t.seq[1] + 700]
    mail_in_tls(tls13(t.s(READY)))
    return cap


@capture(PART, "review-server-side-only.pcapng",
         """Only the server's packets were captured; its refusal says enough.""",
         fires="m365.relay_denied capture.one_sided",
         near="unknown.refused starttls.missing_from_m365 starttls.injection_s2c",
         cause="m365.relay_denied", stopped_at="rcpt")
def server_only():
    cap = Capture()
    t = envelope(hello(Tcp(cap, CLIENT, server(), 25).open(), MX), "x@example.net")
    t.s("550 5.7.64 TenantAttribution; Relay Access Denied" + MX.trailer(t) + "\r\n")
    bye(t)
    own = CLIENT.mac.replace(":", "")
    cap.packets = [p for p in cap.packets if p[1][6:12] != bytes.fromhex(own)]
    return cap


@capture(PART, "review-clear-after-tls-refused-by-device.pcapng",
         """The device does not trust the certificate, and then tries without TLS: what Microsoft
         365 refuses there is explained by the first session.""",
         fires="starttls.cleartext_fallback tls.alert_protocol_version tls.client_max_old",
         near="mode.relay_in_path unknown.refused", cause="tls.client_max_old", sessions="2")
def clear_after_tls():
    cap = Capture()
    t = starttls(hello(to_submission(cap), CAFE))
    t.c(client_hello(version=0x0301, tls13=False, suites=(0xC014, 0x0035, 0x000A)))
    t.s(tls_record(21, b"\x02\x46", 0x0301)).close(1)
    t = hello(Tcp(cap, CLIENT, server("52.96.165.18"), 587, sport=50340, at=4.0).open(), CAFE)
    t.c(f"MAIL FROM:<{FROM}>\r\n").wait(5)
    t.s("451 5.7.3 STARTTLS is required to send mail" + CAFE.trailer(t) + "\r\n")
    bye(t)
    return cap


@capture(PART, "review-454-then-recipient.pcapng",
         """The MX refuses STARTTLS, the mail goes on in clear and is refused for its recipient:
         that has nothing to do with TLS.""", fires="starttls.refused m365.recipient"
         " starttls.cleartext_fallback", near="unknown.refused starttls.masked",
         cause="m365.recipient", stopped_at="rcpt")
def refused_then_recipient():
    cap = Capture()
    t = hello(to_mx(cap), MX).c("STARTTLS\r\n").s("454 4.7.0 TLS not available\r\n")
    envelope(t).s("550 5.4.1 Recipient address rejected: Access denied." + MX.trailer(t) + "\r\n")
    bye(t)
    return cap


@capture(PART, "review-helo-then-451.pcapng",
         """The device greets with HELO, so it never learns of STARTTLS.""",
         fires="smtp.helo_only starttls.required_reply", near="starttls.missing_from_m365",
         cause="smtp.helo_only", stopped_at="mail")
def helo_451():
    cap = Capture()
    t = to_submission(cap)
    t.s(CAFE.banner(t)).c("HELO mfp-42\r\n").s(f"250 {CAFE.host} Hello [203.0.113.44]\r\n")
    t.c(f"MAIL FROM:<{FROM}>\r\n").wait(5)
    t.s("451 5.7.3 STARTTLS is required to send mail" + CAFE.trailer(t) + "\r\n")
    bye(t)
    return cap


@capture(PART, "review-echo-of-password.pcapng",
         """A client that goes on with its password although AUTH was refused: the server quotes
         the line in its reply.""", fires="auth.attempt_before_tls starttls.offered_not_used",
         near="mode.cross_protocol mode.relay_in_path", cause="starttls.offered_not_used",
         stopped_at="auth")
def echo():
    cap = Capture()
    t = hello(to_submission(cap), CAFE).c("AUTH LOGIN\r\n").wait(5)
    t.s("504 5.7.4 Unrecognized authentication type" + CAFE.trailer(t) + "\r\n")
    t.c(PASSWORD + "\r\n").wait(5)
    t.s(f"500 5.3.3 Unrecognized command '{PASSWORD}'" + CAFE.trailer(t) + "\r\n")
    bye(t)
    return cap


@capture(PART, "review-socks-login.pcapng",
         """A SOCKS 5 proxy that wants a login (RFC 1929) before the session.""",
         fires="tcp.proxied tls.tls13", near="mode.cross_protocol mode.relay_in_path")
def socks():
    cap = Capture()
    t = Tcp(cap, client(31), server("198.51.100.80", ttl=62), 587).open()
    t.c(b"\x05\x02\x00\x02").s(b"\x05\x02")
    t.c(b"\x01\x07scanner" + bytes([len(PASSWORD)]) + PASSWORD.encode()).s(b"\x01\x00")
    name = SUBMISSION_NAME.encode()
    t.c(b"\x05\x01\x00\x03" + bytes([len(name)]) + name + b"\x02\x4b")
    t.s(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
    mail_in_tls(tls13(starttls(hello(t, CAFE))))
    return cap


@capture(PART, "review-dns-answers-not-mirrored.pcapng",
         """The same name is asked for three times, no answer is in the capture, and the device
         connects to the right address: the answers were not mirrored.""", fires="tls.tls13",
         near="dns.no_answer dns.nxdomain", endpoint="submission", sessions="1")
def dns_not_mirrored():
    cap = Capture()
    dns_ask(cap, 0.0, CLIENT, SUBMISSION_NAME, "A", tries=3, again=3.0)
    t = Tcp(cap, CLIENT, server("52.96.165.18"), 587, at=6.2).open()
    mail_in_tls(tls13(starttls(hello(t, CAFE))))
    return cap


def server_answers_lost_fin(t):
    """The server's FIN acknowledges one number more than the capture has of the client."""
    t.seq[0] += 1
    t.wait(t.rtt).send(1, "FA")
    t.wait(0.0002).send(0, "A")


@capture(PART, "review-client-fin-lost-banner.pcapng",
         """The device leaves before the greeting; its FIN was not captured, but the server's FIN
         acknowledges it.""", fires="mode.method_guess",
         near="tcp.server_busy_close unknown.server_closed", outcome="no_mail")
def client_fin_lost_banner():
    cap = Capture()
    server_answers_lost_fin(to_mx(cap).wait(2))
    return cap


@capture(PART, "review-client-fin-lost-ehlo.pcapng",
         """The same after EHLO: a check of the port, not a server that throws the device out.""",
         fires="tcp.probe", near="unknown.server_closed", outcome="no_mail")
def client_fin_lost_ehlo():
    cap = Capture()
    server_answers_lost_fin(hello(to_mx(cap), CAFE).wait(1))
    return cap
