#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes pcaps/README.md from the stories: readme.py, or readme.py --check (exit 1 when it is not current)."""
import configparser
import glob
import os
import sys

PCAPS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HEAD = """# Captures

Each capture has a story: what a user sees, what made it, which findings it must give and for which it is a
near miss. The stories are in `stories/*.ini`; this page is written from them (`record/readme.py`). The tests
`check_stories` and `check_rows` hold the tool to them. Recorded sessions come from real programs in network
namespaces against `record/exchange_server.py`; addresses were rewritten to Microsoft's published ranges
after recording. How to record them again: `record/README.md`. Captures in `hostile/` lie on purpose.
Those in `keys/` have a key log each and no story: logins and letters under every way of protecting records.
`stories/secrets*.txt` lists every password of the captures: none may ever be printed.
"""
TITLES = {"healthy": "Sessions that work", "starttls": "STARTTLS", "tls": "TLS handshake",
          "certificates": "Certificates", "auth": "Authentication", "replies": "Replies of Microsoft 365",
          "mode": "Port and mode", "tcp": "TCP", "dns": "DNS", "quality": "Quality of the capture",
          "input": "Formats, link types, tunnels", "hostile": "Hostile bytes", "review": "Found in review",
          "alive": "Rows that no other capture fires"}


def text():
    parts = [HEAD]
    files = glob.glob(os.path.join(PCAPS, "stories", "*.ini"))
    order = list(TITLES)
    for path in sorted(files, key=lambda p: (order + [p]).index(
            os.path.basename(p)[:-4] if os.path.basename(p)[:-4] in order else p)):
        family = os.path.basename(path)[:-4]
        parser = configparser.ConfigParser(interpolation=None)
        parser.read(path, encoding="utf-8")
        parts.append(f"\n## {TITLES.get(family, family)}\n\n| capture | story | must find |\n|---|---|---|\n")
        for name in sorted(parser.sections()):
            story = " ".join(parser[name].get("story", "").split()).replace("|", "\\|")
            fires = " ".join(f"`{f}`" for f in parser[name].get("fires", "").split())
            parts.append(f"| {name} | {story} | {fires} |\n")
    return "".join(parts)


target = os.path.join(PCAPS, "README.md")
if "--check" in sys.argv:
    with open(target, encoding="utf-8") as file:
        if file.read() != text():
            sys.exit("pcaps/README.md is not current: run pcaps/record/readme.py")
else:
    with open(target, "w", encoding="utf-8") as file:
        file.write(text())
