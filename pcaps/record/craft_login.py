# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures of logins in clear that are not whole: lines lost, cut at the snap length, only one
direction, and what looks like it but gave no password away."""
import base64
import os

import transform
from craft import Capture, Tcp
from craft_quality import Packets
from craft_smtp import (CLIENT, FROM, GO_ON, RCPT_OK, SENDER_OK, bye, message, queued, server)
from craft_story import ROOT, capture, secret

PART = "login"
NAME = b"250-relay.contoso.example Hello [10.1.2.30]\r\n250-SIZE 31457280\r\n"
RELAY = server("198.51.100.25", ttl=57)
USER = "scanner@contoso.com"
PASSWORD = secret("Rhoen-Mappe+5518")
ASK_USER, ASK_PASSWORD = "334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n"
TAKEN = "235 2.7.0 Authentication successful\r\n"
REFUSED = "535 5.7.8 Error: authentication failed\r\n"
EXPOSED = "auth.cleartext_password auth.port25"


def b64(text):
    return base64.b64encode(text.encode()).decode()


PLAIN = "AUTH PLAIN " + secret(b64(f"\0{USER}\0{PASSWORD}")) + "\r\n"
ANSWER = secret(b64(PASSWORD)) + "\r\n"


def begin(mechanisms="PLAIN LOGIN"):
    cap = Capture()
    t = Tcp(cap, CLIENT, RELAY, 25).open()
    t.s("220 relay.contoso.example ESMTP Postfix\r\n").c("EHLO mfp-42\r\n")
    t.s(NAME + f"250-AUTH {mechanisms}\r\n250 8BITMIME\r\n".encode())
    return cap, t


def lost(t, text):
    """The client sends it and the server acknowledges it, but the capture does not have it."""
    t.seq[0] += len(text)
    t.wait(t.rtt).send(1, "A")
    return t


def mail(t):
    t.c(f"MAIL FROM:<{FROM}>\r\n").s(SENDER_OK).c(f"RCPT TO:<{FROM}>\r\n").s(RCPT_OK)
    t.c("DATA\r\n").s(GO_ON).c(message(800)).c(".\r\n").s(queued())
    bye(t)


@capture(PART, "login-plain-line-lost.pcapng",
         """The line AUTH PLAIN is not in the capture; the server takes the login, and offers nothing
         but mechanisms that send the password itself.""", fires=EXPOSED + " capture.loss",
         near="auth.cleartext_hash", outcome="accepted", exposure="password")
def plain_lost():
    cap, t = begin()
    mail(lost(t, PLAIN).s(TAKEN))
    return cap


@capture(PART, "login-unknown-line-lost.pcapng",
         """The same where the server also offers CRAM-MD5: what crossed is not known.""",
         fires="capture.loss", near="auth.cleartext_password auth.cleartext_hash",
         outcome="accepted", exposure="unknown")
def unknown_lost():
    cap, t = begin("PLAIN LOGIN CRAM-MD5")
    mail(lost(t, PLAIN).s(TAKEN))
    return cap


@capture(PART, "login-first-line-lost.pcapng",
         """AUTH LOGIN itself was lost; the server's questions and its 235 show the rest.""",
         fires=EXPOSED + " capture.loss", near="auth.cleartext_user", outcome="accepted",
         exposure="password")
def first_lost():
    cap, t = begin()
    lost(t, "AUTH LOGIN\r\n").s(ASK_USER).c(b64(USER) + "\r\n").s(ASK_PASSWORD).c(ANSWER)
    mail(t.s(TAKEN))
    return cap


@capture(PART, "login-password-line-lost.pcapng",
         """Only the line with the password was lost; the server asked for it and refused it.""",
         fires=EXPOSED + " auth.rejected capture.loss", near="auth.cleartext_user",
         outcome="rejected", cause="auth.rejected", stopped_at="auth", exposure="password")
def password_lost():
    cap, t = begin()
    t.c("AUTH LOGIN\r\n").s(ASK_USER).c(b64(USER) + "\r\n").s(ASK_PASSWORD)
    bye(lost(t, ANSWER).s(REFUSED))
    return cap


