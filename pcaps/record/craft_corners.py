# SPDX-License-Identifier: GPL-2.0-or-later
"""Corner cases: servers that repeat a secret, odd replies, and captures that only seem complete.

Each is something that the engine once printed, accused or missed; most are near misses.
"""
from craft import Capture, Tcp, udp, ip
from craft_review import RELAY, b64, envelope, to_relay
from craft_smtp import (CAFE, CLIENT, FROM, MX, PASS_PROMPT, READY, USER_PROMPT, bye, client,
                        client_hello, hello, queued, resolve, send_mail, server, tls_record, to_mx,
                        to_submission)
from craft_story import capture, secret

PART = "corners"
LOGIN = "scanner@contoso.com"
PASSWORD = secret("Rhein+Kahn_5580")
LIST = "250-relay.example\r\n250-SIZE 10240000\r\n250 AUTH PLAIN LOGIN\r\n"


def offered(cap, lines=LIST):
    return to_relay(cap).s("220 relay.example ESMTP\r\n").c("EHLO mfp-42\r\n").s(lines)


def ended(t, cap):
    bye(t)
    return cap


def plain(user, password):
    return secret(b64(f"\0{user}\0{password}"))


@capture(PART, "corners-echo-plain.pcapng",
         """A server answers AUTH PLAIN with the password in its reply, and later with a greeting
         that has it again.""", fires="auth.cleartext_password", near="auth.cleartext_hash",
         cause="auth.rejected", stopped_at="auth", outcome="rejected")
def echo_plain():
    cap = Capture()
    t = offered(cap).c(f"AUTH PLAIN {plain(LOGIN, PASSWORD)}\r\n")
    t.s(f"535 no {PASSWORD}\r\n").c("NOOP\r\n").s(f"250 still here, {PASSWORD.upper()}!\r\n")
    return ended(t, cap)


@capture(PART, "corners-echo-login.pcapng",
         """AUTH LOGIN; the refusal of several lines has user name and password, and the password's
         base64.""", fires="auth.cleartext_password", near="auth.cleartext_hash",
         cause="auth.rejected", stopped_at="auth", outcome="rejected")
def echo_login():
    cap = Capture()
    t = offered(cap).c("AUTH LOGIN\r\n").s(USER_PROMPT).c(b64(LOGIN) + "\r\n").s(PASS_PROMPT)
    t.c(secret(b64(PASSWORD)) + "\r\n")
    t.s(f"535-5.7.8 refused\r\n535-5.7.8 user={LOGIN} pass={PASSWORD}\r\n"
        f"535 5.7.8 was {b64(PASSWORD)} [{PASSWORD}]\r\n")
    return ended(t, cap)


@capture(PART, "corners-echo-token.pcapng",
         """XOAUTH2 in clear text; the error document and the refusal repeat the token.""",
         fires="auth.cleartext_password", near="auth.cleartext_hash", unsure="cause",
         stopped_at="auth", outcome="rejected")
def echo_token():
    cap = Capture()
    token = secret("eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJvdXRsb29rIn0.c2lnbmF0dXJl")
    t = offered(cap, "250-relay.example\r\n250 AUTH XOAUTH2\r\n")
    t.c("AUTH XOAUTH2\r\n").s("334 \r\n")
    t.c(secret(b64(f"user={LOGIN}\1auth=Bearer {token}\1\1")) + "\r\n")
    t.s("334 " + b64('{"status":"400","token":"%s"}' % token) + "\r\n").c("\r\n")
    t.s(f"535 5.7.3 Authentication unsuccessful, token {token} was refused\r\n")
    return ended(t, cap)


@capture(PART, "corners-echo-after-gap.pcapng",
         """AUTH and both prompts are missing in the capture; two bare lines follow that a client
         sent as name and password, and the refusal repeats the second.""",
         fires="capture.loss", near="auth.cleartext_hash smtp.unknown_5xx", unsure="cause",
         stopped_at="auth", outcome="rejected")
def echo_after_gap():
    cap = Capture()
    t = offered(cap)
    for side, text in ((0, "AUTH LOGIN\r\n"), (1, USER_PROMPT)):
        t.seq[side] += len(text)
    t.c("copier\r\n")
    t.seq[1] += len(PASS_PROMPT)
    t.c(secret("Helpme-Quitters1") + "\r\n").s("535 5.7.8 wrong: Helpme-Quitters1\r\n")
    return ended(t, cap)


