# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures about port and mode (findings mode), beside the recorded ones."""
import base64

from craft import Capture, Host, Tcp
from craft_smtp import (CAFE, CLIENT, FROM, MX, MX_NAME, PASS_PROMPT, TO, USER_PROMPT, bye,
                        client_hello, ehlo_lines,
                        hello, inside, mail_in_tls, message, resolve, send_mail, server, starttls,
                        tls13, tls_record, to_mx, to_submission)
from craft_story import capture, secret

TO_MX = {"endpoint": "mx", "method": "direct_send_or_relay"}
TO_SUBMISSION = {"endpoint": "submission", "method": "client_submission"}
RELAY = Host("10.1.2.25", "02:00:0a:01:02:19", 64, 0x4400)


def login(user, password):
    """The two base64 lines of a login; the password and both lines are noted as secrets."""
    secret(password)
    return [secret(base64.b64encode(part.encode()).decode()) for part in (user, password)]


def postfix_ehlo(host="mail.contoso.local", starttls_too=True, auth=False):
    words = [host, "PIPELINING", "SIZE 52428800", "ETRN"]
    words += ["STARTTLS"] if starttls_too else []
    words += ["AUTH PLAIN LOGIN"] if auth else []
    return ehlo_lines(words + ["ENHANCEDSTATUSCODES", "8BITMIME", "DSN", "SMTPUTF8", "CHUNKING"])


# P01

@capture("mode", "mode-sslv2-hello-587.pcapng",
         """A very old device opens with an SSLv2-compatible hello on port 587, before any STARTTLS.
         The server sends its banner in clear; after five seconds the client gives up.""",
         fires="mode.implicit_tls_on_starttls_port tls.sslv2_hello",
         near="mode.cross_protocol tcp.no_banner", cause="mode.implicit_tls_on_starttls_port",
         outcome="failed", endpoint="submission", unsure="cause")
def sslv2():
    cap = Capture()
    t = to_submission(cap)
    suites = bytes.fromhex("00000a0000050000040100800700c00300800000ff")
    body = b"\x01\x03\x01" + len(suites).to_bytes(2, "big") + b"\x00\x00\x00\x10" + suites \
        + bytes(range(16))
    t.c((0x8000 | len(body)).to_bytes(2, "big") + body)
    t.s(CAFE.banner(t)).wait(5).close(0)
    return cap


@capture("mode", "mode-implicit-tls-alert.pcapng",
         """ClientHello on port 587; the server takes the bytes for a command and answers 500 5.3.3
         after its banner and five seconds. The client, which expects TLS, sends a fatal alert.""",
         fires="mode.implicit_tls_on_starttls_port", near="tls.client_rejects_cert"
         " mode.plaintext_on_implicit_port tls.alert_protocol_version",
         cause="mode.implicit_tls_on_starttls_port", outcome="failed", endpoint="submission")
def implicit_alert():
    cap = Capture()
    t = to_submission(cap)
    t.c(client_hello()).s(CAFE.banner(t))
    t.c(tls_record(21, b"\x02\x46")).wait(5)
    t.s("500 5.3.3 Unrecognized command '????'" + CAFE.trailer(t) + "\r\n", ack=False)
    t.send(0, "R", advance=False)
    return cap


@capture("mode", "mode-implicit-tls-port-both.pcapng",
         """A relay of the company speaks TLS from the first byte on port 2525, and the client does
         the same: an implicit TLS port that works. Not Microsoft 365.""",
         fires="tls.tls13",
         near="mode.implicit_tls_on_starttls_port mode.plaintext_on_implicit_port",
         unsure="fires outcome", endpoint="none")
def implicit_both():
    cap = Capture()
    at = resolve(cap, 0, CLIENT, "relay.contoso.local", RELAY.ip)
    t = tls13(Tcp(cap, CLIENT, RELAY, 2525, at=at).open(), "relay.contoso.local")
    inside(t, 1, "220 relay.contoso.local ESMTP Postfix\r\n")
    mail_in_tls(t, login=False)
    return cap


@capture("mode", "mode-midstream-hello.pcapng",
         """The capture starts with the ClientHello of a session on 587: the 220 banner, EHLO and
         STARTTLS were before it. The server answers with TLS; nothing is wrong.""",
         fires="capture.midstream tls.tls13", near="mode.implicit_tls_on_starttls_port"
         " starttls.tls_before_220 mode.plaintext_on_implicit_port tcp.no_banner",
         endpoint="submission", unsure="outcome")
def midstream_hello():
    cap = Capture()
    t = starttls(hello(to_submission(cap), CAFE))
    cap.packets.clear()
    mail_in_tls(tls13(t))
    return cap


# P02

@capture("mode", "mode-465-not-m365.pcapng",
         """Port 465 of the company's own relay, TLS from the first byte: fine, and no business of
         Microsoft 365.""", fires="tls.tls13",
         near="mode.port465_to_m365 mode.plaintext_on_implicit_port"
              " mode.implicit_tls_on_starttls_port tcp.refused", unsure="fires outcome",
         endpoint="none")
def other_465():
    cap = Capture()
    at = resolve(cap, 0, CLIENT, "relay.contoso.local", RELAY.ip)
    t = tls13(Tcp(cap, CLIENT, RELAY, 465, at=at).open(), "relay.contoso.local")
    inside(t, 1, "220 relay.contoso.local ESMTP Postfix\r\n")
    mail_in_tls(t, login=False)
    return cap


# P03

@capture("mode", "mode-plain-server-on-465.pcapng",
         """The client starts TLS on port 465 of a relay, which answers with "220 ..." in clear: the
         server side is plain there.""", fires="mode.plaintext_on_implicit_port",
         near="mode.port465_to_m365 mode.cross_protocol", outcome="failed",
         unsure="cause endpoint outcome")
def plain_465():
    cap = Capture()
    at = resolve(cap, 0, CLIENT, "relay.contoso.local", RELAY.ip)
    t = Tcp(cap, CLIENT, RELAY, 465, at=at).open()
    t.c(client_hello("relay.contoso.local")).s("220 relay.contoso.local ESMTP Postfix\r\n")
    t.reset(0)
    return cap


@capture("mode", "mode-plain-client-on-465.pcapng",
         """The client waits eight seconds for a banner on port 465, then says EHLO in clear. The
         server, which expects TLS, sends a fatal alert and closes.""",
         fires="mode.plaintext_on_implicit_port", near="mode.port465_to_m365 tcp.no_banner",
         outcome="failed", unsure="cause endpoint outcome")
def plain_client_465():
    cap = Capture()
    at = resolve(cap, 0, CLIENT, "relay.contoso.local", RELAY.ip)
    t = Tcp(cap, CLIENT, RELAY, 465, at=at).open()
    t.wait(8).c("EHLO mfp-42.contoso.com\r\n").s(tls_record(21, b"\x02\x46")).close(1)
    return cap


# P04

@capture("mode", "mode-unknown-server.pcapng",
         """A session between two local mail servers. Neither name nor banner nor address is
         Microsoft 365's, so none of its methods is meant.""",
         fires="starttls.offered_not_used", near="mode.method_guess mode.relay_in_path"
         " mode.wrong_endpoint_auth starttls.missing_from_m365", unsure="fires", endpoint="none",
         outcome="accepted")
def unknown_server():
    cap = Capture()
    at = resolve(cap, 0, CLIENT, "relay.contoso.local", RELAY.ip)
    t = Tcp(cap, CLIENT, RELAY, 25, at=at).open()
    local_mail(t.s("220 relay.contoso.local ESMTP Postfix\r\n"), "relay.contoso.local")
    return cap


