# SPDX-License-Identifier: GPL-2.0-or-later
"""Dialogues in which a secret stands where it may, and a server that repeats it wherever a server can:
greeting, list, replies, prompts, in every writing. DIALOGUES: name -> function of a connection. The
passwords are made up here, so no output may hold any part of them."""
import base64
import urllib.parse

from traffic import GREETING, LIST, b64

USER = "alice@contoso.com"
WORD = "Qz7KpvXw92Lm"
SIGNS = "Qz7Kp!vXw9#2"
LONG = "Qz7KpvXw92 horse battery staple #Tail77$Zebra!end"
TOKEN = "eyJhbGciOiJSUzI1NiJ9." + b64('{"aud":"Qz7KpvXw92"}').rstrip("=") + ".Qz7KpvXw92" + "A1b" * 60
# Parts that a reader of an output would look for.
PARTS = ["Qz7K", "z7Kpv", "vXw92", "w92Lm", "horse", "battery", "Tail77", "Zebra!", "A1bA1b"]
DIALOGUES = {}


def dialogue(make):
    DIALOGUES[make.__name__] = make
    return make


def plain(secret):
    return b64(f"\0{USER}\0{secret}")


def login(c, secret, code="535"):
    c.says("c", f"AUTH PLAIN {plain(secret)}\r\n")
    c.says("s", f"{code} 5.7.3 no\r\n")


def writings(secret):
    """How a server could write it: as it is, base64 at each alignment, hexadecimal, escaped, wide."""
    raw = secret.encode()
    shifted = [base64.b64encode(b"x" * k + raw).decode() for k in range(3)]
    return [secret, secret.upper(), *shifted, *(text.rstrip("=") for text in shifted), raw.hex(),
            raw.hex().upper(), "".join(f"%{byte:02X}" for byte in raw), urllib.parse.quote(secret),
            secret.encode("utf-16-le").decode("latin-1"), plain(secret)]


def searched(secret):
    """What to look for in an output: each writing, less what the alignment shares with its neighbours."""
    found = {text[2:-3] if len(text) > 14 else text for text in writings(secret)}
    return {text.encode("latin-1") for text in found}


for number, password in enumerate((WORD, SIGNS, LONG)):
    def repeats(c, secret=password):
        c.greet()
        login(c, secret)
        for code in ("250", "451", "500", "535", "550"):
            for text in writings(secret):
                c.says("c", "RSET\r\n")
                c.says("s", f"{code} your word {text} is known\r\n".encode("latin-1"))
    repeats.__name__ = f"repeats_{number}"
    dialogue(repeats)


@dialogue
def split_at_every_byte(c):
    c.greet()
    login(c, WORD)
    for code in ("250", "550"):
        for at in range(1, len(WORD)):
            c.says("c", "RSET\r\n")
            c.says("s", f"{code}-your word {WORD[:at]}\r\n{code} {WORD[at:]} is known\r\n")
            c.says("c", "RSET\r\n")
            c.says("s", f"{code} your word {WORD} is known\r\n", size=20 + at)


@dialogue
def in_greeting_and_list(c):
    c.says("s", GREETING)
    c.says("c", "EHLO a\r\n")
    c.says("s", LIST)
    login(c, WORD)
    c.says("c", "EHLO a\r\n")
    c.says("s", f"250-mail Hello {WORD}\r\n250-X {WORD}\r\n250-AUTH {WORD}\r\n250 SIZE 1\r\n")
    c.says("c", "EHLO a\r\n")
    c.says("s", f"250-mail Hello {WORD[:5]}\r\n250-{WORD[5:]}\r\n250 SIZE 1\r\n")
    c.says("s", f"421 4.7.0 {WORD} [AM0PR01CA0001.outlook.com 2026-11-30T05:00:00.000Z 08DE{WORD}]\r\n")


@dialogue
def greeting_lost(c):
    c.lose("s", GREETING)
    c.says("c", "EHLO printer\r\n")
    c.lose("s", LIST)
    c.says("c", f"AUTH PLAIN {plain(WORD)}\r\n")
    c.says("s", f"535 5.7.8 bad {WORD}\r\n")
    c.says("s", f"220 {WORD} ESMTP\r\n")


@dialogue
def without_padding(c):
    c.greet()
    for secret in (WORD, WORD + "1", WORD + "12"):
        c.says("c", f"AUTH PLAIN {plain(secret).rstrip('=')}\r\n")
        c.says("s", f"535 5.7.8 authentication failed for {secret} of you\r\n")


@dialogue
def prompts(c):
    c.greet()
    c.says("c", "AUTH LOGIN\r\n")
    c.says("s", "334 VXNlcm5hbWU6\r\n")
    c.says("c", b64(USER) + "\r\n")
    c.says("s", "334 UGFzc3dvcmQ6\r\n")
    c.says("c", b64(WORD) + "\r\n")
    c.says("s", f"334 {b64(WORD)}\r\n")
    c.says("c", WORD + "\r\n")
    c.says("s", f"235 ok {WORD}\r\n")


@dialogue
def tokens(c):
    c.greet()
    payload = b64(f"user={USER}\1auth=Bearer {TOKEN}\1\1")
    c.says("c", f"AUTH XOAUTH2 {payload}\r\n")
    c.says("s", f"334 {b64(TOKEN)}\r\n")
    c.says("c", "\r\n")
    c.says("s", f"535 5.7.3 {TOKEN} {TOKEN[:40]} {payload[:60]}\r\n")


@dialogue
def where_a_mechanism_belongs(c):
    c.greet()
    for word in (plain(WORD), WORD, WORD.upper(), f"PLAIN={plain(WORD)}"):
        c.says("c", f"AUTH {word}\r\n")
        c.says("s", f"504 5.7.4 Unrecognized authentication type {word}\r\n")


@dialogue
def in_commands(c):
    c.greet()
    for line in (f"EHLO x\rAUTH PLAIN {plain(WORD)}", f"EHLO x  {plain(WORD)}", f"NOOP {WORD}", f"HELP {WORD}",
                 f"MAIL FROM:<a@contoso.com> AUTH=<> PASSWORD={WORD}", f"MAIL FROM:<a@contoso.com:{WORD}>",
                 f"MAIL FROM:<a@contoso.com> {WORD}", f"RCPT TO:<b@contoso.com> XPASS={WORD}",
                 f"XCLIENT NAME=a LOGIN=alice PASSWORD={WORD}", f"PASS {WORD}", f"password={WORD}",
                 f"BURL imap://harry:{WORD}@imap.example.org/Sent;urlauth=x LAST", f"LOGIN {USER} {WORD}"):
        c.says("c", line + "\r\n")
        c.says("s", "500 no\r\n")


@dialogue
def beside_a_body(c):
    c.greet()
    c.says("c", "MAIL FROM:<a@contoso.com>\r\nRCPT TO:<b@contoso.com>\r\nDATA\r\n")
    c.says("s", "250 ok\r\n250 ok\r\n354 go\r\n")
    c.says("c", f"Subject: x\r\n\r\nx\r\n.\r\nRSET\r\nAUTH PLAIN {plain(WORD)}\r\n")
    c.says("s", "250 ok\r\n250 ok\r\n235 ok\r\n")
    c.says("c", f"DATA\r\nAUTH PLAIN {plain(WORD)}\r\n")
    c.says("s", "503 5.5.1 no\r\n235 ok\r\n")
    c.says("c", "BDAT 100000 LAST\r\n")
    c.says("s", "530 5.7.57 Client not authenticated\r\n")
    c.says("c", f"AUTH PLAIN {plain(WORD)}\r\n")
    c.says("s", "235 ok\r\n")
