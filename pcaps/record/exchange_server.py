#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An SMTP server that speaks as Exchange Online does on the wire: its banners,
# EHLO lists, fixed replies, error trailers and tarpit, or on request what a
# middlebox makes of them.  Takes --port, --certs FOLDER, --keylog FILE and a
# JSON list of options, one object for each connection in order (the last one
# repeats); options are listed in README.md.  Stores no message and looks up no
# user: the scenario says which reply is given at which phase.
import argparse
import json
import os
import re
import socket
import sys
import threading
import time

import steps
import tls_bytes

LIST = [
    "SIZE 157286400",
    "PIPELINING",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "STARTTLS",
    "8BITMIME",
    "BINARYMIME",
    "CHUNKING",
    "SMTPUTF8",
]
ROLES = {
    "cafe": {
        "host": "BE1P281CA0440",
        "suffix": "outlook.office365.com",
        "inside": "DEUP281.PROD.OUTLOOK.COM",
        "cert": "cafe.pem",
        "accepted": "250 2.0.0 OK <FR0P281MB2345F1A2B3C4D5E6F70@FR0P281MB2345.DEUP281.PROD."
        "OUTLOOK.COM> [Hostname=FR0P281MB2345.DEUP281.PROD.OUTLOOK.COM]",
    },
    "eop": {
        "host": "DB3PEPF0000885C",
        "suffix": "mail.protection.outlook.com",
        "inside": "eurprd02.prod.outlook.com",
        "cert": "eop.pem",
        "accepted": "250 2.6.0 <{id}@scan.contoso.com> [InternalId=40776918635012, Hostname="
        "AM0PR04MB5678.eurprd04.prod.outlook.com] {size} bytes in 0.214, "
        "{rate} KB/sec Queued mail for delivery -> 250 2.1.5",
    },
    "other": {
        "host": "relay",
        "suffix": "contoso.example",
        "inside": "",
        "cert": "relay.pem",
        "accepted": "250 2.0.0 Ok: queued as 4XyZ1k3Qz7z1",
    },
}
BANNER = {
    "cafe": "220 {fqdn} Microsoft ESMTP MAIL Service ready at {date} +0000 [{tick}]",
    "other": "220 {fqdn} ESMTP Postfix",
}
BANNER["eop"] = BANNER["cafe"]
TICKS_1970 = 621355968000000000


def tick_id():
    """Microsoft's session id looks like .NET ticks of some hours ago."""
    return f"{TICKS_1970 + int((time.time() - 31000) * 10 ** 7):016X}"


def utc(form, milliseconds=False):
    now = time.time()
    text = time.strftime(form, time.gmtime(now))
    return text + (f".{int(now % 1 * 1000):03d}Z" if milliseconds else "")