def local_mail(t, host):
    t.c("EHLO mfp-42.contoso.com\r\n").s(postfix_ehlo(host))
    t.c(f"MAIL FROM:<{FROM}>\r\n").s("250 2.1.0 Ok\r\n").c(f"RCPT TO:<{TO}>\r\n")
    t.s("250 2.1.5 Ok\r\n").c("DATA\r\n").s("354 End data with <CR><LF>.<CR><LF>\r\n")
    t.c(message()).c(".\r\n").s("250 2.0.0 Ok: queued as 4711ABCD\r\n")
    t.c("QUIT\r\n").s("221 2.0.0 Bye\r\n").close(1)


# P05, P09: inside TLS, shown by a decrypted mirror

def mirror(cap, site=CAFE, **how):
    """A decrypted feed of a submission, up to the second EHLO reply."""
    t = starttls(hello(to_submission(cap, **how), site))
    return t.c("EHLO mfp-42.contoso.com\r\n").s(site.ehlo(starttls=False, auth=True))


@capture("mode", "mode-anonymous-on-submission.pcapng",
         """A device without credentials uses smtp.office365.com. The feed is decrypted: after TLS
         it goes straight to MAIL FROM and gets 530 5.7.57. It should use the MX name, or log
         in.""",
         fires="mode.wrong_endpoint_anon capture.decrypted_mirror",
         near="auth.rejected starttls.offered_not_used starttls.required_reply"
              " auth.attempt_before_tls", cause="mode.wrong_endpoint_anon", stopped_at="auth",
         outcome="rejected", unsure="stopped_at outcome", endpoint="submission")
def anonymous():
    cap = Capture()
    t = mirror(cap)
    t.c(f"MAIL FROM:<{FROM}>\r\n").wait(5)
    t.s("530 5.7.57 Client not authenticated to send mail." + CAFE.trailer(t) + "\r\n")
    bye(t)
    return cap


@capture("mode", "mode-anonymous-in-clear.pcapng",
         """The same without TLS at all: the device says MAIL FROM in clear on the submission
         endpoint and the answer is 530 5.7.57 in its older wording.""",
         fires="mode.wrong_endpoint_anon starttls.offered_not_used",
         near="auth.rejected auth.attempt_before_tls starttls.missing_from_m365",
         outcome="rejected", unsure="cause outcome", endpoint="submission")
def anonymous_clear():
    cap = Capture()
    t = hello(to_submission(cap), CAFE)
    t.c(f"MAIL FROM:<{FROM}>\r\n").wait(5)
    t.s("530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM"
        + CAFE.trailer(t) + "\r\n")
    bye(t)
    return cap


@capture("mode", "mode-login-failed-then-mail.pcapng",
         """Decrypted feed: the login fails with 535 5.7.139 (credentials), the client goes on with
         MAIL FROM all the same and gets 530 5.7.57 that repeats the 535. It does have credentials;
         they are wrong.""", fires="auth.bad_credentials capture.decrypted_mirror",
         near="mode.wrong_endpoint_anon auth.cleartext_password auth.attempt_before_tls"
              " mode.wrong_endpoint_auth", cause="auth.bad_credentials", stopped_at="auth",
         outcome="rejected", unsure="outcome", **TO_SUBMISSION)
def login_failed():
    cap = Capture()
    t = mirror(cap)
    user, password = login("clerk@contoso.com", "SECRET-mode-1")
    reason = "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect."
    t.c("AUTH LOGIN\r\n").s(USER_PROMPT).c(user + "\r\n").s(PASS_PROMPT).c(password + "\r\n")
    t.wait(5).s(reason + CAFE.trailer(t) + "\r\n").c(f"MAIL FROM:<{FROM}>\r\n").wait(5)
    t.s(f"530 5.7.57 Client not authenticated to send mail. Error: {reason}{CAFE.trailer(t)}\r\n")
    bye(t)
    return cap