@capture(PART, "corners-xclient-login.pcapng",
         """A proxy tells the server about its client with XCLIENT, with the account's name in it;
         the refusal repeats the name.""", fires="smtp.bad_syntax",
         near="auth.cleartext_password auth.cleartext_user", unsure="outcome cause")
def xclient():
    cap = Capture()
    t = offered(cap, "250-relay.example\r\n250 XCLIENT NAME ADDR LOGIN\r\n")
    name = secret("kontoxyz77")
    t.c(f"XCLIENT ADDR=192.0.2.9 LOGIN={name} NAME=a.example\r\n")
    t.s(f"501 5.5.4 Bad LOGIN value {name}\r\n")
    return ended(t, cap)


@capture(PART, "corners-password-asked-first.pcapng",
         """A server asks LOGIN for the password first and then for the name: the first answer must
         not pass for a user name.""", fires="auth.cleartext_password",
         near="auth.user_not_upn auth.cleartext_user", cause="auth.rejected", stopped_at="auth",
         outcome="rejected")
def password_first():
    cap = Capture()
    t = offered(cap).c("AUTH LOGIN\r\n").s(PASS_PROMPT).c(secret(b64(PASSWORD)) + "\r\n")
    t.s(USER_PROMPT).c(b64(LOGIN) + "\r\n").s("535 5.7.8 refused\r\n")
    return ended(t, cap)


@capture(PART, "corners-name-is-password.pcapng",
         """A device whose password is its user name, with LOGIN and with PLAIN: the name is not
         shown then.""", fires="auth.cleartext_password", near="auth.cleartext_hash",
         unsure="cause", stopped_at="auth", outcome="rejected")
def name_is_password():
    cap = Capture()
    same = secret("kopierer-3og")
    t = offered(cap).c(f"AUTH LOGIN {secret(b64(same))}\r\n").s(PASS_PROMPT)
    t.c(b64(same) + "\r\n").s(f"535 5.7.8 {same} refused\r\n")
    t.c(f"AUTH PLAIN {plain(same, same)}\r\n").s("535 5.7.8 refused\r\n")
    return ended(t, cap)


@capture(PART, "corners-body-quotes-a-login.pcapng",
         """The capture begins in a message whose text quotes an SMTP dialogue with AUTH PLAIN. It
         is no login.""", fires="capture.midstream",
         near="auth.cleartext_password auth.port25 auth.mech_basic auth.bad_mech", unsure="outcome",
         endpoint="mx")
def body_quotes():
    cap = Capture()
    t = Tcp(cap, CLIENT, server(), 25)
    t.c("Subject: how to test\r\n\r\nMAIL FROM:<a@contoso.com>\r\n"
        "AUTH PLAIN AGFiYwBwYXNzd29yZA==\r\n235 ok\r\nmore text\r\n.\r\n").s(queued())
    return ended(t, cap)


@capture(PART, "corners-login-after-late-start.pcapng",
         """The near miss of the one before: the capture begins right before a real AUTH PLAIN, and
         the server answers it.""", fires="capture.midstream auth.cleartext_password auth.port25",
         near="auth.cleartext_hash", cause="auth.rejected", stopped_at="auth", outcome="rejected")
def late_login():
    cap = Capture()
    t = Tcp(cap, CLIENT, RELAY, 25).c(f"AUTH PLAIN {plain(LOGIN, PASSWORD)}\r\n")
    t.s("535 5.7.8 Authentication failed\r\n")
    return ended(t, cap)


@capture(PART, "corners-starttls-200.pcapng",
         """A box on the way answers STARTTLS with 200 instead of 220.""",
         fires="starttls.command_mangled",
         near="starttls.refused starttls.no_client_hello tcp.probe", cause="starttls.command_mangled",
         stopped_at="starttls", outcome="failed", endpoint="submission")
def starttls_200():
    cap = Capture()
    t = hello(to_submission(cap), CAFE).c("STARTTLS\r\n").s("200 STRIPTLS\r\n")
    return ended(t, cap)


@capture(PART, "corners-starttls-before-ehlo.pcapng",
         """A client sends STARTTLS without EHLO and is told so; the server refuses nothing.""",
         fires="smtp.bad_sequence", near="starttls.command_mangled", cause="smtp.bad_sequence",
         stopped_at="starttls", outcome="failed", endpoint="mx")
