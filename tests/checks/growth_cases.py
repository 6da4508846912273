# SPDX-License-Identifier: GPL-2.0-or-later
"""What an attacker can make grow: each function writes one capture of the size it is asked for.
CASES: name -> the function and its smallest size."""
import random
import struct

from traffic import ACK, CLIENT, GREETING, SERVER, SYN, Connection, b64, ipv4, tcp, udp

CASES = {}


def case(size):
    def register(make):
        CASES[make.__name__] = (make, size)
        return make
    return register


def guess(c, word):
    """One failed login in clear whose password is `word`."""
    c.says("c", "AUTH LOGIN\r\n")
    c.says("s", "334 UGFzc3dvcmQ6\r\n")
    c.says("c", word + "\r\n")
    c.says("s", "535 5.7.3 no\r\n")


def echoes(file, words, secrets, replies=6):
    """Replies that are nothing but secrets of this client."""
    c = Connection(file)
    c.greet()
    for secret in secrets:
        guess(c, secret)
    for _ in range(replies):
        c.says("c", "NOOP\r\n")
        c.says("s", "451 " + (secrets[-1] + " ") * words + "\r\n")
    c.close()


@case(110)
def echo(file, size):
    echoes(file, size, [f"zz{chr(97 + k)}" for k in range(23)] + ["abc"])


@case(60)
def echo_same_ending(file, size):
    echoes(file, size, ["x" * k + "abcdef" for k in range(1, 19)] + ["abcdef"])


@case(60)
def echo_without_blanks(file, size):
    c = Connection(file)
    c.greet()
    guess(c, "abcdefg")
    for _ in range(6):
        c.says("c", "NOOP\r\n")
        c.says("s", "550 " + "abcdefg" * size + "\r\n")
    c.close()