@capture("mode", "mode-hve-bad-token.pcapng",
         """High Volume Email, decrypted feed: AUTH XOAUTH2 is refused with 501 5.5.124, the data is
         not well formed.""", fires="mode.hve_misuse capture.decrypted_mirror",
         near="mode.wrong_endpoint_auth auth.bad_credentials auth.cleartext_password",
         unsure="cause",
         outcome="rejected", endpoint="hve")
def hve():
    cap = Capture()
    t = mirror(cap, name="smtp.hve.mx.microsoft")
    token = secret(base64.b64encode(b"user=hve@contoso.com\x01auth=Bearer SECRET-token-1"
                                    b"\x01\x01").decode())
    secret("SECRET-token-1")
    t.c(f"AUTH XOAUTH2 {token}\r\n").wait(5)
    t.s("501 5.5.124 Invalid XOAUTH2 auth data" + CAFE.trailer(t) + "\r\n")
    bye(t)
    return cap


@capture("mode", "mode-hve-fine.pcapng",
         """High Volume Email in TLS 1.3, a login and a mail, as it should be.""",
         fires="tls.tls13", near="mode.hve_misuse dns.legacy_name mode.wrong_endpoint_anon",
         endpoint="hve", unsure="outcome")
def hve_fine():
    cap = Capture()
    t = to_submission(cap, name="smtp.hve.mx.microsoft")
    mail_in_tls(tls13(starttls(hello(t, CAFE)), "smtp.hve.mx.microsoft"))
    return cap


# P06

def auth_on_mx(cap, offered):
    t = to_mx(cap)
    t.s(MX.banner(t)).c("EHLO mfp-42.contoso.com\r\n")
    return t.s(MX.ehlo(auth=offered))


@capture("mode", "mode-auth-on-mx.pcapng",
         """The device has a login but the tenant's MX name as its server. AUTH LOGIN on port 25,
         where the EHLO reply offers no AUTH, gets 504 5.7.4. The verb alone gave nothing away.""",
         fires="mode.wrong_endpoint_auth auth.attempt_before_tls",
         near="auth.cleartext_password auth.cleartext_user mode.wrong_endpoint_anon"
              " auth.offered_before_tls auth.bad_mech",
         cause="mode.wrong_endpoint_auth", stopped_at="auth", outcome="failed", unsure="outcome",
         endpoint="mx")
def wrong_auth():
    cap = Capture()
    t = auth_on_mx(cap, False)
    t.c("AUTH LOGIN\r\n").wait(5)
    t.s("504 5.7.4 Unrecognized authentication type" + MX.trailer(t) + "\r\n")
    bye(t)
    return cap


@capture("mode", "mode-auth-on-mx-plain.pcapng",
         """The same with AUTH PLAIN and the password in the first line: refused with 504 5.7.4, but
         the password has crossed the network in clear on port 25.""",
         fires="mode.wrong_endpoint_auth auth.cleartext_password auth.port25",
         near="auth.offered_before_tls mode.wrong_endpoint_anon auth.cleartext_user",
         outcome="failed", unsure="cause outcome", stopped_at="auth", endpoint="mx")
def wrong_auth_plain():
    cap = Capture()
    t = auth_on_mx(cap, False)
    secret("SECRET-mode-2")
    blob = secret(base64.b64encode(b"\0scan@contoso.com\0SECRET-mode-2").decode())
    t.c(f"AUTH PLAIN {blob}\r\n").wait(5)
    t.s("504 5.7.4 Unrecognized authentication type" + MX.trailer(t) + "\r\n")
    bye(t)
    return cap


@capture("mode", "mode-auth-on-mx-offered.pcapng",
         """The EHLO reply on the MX endpoint lists AUTH before TLS, which Microsoft 365 never does:
         something in between adds it. The client that logs in is not at fault.""",
         fires="auth.offered_before_tls auth.cleartext_password",
         near="mode.wrong_endpoint_auth", unsure="cause outcome", endpoint="mx")
