# SPDX-License-Identifier: GPL-2.0-or-later
"""A server that speaks like Exchange Online and clients that send mail through it, over real TLS. What each
session will do is drawn before it begins; the draw is the truth that the tool's answer is held against."""
import base64
import socket
import threading
import time

import sentences as say
from wire import Closed, Maker, connect

LIST = ["SIZE 157286400", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "STARTTLS", "8BITMIME", "BINARYMIME", "CHUNKING"]
FIRST_PORT = 20000  # a port of its own for each session, so that none comes twice
DATE = "Sun, 23 Nov 2025 11:12:20 +0000"


def draw_host(rng, mx):
    """(first label, domain of the trailer)"""
    city = rng.choice(["AM0", "BE1", "FR5", "LO3", "DB6", "SN1", "CH0"])
    if mx:
        return f"{city}PEPF{say.hexadecimal(rng, 8)}", "namprd%02d.prod.outlook.com" % rng.randint(1, 21)
    if rng.random() < .55:
        return (f"{city}PR%02dCA%04d" % (rng.randint(1, 21), rng.randint(1, 9999)),
                "eurprd%02d.prod.outlook.com" % rng.randint(1, 21))
    number = rng.randint(200, 299)
    return f"{city}P{number}CA%04d" % rng.randint(1, 9999), f"DEUP{number}.PROD.OUTLOOK.COM"


CLIENTS = ["login", "initial", "xoauth2", "xoauth2_two", "plain", "none", "goes_on", "mx"]


def ends_of(client):
    """Everything that can become of a session of this client: (kind, label)."""
    if client in ("plain", "none"):
        return [(client, None)]
    if client == "mx":
        return [("ok_mx", None)] + [("MX", k) for k in say.MX]
    at = 2 if client.startswith("xoauth2") else 1
    return ([("ok", None)] + [("MESSAGE", k) for k in say.MESSAGE] +
            [("AUTH", k) for k, v in say.AUTH.items() if v[at]])


def draw_label(rng, row, number):
    """(client, kind of end, label): clients and ends go round, or come as often as in the field."""
    if row.get("mix") != "field":
        client = CLIENTS[number % len(CLIENTS)]
        ends = ends_of(client)
        return client, *ends[number // len(CLIENTS) % len(ends)]
    if rng.random() < .5:
        return rng.choice([("login", "ok", None), ("login", "ok", None), ("mx", "ok_mx", None)])
    if rng.random() < .2:
        return "mx", "MX", rng.choice(list(say.MX))
    return "login", "AUTH", rng.choices(list(say.AUTH), [v[1] for v in say.AUTH.values()])[0]


def draw_truth(rng, row, number):
    """What the session will be."""
    t = {"number": number, "port": FIRST_PORT + number, "unlisted": None}
    t["client"], kind, key = draw_label(rng, row, number)
    t["mx"] = t["client"] == "mx"
    t["mech"] = {"login": "LOGIN", "goes_on": "LOGIN", "initial": "LOGIN", "xoauth2": "XOAUTH2", "xoauth2_two": "XOAUTH2",
                 "plain": "PLAIN"}.get(t["client"])
    t["host"], t["domain"] = draw_host(rng, t["mx"])
    t["ip"] = ".".join(str(rng.randint(1, 254)) for _ in range(4))
    t["id"] = say.hexadecimal(rng)
    t["trailer"] = f" [{t['host']}.{t['domain']} 2025-11-23T11:12:%02d.%03dZ {t['id']}]" % (
        rng.randint(0, 59), rng.randint(0, 999))
    t["name"] = say.letters(rng, rng.randint(4, 24)) + rng.choice(["", ".contoso.com"])
    t["helo"] = rng.random() < row.get("helo", 0)
    t["goes_on"] = t["client"] == "goes_on" or rng.random() < .1
    t["bare"] = rng.random() < .3
    t["retries"] = rng.choices([0, 1, 2], [.6, .25, .15])[0]
    t["quits"] = rng.random() < .7
    t["recipients"] = rng.choices([1, 2, 3, 5], [.7, .15, .1, .05])[0]
    t["message"] = rng.choice([300, 2000, 40000, 120000])
    t["user"] = say.letters(rng, rng.randint(4, 12)) + "@contoso.com"
    t["password"] = say.letters(rng, rng.randint(8, 20))
    t["token"] = say.letters(rng, rng.randint(1100, 2600))
    draw_end(rng, row, t, kind, key)
    return t


def draw_end(rng, row, t, kind, key):
    if kind == "none":
        set_end(t, "not_authenticated", "not_authenticated_530", None, say.NOT_AUTHENTICATED)
    elif kind == "plain":
        set_refusal(rng, t, "login_refused", *say.MECHANISM, row)
    elif kind in ("ok", "ok_mx"):
        set_end(t, "accepted", kind, "accepted", None)
    elif kind == "MESSAGE":
        set_end(t, "message_refused", key, *say.MESSAGE[key])
    elif kind == "AUTH":
        group, _, _, sentence = say.AUTH[key]
        if key == "auth_unsuccessful_573" and t["mech"] == "XOAUTH2":
            group = "oauth"
        set_refusal(rng, t, "login_refused", key, group, sentence, row)
    else:
        group, command, sentence = say.MX[key]
        set_refusal(rng, t, "sender_refused" if command == "MAIL" else "recipient_refused", key, group, sentence, row)


def set_end(t, statement, label, group, sentence):
    t.update(statement=statement, label=label, group=group, sentence=sentence, slow=True)


def set_refusal(rng, t, statement, label, group, sentence, row):
    set_end(t, statement, label, group, sentence)
    fill = {"ip": t["ip"], "hex": say.hexadecimal(rng), "token": rng.choice(["(S77)", "(AS843)", "(S77714)"]),
            "as": rng.choice(["AS(1450)", "(AS16012609)"])}
    listed = sentence
    for key, value in fill.items():
        listed = listed.replace("{" + key + "}", value)
    t["records"] = [listed + t["trailer"] + "\r\n"]
    share = row.get("unlisted", .45 if row.get("mix") != "field" else .08)
    if rng.random() < share:
        t["unlisted"], t["records"] = say.unlisted(rng, listed, t["trailer"])
        t["slow"] = rng.random() >= .25
    t["listed"] = listed


def wait_of(rng, slow):
    if not slow:
        return rng.uniform(.05, .4)
    kind = rng.random()
    return rng.uniform(.05, .3) if kind < .08 else rng.uniform(4.5, 5.6) if kind < .93 else rng.uniform(7, 8.5)


class Lines:
    """Lines over a channel."""

    def __init__(self, channel):
        self.channel, self.rest = channel, b""

    def line(self):
        while b"\r\n" not in self.rest:
            self.rest += self.channel.recv()
        line, self.rest = self.rest.split(b"\r\n", 1)
        return line.decode("latin-1")

    def reply(self):
        while True:
            line = self.line()
            if line[3:4] != "-":
                return line

    def body(self):
        while not (self.rest.endswith(b"\r\n.\r\n") or b"\r\n.\r\n" in self.rest):
            self.rest += self.channel.recv()
        self.rest = self.rest.split(b"\r\n.\r\n", 1)[1]

    def waiting(self):
        return b"\r\n" in self.rest


class Plain:
    """The clear part of a session as a channel."""

    def __init__(self, sock):
        self.sock = sock

    def send(self, data):
        self.sock.sendall(data)

    def recv(self):
        data = self.sock.recv(65536)
        if not data:
            raise Closed
        return data


class Server:
    """One side of one session."""

    def __init__(self, world, sock, truth):
        self.world, self.sock, self.t = world, sock, truth
        self.rng = say.seeded("server", world.seed, truth["number"])
        self.out, self.refused, self.login = [], False, False

    def put(self, text):
        """One record, or part of one when the row gathers the replies to a group."""
        self.out.append(text)
        if not (self.world.row.get("gather") and self.lines.waiting()):
            self.flush()

    def flush(self):
        if self.out:
            self.channel.send("".join(self.out).encode("latin-1"))
        self.out = []

    def pause(self, slow):
        """A server that waits has sent what it had to say before (as one was seen to do)."""
        wait = wait_of(self.rng, slow)
        if wait > 1:
            self.flush()
        time.sleep(wait * self.world.scale)
        return wait > 1

    def ehlo(self, inner):
        t, kind = self.t, ".mail.protection.outlook.com" if self.t["mx"] else ".outlook.office365.com"
        words = [f"{t['host']}{kind} Hello [{t['ip']}]"] + LIST
        if inner:
            words[words.index("STARTTLS")] = "AUTH LOGIN XOAUTH2"
            if t["mx"]:
                words.remove("AUTH LOGIN XOAUTH2")
        return "".join(f"250{' ' if i == len(words) - 1 else '-'}{w}\r\n" for i, w in enumerate(words))

    def clear(self):
        t, kind = self.t, ".mail.protection.outlook.com" if self.t["mx"] else ".outlook.office365.com"
        self.channel = Plain(self.sock)
        self.lines = Lines(self.channel)
        greeting = self.world.row.get("greeting", "Microsoft ESMTP MAIL Service ready at")
        self.channel.send(f"220 {t['host']}{self.world.row.get('suffix', kind)} {greeting} {DATE} [{t['id']}]\r\n"
                          .encode())
        while True:
            line = self.lines.line()
            if line == "STARTTLS":
                self.channel.send(b"220 2.0.0 SMTP server ready\r\n")
                return
            self.channel.send(self.ehlo(False).encode())

    def run(self):
        self.clear()
        self.channel = self.world.server_maker.channel(self.sock)
        self.lines = Lines(self.channel)
        while True:
            line = self.lines.line()
            verb = line.split(" ")[0].upper()
            if verb == "QUIT":
                self.put("221 2.0.0 Service closing transmission channel\r\n")
                break
            getattr(self, "on_" + verb.lower())(line)
        self.channel.close()

    def on_ehlo(self, _):
        extra = self.world.row.get("inner_extra", "")
        self.put(self.ehlo(True) if not extra else self.ehlo(True).replace("250-DSN", extra + "250-DSN"))

    def on_helo(self, _):
        kind = ".mail.protection.outlook.com" if self.t["mx"] else ".outlook.office365.com"
        self.put(f"250 {self.t['host']}{kind} Hello [{self.t['ip']}]\r\n")

    def refuse(self):
        waited = self.pause(self.t["slow"])
        for record in self.t["records"]:
            self.put(record)
            if waited or len(self.t["records"]) > 1:
                self.flush()
                time.sleep(.002)
        self.refused = True

    def on_auth(self, line):
        words = line.split(" ")
        self.pause(False)
        if words[1] == "PLAIN":
            self.refuse()
            return
        if words[1] == "LOGIN":
            if len(words) < 3:
                self.put("334 VXNlcm5hbWU6\r\n")
                self.lines.line()
            self.put("334 UGFzc3dvcmQ6\r\n")
            self.lines.line()
        elif len(words) < 3:
            self.put("334 \r\n")
            self.lines.line()
        if self.t["statement"] == "login_refused":
            self.refuse()
            return
        self.pause(False)
        self.login = True
        self.put("235 2.7.0 Authentication successful\r\n")

    def on_mail(self, _):
        t = self.t
        self.mail = False
        if not t["mx"] and not self.login:
            waited = self.pause(True)
            again = self.refused and not t["bare"] and not t["unlisted"]
            again = again and t["label"] not in ("temp_server_error_451", "mech_unsupported_504")
            self.put((say.NOT_AUTHENTICATED + (" Error: " + t["listed"] if again else "")) + t["trailer"] + "\r\n")
            if waited:
                self.flush()
        elif t["statement"] == "sender_refused":
            self.refuse()
        else:
            self.mail, self.rcpt = True, 0
            self.put("250 2.1.0 Sender OK\r\n")

    def on_rcpt(self, _):
        if not self.mail:
            self.put("503 5.5.2 Need mail command" + self.t["trailer"] + "\r\n")
        elif self.t["statement"] == "recipient_refused":
            self.refuse()
        else:
            self.rcpt += 1
            self.put("250 2.1.5 Recipient OK\r\n")

    def on_data(self, _):
        if not self.mail or not self.rcpt:
            self.put(f"503 5.5.2 Need {'rcpt' if self.mail else 'mail'} command" + self.t["trailer"] + "\r\n")
            return
        self.put("354 Start mail input; end with <CRLF>.<CRLF>\r\n")
        self.lines.body()
        self.pause(False)
        self.put(self.answer() + "\r\n")

    def answer(self):
        t, rng = self.t, self.rng
        fqdn = f"AM9PR{rng.randint(1, 99):02d}MB{rng.randint(1000, 9999)}.eurprd{rng.randint(1, 21):02d}.prod.outlook.com"
        exchange = f"<{t['host']}{say.hexadecimal(rng, 25).lower()}@{fqdn}>"
        own = f"<{say.letters(rng, rng.randint(14, 60))}@{t['name']}>"
        message = own if rng.random() < .75 and 20 <= len(own) <= 90 else exchange
        if t["statement"] == "message_refused":
            return (t["sentence"].replace("{fqdn}", fqdn).replace("{a}", t["user"]).replace("{b}", "other@contoso.com")
                    .replace("{diag}", "d" * rng.randint(350, 2600)).replace("{verdict}", rng.choice(say.VERDICTS)))
        if t["mx"]:
            return (f"250 2.6.0 {message} [InternalId={rng.randint(10**12, 10**13)}, Hostname={fqdn}] "
                    f"{rng.randint(2000, 90000)} bytes in 0.{rng.randint(100, 999)}, {rng.randint(10, 99)}."
                    f"{rng.randint(100, 999)} KB/sec Queued mail for delivery -> 250 2.1.5")
        return f"250 2.0.0 OK {message} [Hostname={fqdn}]"

    def on_rset(self, _):
        self.put("250 2.0.0 Resetting\r\n")


class Client:
    """The other side."""

    def __init__(self, world, truth):
        self.world, self.t = world, truth
        self.rng = say.seeded("client", world.seed, truth["number"])

    def ask(self, text):
        self.channel.send((text + "\r\n").encode())
        return self.lines.reply()

    def think(self):
        time.sleep(self.rng.uniform(.01, .15) * self.world.scale)

    def run(self):
        t = self.t
        sock = connect((self.world.address, 25 if t["mx"] else 587), (self.world.source, t["port"]))
        self.channel = Plain(sock)
        self.lines = Lines(self.channel)
        self.lines.reply()
        self.ask(f"EHLO {t['name']}")
        self.ask("STARTTLS")
        self.channel = self.world.client_maker.channel(sock, t["number"])
        self.lines = Lines(self.channel)
        self.think()
        self.ask(f"{'HELO' if t['helo'] else 'EHLO'} {t['name']}")
        self.world.client_maker.keep(self.channel)
        if self.log_in():
            self.mail()
        if t["quits"]:
            self.ask("QUIT")
        self.channel.close()

    def log_in(self):
        """True when the client goes on with MAIL."""
        t = self.t
        if t["client"] in ("mx", "none"):
            return True
        for attempt in range(1 + (t["retries"] if t["statement"] == "login_refused" else 0)):
            self.think()
            if self.auth().startswith("235"):
                return True
        return t["goes_on"]

    def auth(self):
        t = self.t
        code = lambda text: base64.b64encode(text.encode()).decode()
        token = code(f"user={t['user']}\x01auth=Bearer {t['token']}\x01\x01")
        if t["client"] in ("login", "goes_on"):
            self.ask("AUTH LOGIN")
            self.ask(code(t["user"]))
            return self.ask(code(t["password"]))
        if t["client"] == "initial":
            self.ask("AUTH LOGIN " + code(t["user"]))
            return self.ask(code(t["password"]))
        if t["client"] == "plain":
            return self.ask("AUTH PLAIN " + code(f"\0{t['user']}\0{t['password']}"))
        if t["client"] == "xoauth2":
            return self.ask("AUTH XOAUTH2 " + token)
        self.ask("AUTH XOAUTH2")
        return self.ask(token)

    def mail(self):
        t = self.t
        sender = f"MAIL FROM:<{t['user']}>"
        recipients = [f"RCPT TO:<{say.letters(self.rng, self.rng.randint(3, 14))}@fabrikam.com>"
                      for _ in range(t["recipients"])]
        self.think()
        if self.world.row.get("pipelined"):
            group = [sender] + recipients + ["DATA"]
            self.channel.send("".join(line + "\r\n" for line in group).encode())
            replies = [self.lines.reply() for _ in group]
            if replies[-1].startswith("354"):
                self.body()
            return
        if not self.ask(sender).startswith("250"):
            return
        accepted = 0
        for line in recipients:
            accepted += self.ask(line).startswith("250")
        if accepted and self.ask("DATA").startswith("354"):
            self.body()

    def body(self):
        text = "Subject: scan\r\n\r\n" + ("x" * 74 + "\r\n") * (self.t["message"] // 76) + ".\r\n"
        data = text.encode()
        for at in range(0, len(data), 16000):
            self.channel.send(data[at:at + 16000])
        self.lines.reply()


class World:
    """All sessions of a row."""

    def __init__(self, name, row, pki, count, address, source, scale, parallel=40):
        self.name, self.row, self.seed, self.scale = name, row, f"{name}", scale
        self.address, self.source, self.parallel = address, source, parallel
        self.server_maker = Maker(True, row, pki)
        self.client_maker = Maker(False, row, pki)
        rng = say.seeded("truth", name, count)
        self.truths = [draw_truth(rng, row, n) for n in range(count)]
        self.by_port = {truth["port"]: truth for truth in self.truths}
        self.wrong = []

    def accept(self, listener):
        while True:
            try:
                sock, peer = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock, peer[1]), daemon=True).start()

    def serve(self, sock, port):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            Server(self, sock, self.by_port[port]).run()
        except (Closed, OSError):
            sock.close()

    def send(self, truths):
        for truth in truths:
            try:
                Client(self, truth).run()
            except (Closed, OSError) as wrong:
                self.wrong.append((truth["number"], repr(wrong)))

    def run(self):
        listeners = [socket.create_server((self.address, port), backlog=512) for port in (25, 587)]
        for listener in listeners:
            threading.Thread(target=self.accept, args=(listener,), daemon=True).start()
        shares = [self.truths[i::self.parallel] for i in range(self.parallel)]
        if self.row.get("resumed"):
            self.send(self.truths[:1])
            shares[0] = shares[0][1:]
        threads = [threading.Thread(target=self.send, args=(share,)) for share in shares]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for listener in listeners:
            listener.close()
