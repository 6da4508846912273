# SPDX-License-Identifier: GPL-2.0-or-later
"""What the wire itself decides: passwords after a refusal, late starts, gaps, copies, resets.

Takes the steps of craft_smtp.py and craft_review.py, registers a maker per capture with @capture.
Each that fires has a near miss beside it.
"""
from craft import Capture, Tcp, syn_options
from craft_review import LOGIN, PASSWORD, RELAY, b64, body, envelope, secret_b64, to_relay
from craft_smtp import (CAFE, CLIENT, MX, PASS_PROMPT, USER_PROMPT, bye, hello, queued, starttls, to_mx,
                        to_submission)
from craft_story import capture

PART = "wire"
GREETING = "220 relay.example ready\r\n"
LIST = "250-relay.example\r\n250-SIZE 10240000\r\n250 AUTH LOGIN PLAIN\r\n"


def ended(t, cap):
    bye(t)
    return cap


@capture(PART, "wire-login-after-504.pcapng",
         """AUTH LOGIN is refused with 504 and the device sends name and password all the same: each is
         answered with 500, and both were readable.""",
         fires="auth.cleartext_password", near="auth.cleartext_hash", exposure="password",
         endpoint="submission")
def login_after_504():
    cap = Capture()
    t = hello(to_submission(cap), CAFE).c("AUTH LOGIN\r\n")
    t.s("504 5.7.4 Unrecognized authentication type" + CAFE.trailer(t) + "\r\n")
    t.c(b64(LOGIN) + "\r\n").s("500 5.3.3 Unrecognized command\r\n")
    t.c(secret_b64(PASSWORD) + "\r\n").s("500 5.3.3 Unrecognized command\r\n")
    return ended(t, cap)


@capture(PART, "wire-words-after-504.pcapng",
         """The near miss: after the refused AUTH LOGIN come words that are no answers of a login.""",
         fires="auth.attempt_before_tls", near="auth.cleartext_password auth.cleartext_user",
         exposure="none", endpoint="submission")
def words_after_504():
    cap = Capture()
    t = hello(to_submission(cap), CAFE).c("AUTH LOGIN\r\n")
    t.s("504 5.7.4 Unrecognized authentication type" + CAFE.trailer(t) + "\r\n")
    t.c("HELLO THERE\r\n").s("500 5.3.3 Unrecognized command\r\n")
    t.c("STAT\r\n").s("500 5.3.3 Unrecognized command\r\n")
    return ended(t, cap)


def late(cap):
    return Tcp(cap, CLIENT, RELAY, 587)


def readable_login(t):
    t.c("EHLO scanner\r\n").s(LIST)
    t.c("AUTH LOGIN\r\n").s(USER_PROMPT).c(b64(LOGIN) + "\r\n").s(PASS_PROMPT)
    return t.c(secret_b64(PASSWORD) + "\r\n").s("235 2.7.0 Authentication successful\r\n")


@capture(PART, "wire-late-start-at-greeting.pcapng",
         """The capture begins with the greeting, which does not say SMTP; the login that follows is
         readable and no mirror's.""",
         fires="auth.cleartext_password capture.midstream", near="capture.decrypted_mirror",
         exposure="password")
def late_greeting():
    cap = Capture()
    return ended(readable_login(late(cap).s(GREETING)), cap)


@capture(PART, "wire-late-start-at-login.pcapng",
         """The capture begins behind EHLO, with AUTH LOGIN: the password is readable, and that TLS was
         never begun is likely only.""",
         fires="auth.cleartext_password capture.midstream", near="capture.decrypted_mirror",
         exposure="password")
def late_login():
    cap = Capture()
    t = late(cap).c("AUTH LOGIN\r\n").s(USER_PROMPT).c(b64(LOGIN) + "\r\n").s(PASS_PROMPT)
    t.c(secret_b64(PASSWORD) + "\r\n").s("235 2.7.0 Authentication successful\r\n")
    return ended(t, cap)


@capture(PART, "wire-late-start-at-starttls-answer.pcapng",
         """The near miss: the capture begins with the answer to STARTTLS, and a decrypting mirror
         shows the inside.""",
         fires="capture.decrypted_mirror capture.midstream", near="auth.cleartext_password")
def late_starttls():
    cap = Capture()
    t = late(cap).s("220 2.0.0 Ready to start TLS\r\n")
    return ended(readable_login(t), cap)