def offered_auth():
    cap = Capture()
    t = auth_on_mx(cap, True)
    user, password = login("desk@contoso.com", "SECRET-mode-3")
    t.c("AUTH LOGIN\r\n").s(USER_PROMPT).c(user + "\r\n").s(PASS_PROMPT).c(password + "\r\n")
    t.s("235 2.7.0 Authentication successful\r\n")
    bye(send_mail(t))
    return cap


# P07

@capture("mode", "mode-alpn-h2-587.pcapng",
         """A browser was sent to https://smtp.office365.com:587: its ClientHello asks for HTTP/2 by
         ALPN, where a banner is on the way.""",
         fires="mode.cross_protocol mode.implicit_tls_on_starttls_port",
         near="tls.no_common_suite starttls.tls_before_220",
         outcome="failed", endpoint="submission", unsure="cause outcome")
def alpn():
    cap = Capture()
    t = to_submission(cap)
    t.c(client_hello(alpn=("h2", "http/1.1"))).s(CAFE.banner(t)).wait(0.1).reset(0)
    return cap


@capture("mode", "mode-alpn-smtp-587.pcapng",
         """STARTTLS as it should be, and the ClientHello names "smtp" by ALPN. No other protocol is
         meant.""", fires="tls.tls13", near="mode.cross_protocol"
         " mode.implicit_tls_on_starttls_port", unsure="outcome", **TO_SUBMISSION)
def alpn_smtp():
    cap = Capture()
    mail_in_tls(tls13(starttls(hello(to_submission(cap), CAFE)), alpn=("smtp",)))
    return cap


@capture("mode", "mode-http-post-587.pcapng",
         """A web form posts to port 587; its body even holds SMTP commands. The server says 500
         5.3.3 to the first line and closes.""", fires="mode.cross_protocol",
         near="tcp.proxied mode.wrong_endpoint_anon smtp.bare_lf", outcome="failed",
         endpoint="submission", unsure="cause outcome")
def http_post():
    cap = Capture()
    t = to_submission(cap)
    t.s(CAFE.banner(t))
    t.c("POST / HTTP/1.1\r\nHost: smtp.office365.com:587\r\nContent-Type: text/plain\r\n"
        "Content-Length: 72\r\n\r\nEHLO x\r\nMAIL FROM:<a@contoso.com>\r\nRCPT TO:<b@contoso.com>"
        "\r\nDATA\r\n").wait(5)
    t.s("500 5.3.3 Unrecognized command 'POST'" + CAFE.trailer(t) + "\r\n").close(1)
    return cap


# P08

@capture("mode", "mode-port-8025.pcapng",
         """SMTP on port 8025, to a relay in the house: banner, EHLO, mail.""",
         fires="mode.nonstandard_port", near="mode.cross_protocol tcp.proxied", outcome="accepted",
         endpoint="none", unsure="endpoint", note="on a port that the tool watches only when asked")
def port_8025():
    cap = Capture()
    at = resolve(cap, 0, CLIENT, "relay.contoso.local", RELAY.ip)
    t = Tcp(cap, CLIENT, RELAY, 8025, at=at).open()
    local_mail(t.s("220 relay.contoso.local ESMTP Postfix\r\n"), "relay.contoso.local")
    return cap


@capture("mode", "mode-port-2525-m365-banner.pcapng",
         """A forwarder in the house maps its port 2525 to the MX endpoint; the banner is that of
         Microsoft 365.""", fires="mode.nonstandard_port starttls.offered_not_used",
         near="mode.relay_in_path mode.port25_submission", outcome="accepted", unsure="endpoint")
def port_2525():
    cap = Capture()
    at = resolve(cap, 0, CLIENT, "relay.contoso.local", RELAY.ip)
    bye(send_mail(hello(Tcp(cap, CLIENT, RELAY, 2525, at=at).open(), MX)))
    return cap


