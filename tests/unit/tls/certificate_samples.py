#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the certificates of certificate_samples.h with the openssl command line tool (new keys at
each run; the tests look at names, dates and kinds, and take hashes from the printed bytes).
Usage: certificate_samples.py > certificate_samples.h
"""
import hashlib
import os
import subprocess
import tempfile

HEAD = """/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Certificates for the tests, DER, with their SHA-256 and SHA-1. Made by certificate_samples.py;
 * do not edit.
 */
#ifndef SMTP365_CERTIFICATE_SAMPLES_H
#define SMTP365_CERTIFICATE_SAMPLES_H

#include <stdint.h>

/* clang-format off */
"""
SAN = ("DNS:smtp.example.test,DNS:*.mail.example.test,IP:192.0.2.7,IP:2001:db8::7,"
       "email:post@example.test,URI:https://example.test/")
EC = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1"
SELF_SIGNED = {
    "root": f"{EC} -subj '/O=Unit Test CA/CN=Unit Test Root'",
    "cn_only": f"{EC} -subj '/CN=Mail.Example.Test'",
    "wild_cn": f"{EC} -subj '/CN=*.example.test'",
    "no_name": f"{EC} -subj '/' -addext subjectAltName=DNS:smtp.example.test",
    "address_cn": f"{EC} -subj '/CN=192.0.2.9' -addext subjectAltName=DNS:192.0.2.9",
    "nul": f"{EC} -subj '/CN=smtp.example.testQevil.test' "
           "-addext subjectAltName=DNS:smtp.example.testQevil.test",
    "odd": f"{EC} -utf8 -subj '/O=a\\+b\\\\, \"c\"/CN=b\u00fccher \u202eQ \u4e2d'",
    "sha1": "-newkey rsa:1024 -sha1 -subj '/CN=sha1.example.test'",
    "md5": "-newkey rsa:1024 -md5 -subj '/CN=md5.example.test'",
    "pss": "-newkey rsa:2048 -sigopt rsa_padding_mode:pss -subj '/CN=pss.example.test'",
    "ed25519": "-newkey ed25519 -subj '/CN=ed.example.test'",
}


def shell(command):
    subprocess.run(command, shell=True, check=True, capture_output=True)


def write(name, der):
    print(f"static const uint8_t der_{name}[{len(der)}] = {{")
    for at in range(0, len(der), 16):
        print("\t" + " ".join(f"0x{byte:02x}," for byte in der[at:at + 16]))
    print("};")
    print(f'static const char sha256_{name}[] = "{hashlib.sha256(der).hexdigest().upper()}";')
    print(f'static const char sha1_{name}[] = "{hashlib.sha1(der).hexdigest().upper()}";\n')


def main():
    certificates = {}
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, options in SELF_SIGNED.items():
            shell(f"openssl req -x509 -nodes -keyout {name}.key -days 3650 {options} -out {name}.pem; "
                  f"openssl x509 -in {name}.pem -outform DER -out {name}.der")
            with open(name + ".der", "rb") as f:
                certificates[name] = f.read()
        shell(f"openssl req -nodes {EC} -keyout leaf.key -subj '/O=Unit Test/CN=smtp.example.test' "
              f"-out leaf.csr; echo 'subjectAltName={SAN}' > ext; openssl x509 -req -in leaf.csr "
              "-CA root.pem -CAkey root.key -CAcreateserial -days 365 -extfile ext -outform DER "
              "-out leaf.der")
        with open("leaf.der", "rb") as f:
            certificates["leaf"] = f.read()
        os.chdir("/")
    # The signature is not looked at, so bytes that openssl would not write are put in afterwards.
    certificates["nul"] = certificates["nul"].replace(b"testQevil", b"test\0evil")
    certificates["odd"] = certificates["odd"].replace(b"\x80\xaeQ ", b"\x80\xae\x07 ")
    print(HEAD, end="")
    for name, der in certificates.items():
        write(name, der)
    print("/* clang-format on */\n\n#endif")


if __name__ == "__main__":
    main()
