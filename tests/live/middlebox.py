#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A middlebox of the live tests: middlebox.py mask|inspect LISTEN-PORT SERVER PORT [CERTIFICATE]

Takes the connections that the router redirects to it and goes on to the server. "mask" overwrites
STARTTLS in the EHLO reply as old firewalls do. "inspect" answers STARTTLS itself with its own
certificate and talks to the server in TLS, as TLS inspection does. Runs in a namespace only."""
import socket
import ssl
import sys
import threading

KIND, LISTEN, SERVER, PORT = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])


def pump(source, sink, change):
    try:
        while data := source.recv(65536):
            sink.sendall(change(data))
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def both_ways(client, server, change=lambda data: data):
    back = threading.Thread(target=pump, args=(server, client, change), daemon=True)
    back.start()
    pump(client, server, lambda data: data)
    back.join()


def mask(data):
    return data.replace(b"STARTTLS", b"XXXXXXXA")


def line_of(sock):
    text = b""
    while not text.endswith(b"\n"):
        more = sock.recv(1)
        if not more:
            raise OSError("closed")
        text += more
    return text


def reply_of(sock):
    lines = [line_of(sock)]
    while lines[-1][3:4] == b"-":
        lines.append(line_of(sock))
    return b"".join(lines)


def inspect(client, server):
    client.sendall(reply_of(server))
    while True:
        command = line_of(client)
        server.sendall(command)
        client.sendall(reply_of(server))
        if command.strip().upper() == b"STARTTLS":
            break
    outside = ssl.create_default_context()
    outside.check_hostname, outside.verify_mode = False, ssl.CERT_NONE
    server = outside.wrap_socket(server)
    inside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inside.load_cert_chain(sys.argv[5])
    inside.maximum_version = ssl.TLSVersion.TLSv1_2  # so that the certificate can be seen
    client = inside.wrap_socket(client, server_side=True)
    both_ways(client, server)


def serve(client):
    try:
        server = socket.create_connection((SERVER, PORT), timeout=20)
        if KIND == "mask":
            both_ways(client, server, mask)
        else:
            inspect(client, server)
    except (OSError, ssl.SSLError):
        pass
    client.close()


def main():
    listener = socket.create_server(("", LISTEN))
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()


main()