def starttls_first():
    cap = Capture()
    t = to_mx(cap)
    t.s(MX.banner(t)).c("STARTTLS\r\n").s(f"503 5.5.2 Send hello first {MX.trailer(t)}\r\n")
    return ended(t, cap)


@capture(PART, "corners-group-wants-login.pcapng",
         """A group takes mail from signed-in senders only. 'authentication required' in the reply
         is about the sender's identity and not about TLS.""", fires="m365.recipient",
         near="starttls.required_reply mode.wrong_endpoint_anon", cause="m365.recipient",
         stopped_at="data", outcome="rejected", endpoint="mx")
def group():
    cap = Capture()
    t = hello(to_mx(cap), MX)
    envelope(t).s("250 2.1.5 Recipient OK\r\n").c("DATA\r\n").s("354 go\r\n").c("x\r\n.\r\n")
    t.s("550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required\r\n")
    return ended(t, cap)


@capture(PART, "corners-rate-of-connector.pcapng",
         """421 4.4.2 with the sentence of a rate limit: no time-out.""", fires="m365.throttled",
         near="m365.timeout", cause="m365.throttled", unsure="outcome", stopped_at="mail",
         endpoint="mx")
def rate():
    cap = Capture()
    t = hello(to_mx(cap), MX).c(f"MAIL FROM:<{FROM}>\r\n")
    t.s("421 4.4.2 Message submission rate for this client has exceeded the configured limit\r\n")
    t.close(1)
    return cap


@capture(PART, "corners-ntlm-before-tls.pcapng",
         """An Exchange server of a company lists NTLM and GSSAPI before TLS, which send no
         password.""", fires="mode.method_guess", near="auth.offered_before_tls",
         unsure="fires", outcome="accepted")
def ntlm_listed():
    cap = Capture()
    t = offered(cap, "250-ex01.contoso.com Hello [10.1.2.30]\r\n250-SIZE\r\n250-X-ANONYMOUSTLS\r\n"
                     "250-AUTH NTLM\r\n250-X-EXPS GSSAPI NTLM\r\n250 8BITMIME\r\n")
    return ended(send_mail(t), cap)


@capture(PART, "corners-blob-before-bdat.pcapng",
         """Exchange servers send data about a message with XBDATBLOB, counted as with BDAT; it has
         a QUIT in it that is none.""", fires="mode.method_guess",
         near="smtp.bad_syntax smtp.bad_sequence mode.cross_protocol", unsure="fires",
         outcome="accepted")
def blob():
    cap = Capture()
    t = offered(cap, "250-ex01.contoso.com Hello\r\n250-CHUNKING\r\n250 XBDATBLOB\r\n")
    envelope(t).s("250 2.1.5 Recipient OK\r\n")
    t.c(b"XBDATBLOB 40 EPROP\r\nQUIT\r\n" + bytes(34)).s("250 2.0.0 blob received\r\n")
    t.c("BDAT 6 LAST\r\nhello\n").s(queued())
    return ended(t, cap)


@capture(PART, "corners-syn-in-half-a-mirror.pcapng",
         """Four SYN without an answer, in a mirror that shows only what clients send: another
         session proves it by its ACKs. Nothing can be said of the server.""",
         fires="capture.one_sided", near="tcp.syn_no_answer", unsure="outcome", sessions=2,
         endpoint="mx")
def half_a_mirror():
    cap = Capture()
    t = Tcp(cap, CLIENT, server(), 25)
    for pause in (1, 2, 4, 8):
        t.send(0, "S", advance=False)
        t.wait(pause)
    whole = Capture()
    bye(send_mail(hello(Tcp(whole, client(31), server(), 25, at=16).open(), MX)))
    cap.packets += [p for p in whole.packets if p[1][26:30] == bytes((10, 1, 2, 31))]
    return cap


@capture(PART, "corners-syn-then-other-traffic.pcapng",
         """Three SYN in three seconds; what follows for twenty is UDP of another program, which
         shows that the capture went on and no answer came.""", fires="tcp.syn_no_answer",
         near="capture.no_tcp_close", cause="tcp.syn_no_answer", stopped_at="tcp",
         outcome="failed", endpoint="submission")
def then_udp():
    cap = Capture()
    at = resolve(cap, 0, CLIENT, "smtp.office365.com", "52.96.165.18")
    t = Tcp(cap, CLIENT, server("52.96.165.18"), 587, at=at)
    for pause in (1, 2, 20):
        t.send(0, "S", advance=False)
        t.wait(pause)
    other = client(31)
    cap.frame(t.now, CLIENT, other, ip(CLIENT.ip, other.ip, 17,
                                       udp(CLIENT.ip, other.ip, 5000, 6000, b"x")))
    return cap


@capture(PART, "corners-fins-swapped.pcapng",
         """The device leaves after MAIL FROM without waiting for the reply; the mirror delivers the
         server's FIN, which acknowledges the device's, before it.""",
         fires="unknown.client_closed", near="unknown.server_closed",
         cause="unknown.client_closed", stopped_at="mail", outcome="failed", endpoint="mx")
def fins_swapped():
    cap = Capture()
    t = hello(to_mx(cap), MX).c(f"MAIL FROM:<{FROM}>\r\n")
    t.close(0)
    a, b = cap.packets[-3], cap.packets[-2]
    cap.packets[-3:-1] = [(a[0], *b[1:]), (b[0], *a[1:])]
    return cap


def without(cap, *gone):
    """The capture lost these packets (by index)."""
    cap.packets = [p for n, p in enumerate(cap.packets) if n not in gone]
    return cap


@capture(PART, "corners-banner-before-ack.pcapng",
         """A mirror delivers the greeting before the client's ACK that ends the handshake. The
         greeting is not late.""", fires="mode.method_guess",
         near="tcp.no_banner tcp.server_busy_close", outcome="accepted", endpoint="mx")
def banner_first():
    cap = Capture()
    bye(send_mail(hello(to_mx(cap), MX)))
    a, b = cap.packets[4], cap.packets[5]
    cap.packets[4:6] = [(a[0], *b[1:]), (b[0], *a[1:])]
    return cap


@capture(PART, "corners-body-after-lost-data.pcapng",
         """MAIL, RCPT and DATA of a pipelining client are missing; 354 is there, and the text of
         the message, which is no other protocol.""", fires="capture.loss",
         near="mode.cross_protocol smtp.bad_syntax", outcome="accepted",
         endpoint="mx")
def lost_data():
    cap = Capture()
    t = hello(to_mx(cap), MX)
    first = len(cap.packets)
    t.c(f"MAIL FROM:<{FROM}>\r\nRCPT TO:<{FROM}>\r\nDATA\r\n")
    t.s("250 2.1.0 Sender OK\r\n250 2.1.5 Recipient OK\r\n354 go\r\n")
    t.c("x = y\r\nGET / of something\r\n.\r\nQUIT\r\n").s(queued()).s("221 2.0.0 bye\r\n").close(1)
    return without(cap, first)


@capture(PART, "corners-chunk-after-lost-bdat.pcapng",
         """The BDAT command is missing, its data is there and begins with QUIT on a line.""",
         fires="capture.loss", near="mode.cross_protocol", unsure="outcome", endpoint="mx")
def lost_bdat():
    cap = Capture()
    t = hello(to_mx(cap), MX)
    envelope(t).s("250 2.1.5 Recipient OK\r\n")
    first = len(cap.packets)
    t.c("BDAT 12 LAST\r\n", ack=False).c("QUIT\r\n; = x\r\n").s(queued())
    return without(ended(t, cap), first)


@capture(PART, "corners-login-lost.pcapng",
         """A relay lists AUTH, and the packets with the login are missing. It cannot be said that
         the device did not log in.""", fires="capture.loss", near="auth.not_attempted",
         outcome="accepted", unsure="outcome")
def login_lost():
    cap = Capture()
    t = offered(cap)
    first = len(cap.packets)
    t.c(f"AUTH PLAIN {plain(LOGIN, PASSWORD)}\r\n").s("235 2.7.0 ok\r\n")
    last = len(cap.packets)
    return without(ended(send_mail(t), cap), *range(first, last))


@capture(PART, "corners-reset-overtakes.pcapng",
         """The server refuses and resets; a mirror delivers the RST before the refusal, which lies
         before it in the stream. Nobody injected it.""", fires="m365.ip_blocked",
         near="tcp.rst_injected", cause="m365.ip_blocked", stopped_at="mail", outcome="rejected",
         endpoint="mx")
def reset_overtakes():
    cap = Capture()
    t = hello(to_mx(cap), MX).c(f"MAIL FROM:<{FROM}>\r\n")
    t.data(1, "550 5.7.606 Access denied, banned sending IP [203.0.113.44].\r\n", ack=False)
    t.reset(1)
    a, b = cap.packets[-2], cap.packets[-1]
    cap.packets[-2:] = [(a[0], *b[1:]), (b[0], *a[1:])]
    return cap


@capture(PART, "corners-second-hello-one-sided.pcapng",
         """Only the client was captured; it sends two ClientHello, as a HelloRetryRequest wants it.
         That is no renegotiation.""", fires="capture.one_sided", near="tls.renegotiation",
         unsure="outcome", endpoint="submission")
def second_hello():
    cap, whole = Capture(), Capture()
    t = hello(to_submission(whole), CAFE).c("STARTTLS\r\n").s("220 2.0.0 SMTP server ready\r\n")
    t.c(client_hello()).s(bytes(99)).c(client_hello(seed="again")).s(bytes(99)).close(0)
    cap.packets = whole.packets[:2] + [p for p in whole.packets[2:]
                                       if p[1][26:30] == bytes((10, 1, 2, 30))]
    return cap


def bare_end(cap):
    t = hello(to_mx(cap), MX)
    envelope(t).s("250 2.1.5 Recipient OK\r\n").c("DATA\r\n").s("354 go\r\n")
    return t.c("Subject: scan\n\nof a page\n.\n")


@capture(PART, "corners-end-without-cr.pcapng",
         """A device ends lines with LF alone, the dot of the end too. The server waits for the end
         that never comes; the device gives up after 40 seconds.""", fires="smtp.bare_lf",
         near="tcp.slow_client m365.timeout", cause="smtp.bare_lf", stopped_at="data",
         outcome="failed", endpoint="mx")
def end_without_cr():
    cap = Capture()
    bare_end(cap).wait(40).close(0)
    return cap


@capture(PART, "corners-end-without-cr-timeout.pcapng",
         """The same with a patient device: after ten minutes the server gives up. The time-out is
         the consequence.""", fires="smtp.bare_lf m365.timeout", near="m365.temporary",
         cause="smtp.bare_lf", stopped_at="data", unsure="outcome", endpoint="mx")
def end_without_cr_timeout():
    cap = Capture()
    t = bare_end(cap).wait(600)
    t.s(f"451 4.7.0 Timeout waiting for client input {MX.trailer(t)}\r\n").close(1)
    return cap


@capture(PART, "corners-dot-line-in-body.pcapng",
         """A message with an LF dot LF in its middle that goes on and is accepted: no failure.""",
         fires="smtp.bare_lf", near="m365.timeout", outcome="accepted", endpoint="mx")
def dot_line_in_body():
    cap = Capture()
    t = bare_end(cap).c("more of it\r\n.\r\n").s(queued())
    return ended(t, cap)


def slipped_in(t):
    """A reply in clear behind the 220, before any TLS."""
    t.c("STARTTLS\r\n").s(READY)
    return t.s("250 2.0.0 OK\r\n").c(client_hello())


@capture(PART, "corners-injected-then-alert.pcapng",
         """Text behind the 220 is the answer to the ClientHello for the device, which calls it a
         wrong version and ends.""", fires="starttls.injection_s2c tls.alert_other",
         near="unknown.client_closed tls.client_max_old",
         cause="starttls.injection_s2c", stopped_at="server_hello", outcome="failed")
def injected_then_alert():
    cap = Capture()
    t = slipped_in(hello(to_submission(cap), CAFE))
    t.c(tls_record(21, b"\x02\x46")).close(0)
    return cap


@capture(PART, "corners-injected-then-reset.pcapng",
         """The same, but the device only resets the connection.""", fires="starttls.injection_s2c",
         near="unknown.client_closed tcp.rst_injected", cause="starttls.injection_s2c",
         stopped_at="server_hello", outcome="failed")
def injected_then_reset():
    cap = Capture()
    slipped_in(hello(to_submission(cap), CAFE)).reset(0)
    return cap
