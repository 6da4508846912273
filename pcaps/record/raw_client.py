#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A client that does exactly the steps it is given, for devices no mail program
# imitates.  Takes: host, port, file of steps (JSON, see steps.py), folder of
# certificates.  Looks the host name up as any program would.  Always exits 0:
# that a session fails is what most recordings are about.
import json
import socket
import sys

import steps


def main():
    host, port, file, folder = sys.argv[1:5]
    with open(file, encoding="utf-8") as text:
        todo = json.load(text)
    try:
        source = (todo.pop(0)[1], 0) if todo[0][0] == "from" else None
        sock = socket.create_connection((host, int(port)), timeout=30, source_address=source)
    except OSError as error:
        print(error)
        return
    wire = steps.Wire(sock)
    try:
        if not steps.run(wire, todo, folder):
            wire.unwrap()
            wire.close()
    except steps.Gone as gone:
        print("ended:", gone)
        wire.close()


main()