COMMANDS = "STARTTLS\r\nHELO x\r\nAUTH PLAIN AGFiYwBwYXNzd29yZA==\r\nGET / HTTP/1.1\r\n"


@capture(PART, "wire-gap-in-bdat-line.pcapng",
         """The packet with the end of a BDAT line is lost; the text of the message, which quotes
         commands, is none.""",
         fires="capture.loss", near="starttls.refused mode.cross_protocol auth.cleartext_password"
         " smtp.helo_only", outcome="accepted")
def bdat_gap():
    cap = Capture()
    t = envelope(hello(to_mx(cap), MX)).s("250 2.1.5 Recipient OK\r\n")
    text = "some text\r\n" + COMMANDS + "more text\r\n"
    t.c("BDAT 700 L")
    lost("AST\r\n" + "x" * (700 - len(text) - 2) + "\r\n", t)
    t.c(text).s(queued())
    return ended(t, cap)


def lost(text, t):
    """Bytes of the client that the capture does not have."""
    t.seq[0] += len(text)


@capture(PART, "wire-451-after-accepted.pcapng",
         """A message is accepted, and a minute later Exchange says 451 because nothing more came.""",
         fires="", near="unknown.refused", outcome="accepted", cause="")
def goodbye():
    cap = Capture()
    t = body(envelope(hello(to_mx(cap), MX))).s(queued())
    t.wait(60)
    t.s("451 4.7.0 Timeout waiting for client input\r\n")
    t.close(1)
    return cap


@capture(PART, "wire-451-before-accepted.pcapng",
         """The near miss: the same words before any message was taken.""",
         fires="m365.timeout", near="", cause="m365.timeout")
def given_up():
    cap = Capture()
    t = hello(to_mx(cap), MX)
    t.wait(60)
    t.s("451 4.7.0 Timeout waiting for client input\r\n")
    t.close(1)
    return cap


def quiet(cap):
    """A client that repeats its MAIL because the acknowledgement was late, then waits and resets."""
    t = to_relay(cap, 587).s("220 relay.example ESMTP\r\n").c("EHLO scanner\r\n")
    t.s("250-relay.example\r\n250 SIZE 10240000\r\n")
    return t


def sack_option(left, right):
    return b"\x01\x01\x05\x0a" + left.to_bytes(4, "big") + right.to_bytes(4, "big")


@capture(PART, "wire-dsack-then-quiet.pcapng",
         """A segment that was sent again without need is answered by D-SACK, a block below the
         acknowledgement; then nothing more comes. No byte is missing.""",
         fires="", near="tcp.mtu_blackhole", unsure="cause outcome")
def dsack():
    cap = Capture()
    t = quiet(cap)
    line = b"MAIL FROM:<scan@contoso.com>\r\n"
    left = t.seq[0]
    t.send(0, "PA", line)
    t.wait(0.3).send(0, "PA", line, seq=left, advance=False)
    t.wait(0.02).send(1, "A")
    t.wait(0.001).send(1, "A", options=sack_option(left, left + len(line)))
    t.wait(30).reset(0)
    return cap


@capture(PART, "wire-sack-hole-stays.pcapng",
         """The near miss: a block above the acknowledgement, again and again, leaves a hole of a whole
         segment that never closes.""", fires="tcp.mtu_blackhole", near="", unsure="cause outcome")
def sack_hole():
    cap = Capture()
    t = quiet(cap)
    hole = t.seq[0]
    t.seq[0] += 1400
    for _ in range(4):
        t.send(1, "A", ack=hole, options=sack_option(hole + 1400, hole + 1500))
        t.wait(2)
    t.reset(0)
    return cap


@capture(PART, "wire-two-synacks.pcapng",
         """Two SYN-ACKs with different numbers answer the SYN; the client acknowledges the first, and
         the session goes on there.""",
         fires="", near="capture.loss tcp.syn_no_answer", outcome="accepted")
def two_synacks():
    cap = Capture()
    t = Tcp(cap, CLIENT, RELAY, 25)
    t.send(0, "S", options=syn_options())
    t.wait(0.02).send(1, "SA", options=syn_options())
    t.wait(0.005).send(1, "SA", options=syn_options(), seq=0x01020304, advance=False)
    t.wait(0.005).send(0, "A")
    t.wait(0.001)
    t.s("220 relay.example ESMTP\r\n").c("EHLO scanner\r\n").s("250 relay.example\r\n")
    body(envelope(t)).s("250 2.0.0 Ok: queued as 4XyZ\r\n")
    return ended(t, cap)


