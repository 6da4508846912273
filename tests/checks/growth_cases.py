# SPDX-License-Identifier: GPL-2.0-or-later
"""What an attacker can make grow: each function writes one capture of the size it is asked for.
CASES: name -> the function and its smallest size."""
from traffic import Connection

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
