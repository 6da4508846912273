# SPDX-License-Identifier: GPL-2.0-or-later
"""TLS over a connected socket, by OpenSSL (Python's ssl) or by GnuTLS (through ctypes): send() makes one
record, recv() gives what came. Both take the same words for versions, suites, tickets and padding."""
import ctypes
import ctypes.util
import functools
import socket
import ssl
import struct
import threading


class Closed(Exception):
    """The other side is gone."""


# OpenSSL


class OpenSsl:
    def __init__(self, sock, context, server, session=None):
        self.tls = context.wrap_socket(sock, server_side=server, session=session,
                                       do_handshake_on_connect=True)

    def send(self, data):
        try:
            self.tls.sendall(data)
        except (OSError, ssl.SSLError) as wrong:
            raise Closed from wrong

    def recv(self):
        try:
            data = self.tls.recv(65536)
        except (OSError, ssl.SSLError) as wrong:
            raise Closed from wrong
        if not data:
            raise Closed
        return data

    def session(self):
        return self.tls.session

    def close(self):
        try:
            self.tls.unwrap()
        except (OSError, ssl.SSLError, ValueError):
            pass
        self.tls.close()


VERSIONS = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1, "1.2": ssl.TLSVersion.TLSv1_2,
            "1.3": ssl.TLSVersion.TLSv1_3}


def native(context):
    """The SSL_CTX behind Python's object: it stands right after the object's head."""
    return ctypes.cast(id(context) + 16, ctypes.POINTER(ctypes.c_void_p))[0]


@functools.lru_cache
def libssl():
    lib = ctypes.CDLL("libssl.so.3")
    lib.SSL_CTX_set_block_padding.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    lib.SSL_CTX_set_ciphersuites.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    return lib


def openssl_context(server, row, pki):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    if server:
        context.load_cert_chain(pki.certificate, pki.key)
        context.num_tickets = row.get("tickets", 2) if row["version"] == "1.3" else 2
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = VERSIONS[row["version"]]
    if row["version"] == "1.3":
        if row.get("suite") and not libssl().SSL_CTX_set_ciphersuites(native(context), row["suite"].encode()):
            raise ValueError(row["suite"])
    else:
        context.set_ciphers(row.get("suite", "ALL") + ":@SECLEVEL=0")
        context.options |= ssl.OP_NO_TICKET if not row.get("resumed") else 0
    if row.get("etm") is False:
        context.options |= 1 << 19  # SSL_OP_NO_ENCRYPT_THEN_MAC
    if row.get("pad"):
        libssl().SSL_CTX_set_block_padding(native(context), row["pad"])
    if row.get("client_certificate"):
        if server:
            context.verify_mode = ssl.CERT_OPTIONAL
            context.load_verify_locations(pki.certificate)
        else:
            context.has_certificate = True
    return context


# GnuTLS

SERVER, CLIENT, X509, SHUT_WR = 1, 2, 1, 1
AGAIN, INTERRUPTED = -28, -52
PATIENCE = 15  # seconds for an answer


@functools.lru_cache
def libgnutls():
    lib = ctypes.CDLL("libgnutls.so.30")
    for name in ("gnutls_record_send", "gnutls_record_recv"):
        function = getattr(lib, name)
        function.restype = ctypes.c_ssize_t
        function.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
    lib.gnutls_global_init()
    return lib


class GnuTlsContext:
    def __init__(self, server, row, pki):
        lib = libgnutls()
        self.server, self.row = server, row
        self.credentials = ctypes.c_void_p()
        lib.gnutls_certificate_allocate_credentials(ctypes.byref(self.credentials))
        if server:
            wrong = lib.gnutls_certificate_set_x509_key_file(
                self.credentials, pki.certificate.encode(), pki.key.encode(), 1)
            if wrong:
                raise OSError(f"GnuTLS does not take the key: {wrong}")

    def wrap(self, sock):
        return GnuTls(sock, self)


class GnuTls:
    def __init__(self, sock, context):
        lib = libgnutls()
        sock.settimeout(None)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", PATIENCE, 0))
        self.sock, self.context, self.session = sock, context, ctypes.c_void_p()
        lib.gnutls_init(ctypes.byref(self.session), SERVER if context.server else CLIENT)
        wrong = lib.gnutls_priority_set_direct(self.session, context.row["priority"].encode(), None)
        if wrong:
            raise OSError(f"GnuTLS does not take {context.row['priority']}: {wrong}")
        lib.gnutls_credentials_set(self.session, X509, context.credentials)
        lib.gnutls_transport_set_int2(self.session, sock.fileno(), sock.fileno())
        while True:
            done = lib.gnutls_handshake(self.session)
            if done == 0:
                return
            if done != INTERRUPTED and (done == AGAIN or lib.gnutls_error_is_fatal(done)):
                raise OSError(f"GnuTLS handshake: {done}")

    def send(self, data):
        while data:
            n = libgnutls().gnutls_record_send(self.session, data, len(data))
            if n <= 0:
                raise Closed
            data = data[n:]

    def recv(self):
        room = ctypes.create_string_buffer(20000)
        while True:
            n = libgnutls().gnutls_record_recv(self.session, room, 20000)
            if n > 0:
                return room.raw[:n]
            if n != INTERRUPTED:
                raise Closed

    def close(self):
        libgnutls().gnutls_bye(self.session, SHUT_WR)
        libgnutls().gnutls_deinit(self.session)
        self.sock.close()


LOCK = threading.Lock()


class Maker:
    """Makes channels of one row for one side, and keeps the session to take up again."""

    def __init__(self, server, row, pki):
        self.server, self.row, self.kept = server, row, None
        self.gnutls = row.get("server" if server else "client") == "gnutls"
        if self.gnutls:
            self.context = GnuTlsContext(server, row, pki)
        else:
            self.context = openssl_context(server, row, pki)
            if row.get("client_certificate") and not server:
                self.with_certificate = openssl_context(False, row, pki)
                self.with_certificate.load_cert_chain(pki.certificate, pki.key)

    def channel(self, sock, number=0):
        if self.gnutls:
            return self.context.wrap(sock)
        context = self.context
        if self.row.get("client_certificate") and not self.server and number % 2:
            context = self.with_certificate
        with LOCK:
            kept = self.kept if self.row.get("resumed") and not self.server else None
        return OpenSsl(sock, context, self.server, kept)

    def keep(self, channel):
        if self.row.get("resumed") and not self.gnutls:
            with LOCK:
                self.kept = self.kept or channel.session()


def connect(address, source):
    sock = socket.create_connection(address, timeout=60, source_address=source)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock
