#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A mirror port of the live tests: mirror.py plain|vlan|qinq|gre|erspan|vxlan|reordered FROM TO

Copies TCP, UDP and ICMP frames of one interface to another, as a switch does, plain or wrapped
(IEEE 802.1Q, Ethernet or ERSPAN type II in GRE, VXLAN in UDP), or out of order: one frame in four is
held back until two more have passed. For kernels without tc mirred, and for wrappings that they have
no device for. Runs in a namespace only."""
import random
import socket
import struct
import sys

KIND, FROM, TO = sys.argv[1:4]
ALL = 0x0003
OUTER = bytes.fromhex("020000000002020000000001")
SOURCE, TARGET = socket.inet_aton("192.0.2.1"), socket.inet_aton("192.0.2.2")


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def in_ip(protocol, payload):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol, 0,
                       SOURCE, TARGET)
    head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
    return OUTER + b"\x08\x00" + head + payload


def tag(frame, kind, number):
    return frame[:12] + struct.pack(">HH", kind, number) + frame[12:]


def wrap(frame, number):
    if KIND == "vlan":
        return tag(frame, 0x8100, 120)
    if KIND == "qinq":
        return tag(tag(frame, 0x8100, 120), 0x88A8, 7)
    if KIND == "gre":
        return in_ip(47, struct.pack(">HH", 0, 0x6558) + frame)
    if KIND == "erspan":  # GRE with sequence number, ERSPAN version 1, session 30
        gre = struct.pack(">HHI", 0x1000, 0x88BE, number & 0xFFFFFFFF)
        return in_ip(47, gre + struct.pack(">HHI", 0x1000 | 120, 30, 5) + frame)
    if KIND == "vxlan":
        inner = struct.pack(">II", 0x08000000, 4711 << 8) + frame
        return in_ip(17, struct.pack(">HHHH", 50000, 4789, 8 + len(inner), 0) + inner)
    return frame


def interesting(frame):
    if frame[12:14] == b"\x08\x00":
        return frame[23] in (1, 6, 17)
    return frame[12:14] == b"\x86\xdd" and frame[20] in (6, 17)


def out_of_order(source):
    """Frames with some of them late; a held one goes after two others or a short silence."""
    held, passed = None, 0
    while True:
        source.settimeout(0.02 if held else None)
        try:
            frame = source.recv(65536)
        except TimeoutError:
            frame = None
        if frame and interesting(frame):
            if not held and random.random() < 0.25:
                held, passed = frame, 0
                continue
            yield frame
            passed += 1
        if held and (not frame or passed >= 2):
            yield held
            held = None


def in_order(source):
    while True:
        frame = source.recv(65536)
        if interesting(frame):
            yield frame


def main():
    source = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
    source.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    source.bind((FROM, ALL))
    sink = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sink.bind((TO, 0))
    for number, frame in enumerate(out_of_order(source) if KIND == "reordered" else in_order(source)):
        sink.send(wrap(frame, number))


main()
