# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures as a tired mirror port would have made them: packets lost, doubled, swapped, one side only. Also the
stretching of time, for sessions that ran faster than life."""
import random
import struct

NANO = 0xA1B23C4D


class Capture:
    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        self.head, self.packets, at = data[:24], [], 24
        self.unit = 10**9 if struct.unpack("<I", data[:4])[0] == NANO else 10**6
        while at + 16 <= len(data):
            seconds, fraction, kept, _ = struct.unpack_from("<IIII", data, at)
            self.packets.append((seconds * self.unit + fraction, data[at + 16:at + 16 + kept]))
            at += 16 + kept

    def write(self, path):
        with open(path, "wb") as file:
            file.write(self.head)
            for when, data in self.packets:
                file.write(struct.pack("<IIII", when // self.unit, when % self.unit, len(data), len(data)) + data)

    def stretched(self, factor):
        first = self.packets[0][0]
        self.packets = [(first + int((when - first) * factor), data) for when, data in self.packets]
        return self

    def copy(self, packets):
        other = object.__new__(Capture)
        other.head, other.unit, other.packets = self.head, self.unit, packets
        return other

    def only(self, clients):
        """Packets of these addresses."""
        ends = {bytes(int(b) for b in ip.split(".")) for ip in clients}
        return self.copy([p for p in self.packets if p[1][26:30] in ends or p[1][30:34] in ends])

    def lossy(self, share):
        rng = random.Random(share)
        return self.copy([p for p in self.packets if rng.random() >= share])

    def doubled(self, share):
        rng, packets = random.Random(share), []
        for packet in self.packets:
            packets.append(packet)
            if rng.random() < share:
                packets.append(packet)
        return self.copy(packets)

    def swapped(self, share):
        """Neighbours in the order of the other, with the times as they were."""
        rng, packets = random.Random(share), list(self.packets)
        for i in range(len(packets) - 1):
            if rng.random() < share:
                a, b = packets[i], packets[i + 1]
                packets[i], packets[i + 1] = (a[0], b[1]), (b[0], a[1])
        return self.copy(packets)

    def one_side(self, from_server):
        """Ethernet, IPv4, TCP: by the source port."""
        def server(data):
            at = 14 + (data[14] & 15) * 4
            return struct.unpack_from(">H", data, at)[0] in (25, 587)
        return self.copy([p for p in self.packets if server(p[1]) == from_server])