@case(40)
def quotations(file, size):
    """Quotations that are harmless one by one, and none of which closes near its beginning."""
    c = Connection(file)
    c.greet()
    for _ in range(6):
        c.says("c", "XFOO\r\n")
        c.says("s", "500 " + "'NOOP \"RSET " * (size // 2) + "a" * (6 * size) + "\r\n")
    c.close()


def many(number):
    """The address and port of the client with this number."""
    return struct.pack("!I", 0x0A000000 + number // 50000), 1024 + number % 50000


@case(400)
def unanswered(file, size):
    for i in range(size):
        client, port = many(i)
        file.packet(tcp(client, SERVER, port, 587, i, 0, SYN), 1000)


@case(300)
def half_open(file, size):
    for i in range(size):
        client, port = many(i)
        file.packet(tcp(client, SERVER, port, 587, i, 0, SYN), 1000)
        file.packet(tcp(SERVER, client, 587, port, 7, i + 1, SYN | ACK), 1000)


@case(150)
def greeted_and_open(file, size):
    for i in range(size):
        client, port = many(i)
        Connection(file, port=port, client=client, at=i).says("s", GREETING)


@case(60)
def failing_sessions(file, size):
    for i in range(size):
        c = Connection(file, port=1024 + i, at=i * 77777)
        c.says("s", GREETING)
        c.says("c", "EHLO x\r\n")
        c.says("s", "501 5.5.4 Invalid domain name\r\n")
        c.close()


@case(60)
def reused_ports(file, size):
    for i in range(size):
        Connection(file, at=i * 777777 & 0xFFFFFFFF).says("s", GREETING)


def out_of_order(file, order):
    """A body of one byte a segment, in this order."""
    c = Connection(file)
    c.greet()
    c.says("c", "DATA\r\n")
    c.says("s", "354 go\r\n")
    first = c.sent
    for place in order:
        c.sent = first + place
        c.put(c.raw("c", b"x"), 1000)


@case(250)
def order_reversed(file, size):
    out_of_order(file, range(size - 1, -1, -1))


@case(250)
def order_odd_first(file, size):
    out_of_order(file, [*range(1, size, 2), *range(0, size, 2)])


@case(250)
def order_at_random(file, size):
    order = list(range(size))
    random.Random(1).shuffle(order)
    out_of_order(file, order)


@case(150)
def holes(file, size):
    c = Connection(file)
    c.greet()
    for i in range(size):
        c.says("c", f"NOOP {i}\r\n")
        c.lose("c", "NOOP 1\r\n")
        c.says("s", "250 ok\r\n")


@case(12)
def endless_list(file, size):
    c = Connection(file)
    c.says("s", GREETING)
    c.says("c", "EHLO x\r\n")
    for i in range(size):
        c.says("s", f"250-XWORD{i:07} abcdefgh\r\n" * 20)


@case(40)
def endless_line(file, size):
    c = Connection(file)
    c.says("s", GREETING)
    c.says("c", "EHLO ")
    for _ in range(size):
        c.says("c", "y" * 1400)


@case(60)
def logins(file, size):
    c = Connection(file)
    c.greet()
    for i in range(size):
        c.says("c", f"AUTH PLAIN {b64(f'{chr(0)}alice@contoso.com{chr(0)}pw{i:07}')}\r\n")
        c.says("s", f"535 5.7.139 the credentials were incorrect. pw{i:07}\r\n")


@case(80)
def recipients(file, size):
    c = Connection(file)
    c.greet()
    c.says("c", "MAIL FROM:<a@contoso.com>\r\n")
    c.says("s", "250 ok\r\n")
    for i in range(size):
        c.says("c", f"RCPT TO:<user{i:07}@contoso.com>\r\n")
        c.says("s", f"550 5.1.10 RecipientNotFound; user{i:07}@contoso.com not found\r\n")


@case(120)
def refusals(file, size):
    c = Connection(file)
    c.greet()
    for i in range(size):
        c.says("c", "NOOP\r\n")
        c.says("s", f"451 4.7.500 Server busy. {i}\r\n")


def lookups(file, size, flags, answers):
    """Questions for names that are all different, and what the server says to each."""
    resolver = bytes([10, 1, 1, 1])
    for i in range(size):
        labels = f"h{i:07}.mail.protection.outlook.com".encode().split(b".")
        name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0\0\1\0\1"
        port = 40000 + i % 20000
        answer = b"\xc0\x0c\0\1\0\1\0\0\x0e\x10\0\4" + struct.pack("!I", 0x34600000 + i)
        ask = struct.pack("!HHHHHH", i & 0xFFFF, 0x0100, 1, 0, 0, 0) + name
        say = struct.pack("!HHHHHH", i & 0xFFFF, flags, 1, answers, 0, 0) + name + answer * answers
        file.packet(udp(CLIENT, resolver, port, 53, ask), 1000)
        file.packet(udp(resolver, CLIENT, 53, port, say), 1000)


@case(250)
def names(file, size):
    lookups(file, size, 0x8180, 1)


@case(250)
def names_unknown(file, size):
    lookups(file, size, 0x8183, 0)


def started_tls(file):
    c = Connection(file)
    c.greet()
    c.says("c", "STARTTLS\r\n")
    c.says("s", "220 go\r\n")
    return c


@case(4)
def hello_of_many_records(file, size):
    c = started_tls(file)
    length = min(size * 16384, 0xFFFFFF)
    front = b"\1" + struct.pack("!I", length)[1:] + b"\3\3" + bytes(32)
    for _ in range(size):
        c.says("c", b"\x16\3\1" + struct.pack("!H", 16384) + (front + bytes(16384))[:16384])
        front = b""


@case(40)
def chain_of_certificates(file, size):
    c = started_tls(file)
    one = b"\x30\x82\1\0" + bytes(256)
    chain = (struct.pack("!I", len(one))[1:] + one) * size
    message = struct.pack("!I", len(chain))[1:] + chain
    message = b"\x0b" + struct.pack("!I", len(message))[1:] + message
    for at in range(0, len(message), 16384):
        part = message[at:at + 16384]
        c.says("s", b"\x16\3\3" + struct.pack("!H", len(part)) + part)


@case(10)
def alerts(file, size):
    c = started_tls(file)
    for _ in range(size):
        c.says("s", b"\x15\3\3\0\2\1\x46" * 100)


@case(300)
def fragments(file, size):
    for i in range(size):
        file.packet(ipv4(CLIENT, SERVER, 6, b"12345678", i, 0x2000 | i >> 16), 1000)


@case(300)
def fragments_of_one(file, size):
    for i in range(size):
        file.packet(ipv4(CLIENT, SERVER, 6, b"12345678", i // 4000, 0x2000 | (i * 2 + 1) % 8000), 1000)


@case(60)
def tunnels(file, size):
    for i in range(size):
        packet = tcp(CLIENT, SERVER, 50000, 587, i, 0, SYN)
        for _ in range(40):
            packet = ipv4(CLIENT, SERVER, 4, packet)
        file.packet(packet, 1000)