@capture(PART, "login-cancel-line-lost.pcapng",
         """The line that was lost is the device's "*": the server was asked to stop (RFC 4954 4).""",
         fires="auth.cleartext_user capture.loss", near="auth.cleartext_password",
         outcome="rejected", exposure="user", unsure="cause stopped_at")
def cancel_lost():
    cap, t = begin()
    t.c("AUTH LOGIN\r\n").s(ASK_USER).c(b64(USER) + "\r\n").s(ASK_PASSWORD)
    bye(lost(t, "*\r\n").s("501 5.7.0 Authentication aborted\r\n"))
    return cap


@capture(PART, "login-cram-line-lost.pcapng",
         """A CRAM-MD5 dialogue whose first line was lost: what the server asks for is no password.""",
         fires="capture.loss", near="auth.cleartext_password", outcome="accepted")
def cram_lost():
    cap, t = begin("CRAM-MD5 LOGIN")
    lost(t, "AUTH CRAM-MD5\r\n").s("334 " + b64("<1896.697170952@relay.contoso.example>") + "\r\n")
    t.c(secret(b64(USER + " 9dfc3c6b8d0ef2c7b1a5d4e3f2019182")) + "\r\n")
    mail(t.s(TAKEN))
    return cap


@capture(PART, "login-server-side-only.pcapng",
         """Only what the server sends was mirrored: its question for the password and its 235.""",
         fires=EXPOSED + " capture.one_sided", near="auth.cleartext_user capture.loss", outcome="accepted",
         exposure="password")
def server_side():
    cap, t = begin()
    t.c("AUTH LOGIN\r\n").s(ASK_USER).c(b64(USER) + "\r\n").s(ASK_PASSWORD).c(ANSWER)
    mail(t.s(TAKEN))
    cap.packets = transform.one_direction(cap.packets, False)
    return cap


@capture(PART, "login-snapped.pcapng",
         """A snap length of 96 cuts the line AUTH PLAIN behind its first letters.""",
         fires=EXPOSED + " capture.snaplen", near="auth.cleartext_user", outcome="accepted",
         exposure="password")
def snapped():
    cap, t = begin()
    mail(t.c(PLAIN).s(TAKEN))
    cap.packets = transform.snap(cap.packets, 96)
    return cap


@capture(PART, "login-password-not-base64.pcapng",
         """A device that sends its password as it is, not in base64.""",
         fires=EXPOSED, near="auth.cleartext_user", outcome="rejected", stopped_at="auth",
         unsure="cause", exposure="password")
def not_base64():
    cap, t = begin()
    t.c("AUTH LOGIN\r\n").s(ASK_USER).c(b64(USER) + "\r\n").s(ASK_PASSWORD).c(PASSWORD + "\r\n")
    bye(t.s("501 5.5.2 Cannot decode base64\r\n"))
    return cap


def late(name, first):
    """A recording as of its first segment that begins so."""
    packets = transform.read_capture(os.path.join(ROOT, name))
    at = next(i for i, p in enumerate(packets) if transform.payload(p[1]).startswith(first))
    return Packets(packets[at:])


@capture(PART, "login-mirror-late.pcapng",
         """A mirror that decrypts, and a capture that begins inside the login: Microsoft 365 goes
         into none before TLS, so this one was inside.""", fires="capture.midstream",
         near="auth.cleartext_password auth.cleartext_user", cause="auth.bad_credentials",
         stopped_at="auth", outcome="rejected")
def mirror_late():
    return late("auth-535-credentials.pcapng", b"334 UG")


@capture(PART, "login-mirror-late-token.pcapng",
         """The same, from the line AUTH XOAUTH2 on.""",
         fires="capture.midstream capture.decrypted_mirror", near="auth.cleartext_password",
         cause="auth.oauth_bad", stopped_at="auth", outcome="rejected", exposure="none")
def mirror_late_token():
    return late("auth-xoauth2-challenge.pcapng", b"AUTH XOAUTH2")