@capture("mode", "mode-ftp-220.pcapng",
         """An FTP server on port 2525: it greets with 220 as SMTP does, but the client says USER
         and not EHLO.""", fires="mode.method_guess", near="mode.nonstandard_port"
         " auth.cleartext_password tcp.server_busy_close smtp.bad_sequence", unsure="fires outcome",
         endpoint="none")
def ftp():
    cap = Capture()
    t = Tcp(cap, CLIENT, RELAY, 2525).open()
    t.s("220 (vsFTPd 3.0.3)\r\n").c("USER scan\r\n").s("331 Please specify the password.\r\n")
    t.c(f"PASS {secret('SECRET-ftp-1')}\r\n").s("230 Login successful.\r\n")
    t.c("QUIT\r\n").s("221 Goodbye.\r\n").close(1)
    return cap


# P10

@capture("mode", "mode-relay-in-path.pcapng",
         """The name asked for and the address are Microsoft's, but the banner says "Postfix": a
         transparent proxy answers in its place.""",
         fires="mode.relay_in_path", near="dns.foreign_answer starttls.masked",
         unsure="cause outcome")
def relay_in_path():
    cap = Capture()
    t = to_mx(cap)
    local_mail(t.s("220 mailguard.isp.example ESMTP Postfix\r\n"), "mailguard.isp.example")
    return cap


@capture("mode", "mode-relay-in-path-sni.pcapng",
         """Submission: the banner is that of a foreign gateway, and the client then asks for
         smtp.office365.com by SNI.""", fires="mode.relay_in_path", near="dns.foreign_answer",
         unsure="cause outcome")
def relay_sni():
    cap = Capture()
    t = to_submission(cap)
    t.s("220 mailguard.isp.example ESMTP ready\r\n").c("EHLO mfp-42.contoso.com\r\n")
    t.s(postfix_ehlo("mailguard.isp.example")).c("STARTTLS\r\n").s("220 2.0.0 Ready\r\n")
    mail_in_tls(tls13(t))
    return cap


@capture("mode", "mode-on-premises-exchange.pcapng",
         """The relay's banner has Microsoft's words, as it is an Exchange server of the company:
         its own host name, its own address. Not Microsoft 365, and nothing in the path.""",
         fires="starttls.offered_not_used", near="mode.relay_in_path starttls.missing_from_m365"
         " dns.foreign_answer", unsure="fires endpoint", outcome="accepted")
def on_premises():
    cap = Capture()
    at = resolve(cap, 0, CLIENT, "ex01.contoso.local", RELAY.ip)
    t = Tcp(cap, CLIENT, RELAY, 25, at=at).open()
    t.s("220 ex01.contoso.local Microsoft ESMTP MAIL Service ready at Tue, 24 Nov 2026 09:00:00"
        " +0000\r\n")
    local_mail(t, "ex01.contoso.local")
    return cap


# P11 and the mode of old: 25 with the submission name is recorded; here AUTH in clear on it

@capture("mode", "mode-submission-on-25-by-banner.pcapng",
         """No look-up in the capture, but the banner on port 25 is that of the submission front
         end (outlook.office365.com).""", fires="mode.port25_submission tls.tls13",
         near="mode.relay_in_path net.hard_coded_ip", endpoint="submission",
         method="client_submission")
def by_banner():
    cap = Capture()
    t = Tcp(cap, CLIENT, server("52.96.165.18"), 25).open()
    mail_in_tls(tls13(starttls(hello(t, CAFE))))
    return cap


@capture("mode", "mode-mx-on-25.pcapng",
         """The MX endpoint on port 25 with TLS 1.3 and no login: the right port for it.""",
         fires="tls.tls13 mode.method_guess", near="mode.port25_submission auth.port25"
         " mode.wrong_endpoint_anon mode.nonstandard_port", **TO_MX)
def mx_25():
    cap = Capture()
    mail_in_tls(tls13(starttls(hello(to_mx(cap), MX)), MX_NAME), MX, login=False)
    return cap