class Session:
    """One connection; do() runs it to its end."""

    def __init__(self, wire, given, shared):
        self.wire, self.opt, self.shared = wire, given, shared
        role = given.get("role", "cafe")
        self.role = {**ROLES[role], **given}
        self.kind, self.inside, self.hello_seen = role, False, False
        self.tick = tick_id()
        self.fqdn = f"{self.role['host']}.{self.role['suffix']}"
        self.mail_seen = self.authenticated = False
        self.size, self.failures = 0, 0

    # replies

    def trailer(self):
        if self.kind == "other" or not self.opt.get("trailer", True):
            return ""
        where = f"{self.role['host']}.{self.role['inside']}"
        if self.opt.get("old_trailer"):
            return f" [{where}]"
        return f" [{where} {utc('%Y-%m-%dT%H:%M:%S', True)} {self.tick}]"

    def say(self, text):
        time.sleep(self.opt.get("pause", 0.012))
        self.wire.send(text.encode("latin-1") + b"\r\n")

    def refuse(self, text):
        """An error reply: late, with the trailer unless the text says |bare."""
        time.sleep(self.opt.get("tarpit", 1.2))
        bare = text.endswith("|bare")
        text = text[:-5] if bare else text
        self.say(text if bare or text.endswith("]") else text + self.trailer())
        if text.startswith("421"):
            raise steps.Gone("421")

    def failing(self, phase):
        """The scenario's reply for this phase; a list gives one for each time."""
        reply = self.opt.get("fail", {}).get(phase)
        if isinstance(reply, list):
            reply = reply.pop(0) if reply else None
        if not reply:
            return False
        if reply in ("rst", "fin"):
            self.wire.close(reply)
            raise steps.Gone(reply)
        if reply == "silent":
            steps.wait_silent(self.wire, 60)
        self.refuse(reply)
        return True

    # commands

    def do(self):
        if self.opt.get("raw_first"):
            if steps.run(self.wire, self.opt["raw_first"], self.shared.certs):
                return
        time.sleep(self.opt.get("banner_delay", 0.02))
        if self.failing("connect"):
            return
        date = utc("%a, ") + utc("%d").lstrip("0") + utc(" %b %Y %H:%M:%S")
        form = self.opt.get("banner", BANNER[self.kind])
        self.say(form.format(fqdn=self.fqdn, date=date, tick=self.tick))
        while True:
            line = self.wire.line()
            words = line.decode("latin-1").strip()
            verb = words.split(" ")[0].upper()
            handler = getattr(self, "on_" + verb.lower(), None) if verb.isalpha() else None
            if handler is None:
                self.refuse(f"500 5.3.3 Unrecognized command '{verb[:20]}'")
            elif handler(words) == "end":
                return

    def keywords(self):
        words = list(self.opt.get("list", LIST))
        if self.inside or self.opt.get("auth_before_tls"):
            at = words.index("STARTTLS") if "STARTTLS" in words else len(words)
            if self.kind != "eop" or self.opt.get("auth_before_tls"):
                words.insert(at, "AUTH " + self.opt.get("mechanisms", "LOGIN XOAUTH2"))
        if self.inside:
            return [w for w in words if w != "STARTTLS"]
        words = [w for w in words if w not in self.opt.get("drop", [])]
        return [self.opt.get("mask", {}).get(w.split(" ")[0], w) for w in words]

    def hello_ip(self):
        return self.opt.get("hello_ip", "203.0.113.25")

    def on_ehlo(self, _words):
        phase = "ehlo2" if self.inside else "ehlo"
        if self.failing(phase):
            return
        self.hello_seen = True
        greeting = self.opt.get("greeting", f"{self.fqdn} Hello [{self.hello_ip()}]")
        lines = [greeting] + self.keywords()
        if not self.inside and self.opt.get("ehlo_cut"):
            lines = [self.fqdn]
        out = [f"250{'-' if i < len(lines) - 1 else ' '}{w}" for i, w in enumerate(lines)]
        self.say("\r\n".join(out))

    def on_helo(self, _words):
        if not self.failing("helo"):
            self.hello_seen = True
            self.say(f"250 {self.fqdn} Hello [{self.hello_ip()}]")

    def on_starttls(self, _words):
        if not self.hello_seen and not self.opt.get("lenient"):
            self.refuse("503 5.5.2 Send hello first")
            return None
        if self.inside:
            self.refuse("503 5.5.1 Bad sequence of commands")
            return None
        if self.failing("starttls"):
            return None
        early = self.wire.plain
        self.wire.plain = b""
        time.sleep(self.opt.get("slow_220", 0))
        ready = self.opt.get("ready", "220 2.0.0 SMTP server ready")
        self.say(ready + ("\r\n" + self.opt["after_220"] if "after_220" in self.opt else ""))
        if "raw" in self.opt:
            ended = steps.run(self.wire, self.opt["raw"], self.shared.certs)
            return "end" if ended else None
        if "backend" in self.opt:
            return self.pass_on()
        if not self.opt.get("stay_plain"):
            return self.secure(early if early[:1] == b"\x16" else b"")
        self.wire.plain = early
        self.inside, self.hello_seen = True, False
        return None

    def secure(self, early):
        given = {"cert": self.role["cert"], "keylog": self.shared.keylog, **self.opt.get("tls", {})}
        if given.get("close_on_hello"):
            steps.read_records(self.wire, 1)
            time.sleep(0.01)
            self.wire.close(given["close_on_hello"])
            return "end"
        if given.get("mute_on_hello"):
            steps.wait_silent(self.wire, 60)
        edit = tls_bytes.without_versions_extension if given.get("hide_versions") else None
        self.wire.plain = early
        ctx = self.shared.context if given.get("resume") else None
        ctx = ctx or steps.context(given, self.shared.certs, server=True)
        self.shared.context = ctx
        self.wire.start_tls(
            ctx,
            server=True,
            quirk=given.get("quirk", ""),
            edit_hello=edit,
            delay=given.get("delay", 0),
        )
        self.inside, self.hello_seen = True, False
        if given.get("die_after"):
            self.wire.close(given["die_after"])
            return "end"
        return None

    def pass_on(self):
        """Bytes to and from another TLS server, from here to the end."""
        far = socket.create_connection(tuple(self.opt["backend"]))

        def pump(source, sink):
            try:
                while data := source.recv(65536):
                    sink.sendall(data)
                sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass

        back = threading.Thread(target=pump, args=(far, self.wire.sock), daemon=True)
        back.start()
        pump(self.wire.sock, far)
        back.join(3)
        return "end"

    def on_auth(self, words):
        parts = words.split(" ")
        mechanism = parts[1].upper() if len(parts) > 1 else ""
        offered = self.opt.get("mechanisms", "LOGIN XOAUTH2").split(" ")
        allowed = self.inside or self.opt.get("auth_before_tls")
        if self.failing("auth_verb"):
            return
        if (
            mechanism not in offered
            or not allowed
            or (self.kind == "eop" and not self.opt.get("auth_before_tls"))
        ):
            self.refuse("504 5.7.4 Unrecognized authentication type")
            return
        if mechanism == "LOGIN":
            prompts = ["VXNlcm5hbWU6", "UGFzc3dvcmQ6"][len(parts) - 2 :]
        else:
            prompts = [""] if len(parts) == 2 else []
        challenge = self.opt.get("auth_challenge")
        if mechanism == "CRAM-MD5":
            prompts, challenge = [challenge], None
        for prompt in prompts:
            self.say("334 " + prompt)
            answer = self.wire.line()
            if answer.strip() == b"*":
                self.say("501 5.7.0 Authentication cancelled")
                return
            if prompt == "VXNlcm5hbWU6" and self.failing("auth_user"):
                return
        if challenge:
            self.say("334 " + challenge)
            self.wire.line()
        if not self.failing("auth"):
            self.authenticated = True
            time.sleep(self.opt.get("slow_ok", 0))
            self.say("235 2.7.0 Authentication successful")

    def on_mail(self, words):
        if self.failing("mail"):
            return
        if not self.hello_seen:
            self.refuse("503 5.5.2 Send hello first")
        elif not re.match(r"(?i)MAIL FROM: ?<[^>]*>", words):
            self.refuse("501 5.1.7 Invalid address")
        elif self.kind == "cafe" and not self.inside and not self.opt.get("lenient"):
            self.refuse("451 5.7.3 STARTTLS is required to send mail")
        elif self.kind == "cafe" and not self.authenticated and not self.opt.get("lenient"):
            self.refuse("530 5.7.57 Client not authenticated to send mail.")
        else:
            self.mail_seen = True
            self.say("250 2.1.0 Sender OK")

    def on_rcpt(self, _words):
        if self.failing("rcpt"):
            return
        if not self.mail_seen:
            self.refuse("503 5.5.1 Bad sequence of commands")
            return
        self.say("250 2.1.5 Recipient OK")

    def on_data(self, _words):
        if self.failing("data"):
            return
        if not self.mail_seen:
            self.refuse("503 5.5.1 Bad sequence of commands")
            return
        self.say("354 Start mail input; end with <CRLF>.<CRLF>")
        self.size, before = 0, b"\r\n"
        # only CRLF "." CRLF ends the letter (RFC 5321 section 4.1.1.4)
        while (line := self.wire.line()) != b".\r\n" or not before.endswith(b"\r\n"):
            self.size, before = self.size + len(line), line
        self.finish()

    def on_bdat(self, words):
        parts = words.split(" ")
        self.wire.exactly(int(parts[1]))
        self.size += int(parts[1])
        if len(parts) > 2:
            self.finish()
        else:
            self.say(f"250 2.0.0 CHUNK received OK, {parts[1]} octets")

    def finish(self):
        self.mail_seen = False
        if not self.failing("dot"):
            self.say(self.role["accepted"].format(id="20261125.1042", size=self.size, rate=11.4))

    def on_rset(self, _words):
        self.mail_seen = False
        self.say("250 2.0.0 Resetting")

    def on_noop(self, _words):
        self.say("250 2.0.0 OK")

    def on_vrfy(self, _words):
        self.say("252 2.1.5 Cannot VRFY user")

    def on_help(self, _words):
        self.say(
            "214 2.0.0 This server supports the following commands:\r\n"
            "214 HELO EHLO STARTTLS RCPT DATA RSET MAIL QUIT HELP AUTH BDAT"
        )

    def on_quit(self, _words):
        self.say("221 2.0.0 Service closing transmission channel")
        self.wire.unwrap()
        return "end"


def serve(sock, given, shared):
    wire = steps.Wire(sock, given.get("patience", 40))
    session = Session(wire, given, shared)
    try:
        session.do()
    except steps.Gone as gone:
        print("ended:", gone, file=sys.stderr, flush=True)
        if str(gone) == "421":
            wire.unwrap()
    finally:
        wire.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certs", required=True)
    parser.add_argument("--keylog")
    parser.add_argument("--options", required=True)
    shared = parser.parse_args()
    shared.context = None
    with open(shared.options, encoding="utf-8") as text:
        rows = json.load(text)
    # TLS settings of the distribution would refuse what old devices offer
    os.environ.setdefault("OPENSSL_CONF", "/dev/null")
    listener = socket.create_server(
        ("::", shared.port), family=socket.AF_INET6, dualstack_ipv6=True
    )
    print("ready", flush=True)
    count = 0
    while True:
        sock, _ = listener.accept()
        given = json.loads(json.dumps(rows[min(count, len(rows) - 1)]))
        count += 1
        threading.Thread(target=serve, args=(sock, given, shared), daemon=True).start()


main()
