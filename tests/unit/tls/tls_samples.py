#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Records the streams of tls_samples.h: hellos of the openssl and gnutls command line clients and
whole sessions between two ends of Python's ssl module, with keys and certificates made on the spot.
Everything stays on loopback or in memory. Usage: tls_samples.py > tls_samples.h
"""
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

V = ssl.TLSVersion
HEAD = """/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recorded streams for the TLS tests: hellos of the openssl and gnutls command line clients, and
 * whole sessions (_c: from the client, _s: from the server) with certificates made for the
 * purpose. Made by tls_samples.py; do not edit.
 */
#ifndef SMTP365_TLS_SAMPLES_H
#define SMTP365_TLS_SAMPLES_H

#include <stdint.h>

/* clang-format off */
"""


def shell(command):
    subprocess.run(command, shell=True, check=True, capture_output=True)


def make_certificates():
    ec = "openssl ecparam -name prime256v1 -genkey -noout -out "
    shell(ec + "ca.key; openssl req -x509 -new -key ca.key -days 3650 "
          "-subj '/O=Unit Test CA/CN=Unit Test Root' -out ca.pem")
    shell(ec + "leaf.key; openssl req -new -key leaf.key "
          "-subj '/O=Unit Test/CN=smtp.example.test' -out leaf.csr; "
          "echo subjectAltName=DNS:smtp.example.test,DNS:*.mail.example.test > ext; "
          "openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial "
          "-days 3650 -extfile ext -out leaf.crt; cat leaf.crt ca.pem > leaf.pem")
    shell(ec + "other.key; openssl req -x509 -new -key other.key -days 3650 "
          "-subj '/CN=Other Root' -out other.pem")


def whole_record(data):
    return len(data) >= 5 and len(data) >= 5 + int.from_bytes(data[3:5], "big")


def record_hello(command):
    """The first record that a client program sends to a listener that then closes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        program = subprocess.Popen(command.format(p=listener.getsockname()[1]), shell=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        link, _ = listener.accept()
        data = b""
        with link:
            link.settimeout(5)
            while not whole_record(data):
                data += link.recv(65536)
        program.wait(10)
    return data


def record_session(client, server, session=None):
    """Both directions of a session in memory, and the session for a resumption."""
    c_in, c_out, s_in, s_out = (ssl.MemoryBIO() for _ in range(4))
    c = client.wrap_bio(c_in, c_out, server_hostname="smtp.example.test", session=session)
    s = server.wrap_bio(s_in, s_out, server_side=True)
    sent, alive = {c: b"", s: b""}, {c: True, s: True}

    def carry():
        for end, out, to in ((c, c_out, s_in), (s, s_out, c_in)):
            data = out.read()
            sent[end] += data
            to.write(data)

    def attempt(end, action):
        try:
            action()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            alive[end] = False
        carry()

    for _ in range(12):
        for end in (c, s):
            if alive[end]:
                attempt(end, end.do_handshake)
    if all(alive.values()):
        attempt(c, lambda: c.write(b"EHLO client\r\n"))
        attempt(s, lambda: s.read(100))
        attempt(s, lambda: s.write(b"250 hello\r\n"))
        attempt(c, lambda: c.read(100))
        attempt(c, c.unwrap)
        attempt(s, s.unwrap)
    return sent[c], sent[s], c.session if all(alive.values()) else None


def record_gnutls_refusal():
    """gnutls-cli against OpenSSL with a certificate that it does not trust, TLS 1.3, by a relay."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-tls1_3",
                               "-cert", "leaf.crt", "-key", "leaf.key", "-quiet"],
                              stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    seen = [b"", b""]

    def pump(source, target, index):
        while data := source.recv(65536):
            seen[index] += data
            target.sendall(data)
        try:
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the other side was faster

    with socket.create_server(("127.0.0.1", 0)) as listener:
        program = subprocess.Popen(["gnutls-cli", "--x509cafile", "other.pem", "--sni-hostname",
                                    "smtp.example.test", "-p", str(listener.getsockname()[1]),
                                    "127.0.0.1"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        link, _ = listener.accept()
        for _ in range(50):
            try:
                onward = socket.create_connection(("127.0.0.1", port))
                break
            except ConnectionRefusedError:
                threading.Event().wait(0.1)
        back = threading.Thread(target=pump, args=(onward, link, 1), daemon=True)
        back.start()
        pump(link, onward, 0)
        program.wait(10)
    server.terminate()
    back.join(5)
    return seen


def contexts(trust="ca.pem"):
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client.load_verify_locations(trust)
    server.load_cert_chain("leaf.pem", "leaf.key")
    return client, server


def limit(context, version):
    if version < V.TLSv1_2:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = V.TLSv1
    context.maximum_version = version


def sessions():
    for name, version in (("tls12", V.TLSv1_2), ("tls13", V.TLSv1_3)):
        client, server = contexts()
        limit(client, version)
        c, s, again = record_session(client, server)
        yield name, c, s
        if version == V.TLSv1_2:
            yield ("tls12_resumed",) + record_session(client, server, again)[:2]
        client, server = contexts("other.pem")
        limit(client, version)
        yield (name + "_refused",) + record_session(client, server)[:2]
    client, server = contexts()
    limit(client, V.TLSv1_2)
    server.verify_mode = ssl.CERT_OPTIONAL
    server.load_verify_locations("ca.pem")
    yield ("tls12_request",) + record_session(client, server)[:2]
    client, server = contexts()
    server.set_ecdh_curve("secp384r1")
    yield ("tls13_retry",) + record_session(client, server)[:2]
    client, server = contexts()
    limit(client, V.TLSv1)
    limit(server, V.TLSv1)
    yield ("tls10",) + record_session(client, server)[:2]
    client, server = contexts()
    limit(client, V.TLSv1_1)
    server.minimum_version = V.TLSv1_2
    yield ("tls10_too_old",) + record_session(client, server)[:2]
    client, server = contexts()
    server.maximum_version = V.TLSv1_2
    yield ("tls13_downgraded",) + record_session(client, server)[:2]
    yield ("gnutls_refused",) + tuple(record_gnutls_refusal())


HELLOS = {
    "openssl": "openssl s_client -connect 127.0.0.1:{p} -servername SMTP.office365.com",
    "openssl_tls12": "openssl s_client -connect 127.0.0.1:{p} -tls1_2 -servername "
                     "smtp.office365.com -cipher ECDHE-RSA-AES256-GCM-SHA384:AES128-SHA",
    "openssl_fallback": "openssl s_client -connect 127.0.0.1:{p} -tls1 -fallback_scsv "
                        "-cipher ALL:@SECLEVEL=0 -noservername",
    "openssl_weak": "openssl s_client -connect 127.0.0.1:{p} -tls1_2 -noservername "
                    "-cipher COMPLEMENTOFALL:aNULL:@SECLEVEL=0",
    "gnutls": "gnutls-cli --insecure 127.0.0.1:{p} --sni-hostname smtp.office365.com --alpn smtp",
    "gnutls_tls12": "gnutls-cli --insecure 127.0.0.1:{p} --disable-sni "
                    "--priority NORMAL:-VERS-ALL:+VERS-TLS1.2",
}


def write(name, data):
    print(f"static const uint8_t sample_{name}[{len(data)}] = {{")
    for at in range(0, len(data), 16):
        print("\t" + " ".join(f"0x{byte:02x}," for byte in data[at:at + 16]))
    print("};\n")


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        make_certificates()
        print(HEAD, end="")
        for name, command in HELLOS.items():
            write("ch_" + name, record_hello(command))
        for name, c, s in sessions():
            write(name + "_c", c)
            write(name + "_s", s)
        print("/* clang-format on */\n\n#endif")
        os.chdir("/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
