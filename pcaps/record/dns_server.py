#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A name server for the recordings: answers A, AAAA, CNAME, MX and PTR from a
# table (JSON: name -> list of [type, value]) over UDP port 53.  A name without
# a row is NXDOMAIN; one without the asked type is an empty answer.  A row
# [type, value] may also be ["rcode", n], ["silent", ""] or ["delay", seconds].
import ipaddress
import json
import socket
import struct
import sys
import threading
import time

TYPES = {"A": 1, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}


def encode_name(name):
    labels = [part for part in name.rstrip(".").split(".") if part]
    return b"".join(bytes([len(part)]) + part.encode() for part in labels) + b"\0"


def decode_question(packet):
    at, labels = 12, []
    while packet[at]:
        labels.append(packet[at + 1 : at + 1 + packet[at]].decode("latin-1"))
        at += 1 + packet[at]
    kind = struct.unpack(">H", packet[at + 1 : at + 3])[0]
    return ".".join(labels), kind, packet[12 : at + 5]


def data_of(kind, value):
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind == "MX":
        weight, host = value.split(" ")
        return struct.pack(">H", int(weight)) + encode_name(host)
    if kind == "TXT":
        return bytes([len(value)]) + value.encode()
    return encode_name(value)


def answers_for(zone, name, kind):
    """The records for the question, aliases followed; None when the name is unknown."""
    found, seen = [], 0
    while seen < 8:
        rows = zone.get(name.lower())
        if rows is None:
            return found if seen else None
        alias = [v for t, v in rows if t == "CNAME"]
        found += [(name, t, v) for t, v in rows if TYPES.get(t) == kind or t == "CNAME"]
        if not alias:
            return found
        name, seen = alias[0], seen + 1
    return found


def respond(zone, packet):
    name, kind, question = decode_question(packet)
    rows = dict((t, v) for t, v in zone.get(name.lower(), []) if t in ("rcode", "silent", "delay"))
    if "silent" in rows:
        return None
    time.sleep(rows.get("delay", 0.004))
    found = answers_for(zone, name, kind)
    rcode = rows.get("rcode", 3 if found is None else 0)
    found = [] if rcode else found
    out = packet[:2] + struct.pack(">HHHHH", 0x8180 | rcode, 1, len(found), 0, 0) + question
    for owner, word, value in found:
        body = data_of(word, value)
        out += encode_name(owner) + struct.pack(">HHIH", TYPES[word], 1, 120, len(body)) + body
    return out


def answer(sock, zone, packet, peer):
    reply = respond(zone, packet)
    if reply:
        sock.sendto(reply, peer)


def main():
    address, file = sys.argv[1:3]
    with open(file, encoding="utf-8") as text:
        zone = json.load(text)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, 53))
    print("ready", flush=True)
    while True:
        packet, peer = sock.recvfrom(4096)
        threading.Thread(target=answer, args=(sock, zone, packet, peer), daemon=True).start()


main()