@capture(PART, "wire-rst-after-client-left.pcapng",
         """The client leaves, and a box beside it sends a RST in the server's name with another hop
         limit: it stops nothing.""", fires="", near="tcp.rst_injected", unsure="cause outcome")
def rst_after_fin():
    cap = Capture()
    t = to_relay(cap, 587).s("220 relay.example ESMTP\r\n").c("QUIT\r\n")
    t.s("221 2.0.0 Bye\r\n")
    t.close(0)
    t.wait(0.01).reset(1, ttl=255)
    return cap


@capture(PART, "wire-rst-before-greeting.pcapng",
         """Right after the handshake a RST with another hop limit and window than the SYN-ACK: a box
         on the way, not the server.""", fires="tcp.rst_injected",
         near="tcp.server_busy_close", cause="tcp.rst_injected", stopped_at="banner")
def rst_before_greeting():
    cap = Capture()
    t = to_relay(cap, 587)
    t.wait(0.05).reset(1, ttl=RELAY.ttl + 18, window=24862)
    return cap


@capture(PART, "wire-server-resets-before-greeting.pcapng",
         """The near miss: the RST is the server's own by hop limit.""",
         fires="tcp.server_busy_close", near="tcp.rst_injected", cause="tcp.server_busy_close",
         stopped_at="banner")
def server_resets():
    cap = Capture()
    t = to_relay(cap, 587)
    t.wait(0.05).reset(1)
    return cap


@capture(PART, "wire-late-copies.pcapng",
         """Copies of two segments come long after the connection was closed: they belong to it.""",
         fires="", near="capture.midstream capture.one_sided", sessions=1, unsure="cause outcome")
def late_copies():
    cap = Capture()
    t = to_relay(cap, 587).s("220 relay.example ESMTP\r\n")
    quit_seq = t.seq[0]
    t.c("QUIT\r\n")
    bye_seq = t.seq[1]
    t.s("221 2.0.0 Bye\r\n")
    t.close(1)
    t.wait(0.3).send(0, "PA", b"QUIT\r\n", seq=quit_seq, advance=False)
    t.wait(2).send(1, "PA", b"221 2.0.0 Bye\r\n", seq=bye_seq, advance=False)
    return cap


@capture(PART, "wire-old-greeting-again.pcapng",
         """STARTTLS is sent and no answer comes; that the greeting is sent again is no progress.""",
         fires="starttls.no_220", near="unknown.client_closed", cause="starttls.no_220",
         stopped_at="starttls")
def old_greeting():
    cap = Capture()
    t = to_submission(cap)
    greeting = CAFE.banner(t).encode()
    first = t.seq[1]
    t.s(greeting).c("EHLO scanner\r\n").s(CAFE.ehlo())
    t.c("STARTTLS\r\n")
    t.wait(0.2).send(1, "PA", greeting, seq=first, advance=False)
    t.wait(30).close(0)
    return cap


def refused_once(t):
    body(envelope(t)).s("451 4.7.1 Please try again later\r\n")
    return t


@capture(PART, "wire-refused-then-repeated.pcapng",
         """A message is put off, sent again with the same envelope in the same session, and taken.""",
         fires="", near="", outcome="accepted", cause="")
def repeated():
    cap = Capture()
    t = refused_once(hello(to_mx(cap), MX))
    body(envelope(t)).s(queued())
    return ended(t, cap)


@capture(PART, "wire-refused-then-another.pcapng",
         """The near miss: what is taken afterwards is for somebody else.""",
         fires="", near="", outcome="rejected", unsure="cause")
def another():
    cap = Capture()
    t = refused_once(hello(to_mx(cap), MX))
    body(envelope(t, to="anna@contoso.com")).s(queued())
    return ended(t, cap)


@capture(PART, "wire-mirror-without-auth.pcapng",
         """A mirror that decrypts, at a relay that lists AUTH neither before nor inside TLS: STARTTLS
         is gone from the second list, so the server believes that TLS runs.""",
         fires="capture.decrypted_mirror", near="starttls.offered_not_used auth.not_attempted",
         outcome="accepted")
def mirror_without_auth():
    cap = Capture()
    t = starttls(hello(to_mx(cap), MX)).c("EHLO mfp-42.contoso.com\r\n")
    t.s(MX.ehlo(starttls=False))
    body(envelope(t)).s(queued())
    return ended(t, cap)
