# SPDX-License-Identifier: GPL-2.0-or-later
"""The HTML report of every capture: it parses, its tags are balanced, it holds no script, no address
that a browser would fetch, and no secret; ids are unique and links lead somewhere; every verdict
line is in it as text; a second run gives the same bytes."""
import glob
import hashlib
import os
import re
import tempfile
from html.parser import HTMLParser

from common import PCAPS, captures, each, finish, records, run

VOID = {"meta", "br"}
ELEMENTS = VOID | set("html head title style body a header footer main nav section article h1 h2 h3 p "
                      "ul ol li dl dt dd table caption thead tbody tr th td code pre strong span div "
                      "details summary".split())
ATTRIBUTES = set("class id href lang charset name content http-equiv aria-label aria-labelledby "
                 "aria-hidden scope colspan style".split())
WHOLE = ["office-morning.pcapng", "submission-587-tls12.pcapng", "starttls-masked-asa.pcapng"]

secrets = set()
for path in glob.glob(os.path.join(PCAPS, "stories", "secrets*.txt")):
    with open(path, encoding="utf-8") as lines:
        secrets |= {line.strip() for line in lines if line.strip() and not line.startswith("#")}


class Page(HTMLParser):
    """Reads a report strictly; what is wrong gathers in `wrong`."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.wrong, self.ids, self.links = [], [], [], []
        self.lines, self.line, self.kinds = [], None, {}
        self.feed(text)
        self.close()
        if self.open:
            self.wrong.append(f"not closed: {self.open}")
        if len(self.ids) != len(set(self.ids)):
            self.wrong.append("an id stands twice")
        for link in self.links:
            if not link.startswith("#") or link[1:] not in self.ids:
                self.wrong.append(f"a link leads nowhere: {link[:60]}")
        for name, wanted in (("h1", 1), ("main", 1), ("title", 1), ("style", 1)):
            if self.kinds.get(name) != wanted:
                self.wrong.append(f"{self.kinds.get(name)} elements {name}")

    def handle_starttag(self, tag, attrs):
        self.kinds[tag] = self.kinds.get(tag, 0) + 1
        if tag not in ELEMENTS:
            self.wrong.append(f"an element {tag[:30]}")
        for name, value in attrs:
            if name not in ATTRIBUTES or value is None:
                self.wrong.append(f"an attribute {name[:30]} of {tag}")
            if name == "style" and not re.fullmatch(r"width:\d+%", value):
                self.wrong.append(f"a style {value[:30]}")
            if name == "id":
                self.ids.append(value)
            if name == "href":
                self.links.append(value)
            if name == "class" and value == "line":
                self.line = ""
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes something else")
        if tag == "code" and self.line is not None:
            self.lines.append(self.line)
            self.line = None

    def handle_data(self, data):
        if self.line is not None:
            self.line += data
        if any(ord(c) < 32 and c != "\n" or ord(c) == 127 for c in data):
            self.wrong.append("a control character")

    def handle_comment(self, data):
        self.wrong.append("a comment")

    def unknown_decl(self, data):
        self.wrong.append("a declaration")

    handle_pi = handle_comment


def report(path, *options):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "report.html")
        status, _, err = run("-q", "-r", path, "--html", out, *options)
        with open(out, "rb") as file:
            return status, file.read(), err.decode("utf-8", "replace")


def check(name):
    bad, path = [], os.path.join(PCAPS, name)
    modes = [[], ["--all", "-v"], ["--redact", "-v"]] if "hostile" not in path else [["--all", "-v"]]
    for options in modes:
        status, page, err = report(path, *options)
        text = page.decode("utf-8", "strict")
        parsed = Page(text)
        told = [r["message"] for r in records(name, *(o for o in options if o == "--redact"))]
        bad += [f"{name} {options}: {wrong}" for wrong in parsed.wrong[:5]]
        if status not in (0, 2) or status == 2 and not err:
            bad.append(f"{name} {options}: exit {status}")
        if sorted(parsed.lines) != sorted(told):
            bad.append(f"{name} {options}: {len(parsed.lines)} verdict lines for {len(told)} sessions")
        bad += [f"{name} {options}: a secret appears ({s[:4]}...)" for s in secrets if s in text]
        if re.search(r"@import|url\(|src=|javascript:", text[:text.index("</style>")], re.I):
            bad.append(f"{name} {options}: the head fetches something")
        if not parsed.ids or "main" not in parsed.ids:
            bad.append(f"{name} {options}: no landmark")
    if report(path, *modes[-1])[1] != page:
        bad.append(f"{name}: the second run differs")
    with open(path, "rb") as file:
        if status == 0 and hashlib.sha256(file.read()).hexdigest() not in text:
            bad.append(f"{name}: no SHA-256")
    return bad


def check_several():
    """Sessions of several files in one page: their numbers repeat, their anchors must not."""
    paths = [os.path.join(PCAPS, name) for name in WHOLE]
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "report.html")
        run("-q", *(a for p in paths for a in ("-r", p)), "--html", out, check=True)
        with open(out, encoding="utf-8") as file:
            parsed = Page(file.read())
    told = [r["message"] for name in WHOLE for r in records(name)]
    bad = [f"several files: {wrong}" for wrong in parsed.wrong[:5]]
    if sorted(parsed.lines) != sorted(told):
        bad.append("several files: not every verdict line")
    return bad


names = captures()
failures = [line for lines in each(check, names) for line in lines] + check_several()
finish("html", failures, len(names) + 1)
