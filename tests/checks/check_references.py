# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever the project refers to is there: pages and headings named in any tracked file, relative links of
pages and the files between their backticks, files and letters of findings named in comments of C and .def
files, and the `source` of every row of what is known of Microsoft 365, whose heading must also name what the
row matches. And docs/ARCHITECTURE.md has every folder of code, and no other; docs/record.md
every first word of a verdict line."""
import fnmatch
import glob
import os
import re
import subprocess

from common import ROOT, finish

KNOWLEDGE = "docs/microsoft-365.md"
MAP = "docs/ARCHITECTURE.md"
HOUSES = ("engine", "frames", "capture-tool", "plugin")
PAGE = re.compile(r"[\w./*-]*[\w*]\.md\b(?:#([\w-]+))?")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FILE = re.compile(r"(?<![\w.<])[\w/*-]*[\w*]\.(?:c|h|def|py)\b(?!\()")
QUOTED = re.compile(r"`((?:engine|tests|pcaps|capture-tool|plugin|frames|cmake|docs)/[\w./*-]+"
                    r"|[\w*-]+\.(?:c|h|def|py))`")
LETTER = re.compile(r"(?:[(;]|/\*) ?([A-Z]\d\d[a-z]?)\b")
COMMENT = re.compile(r"/\*.*?\*/", re.S)
STRANGE = ("pcap/",)  # libpcap's own headers


def tracked():
    """Paths of the project's text files; without git whatever lies there and was not built."""
    done = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True,
                          check=False)
    if done.returncode == 0:
        return [path for path in done.stdout.splitlines() if os.path.isfile(os.path.join(ROOT, path))]
    found = []
    for folder, names, files in os.walk(ROOT):
        names[:] = [n for n in names if n != ".git" and not n.startswith("build")]
        found += [os.path.relpath(os.path.join(folder, name), ROOT) for name in files]
    return found


def text_of(path):
    """The file's text; empty for captures, pictures and what else is no text."""
    with open(os.path.join(ROOT, path), "rb") as file:
        data = file.read()
    return "" if b"\0" in data or ".pcap" in path else data.decode("utf-8", "replace")


def slug(heading):
    """The anchor that GitHub makes of a heading."""
    words = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower())
    return words.replace(" ", "-")


def sections(page):
    """Anchor -> the text below that heading up to the next one."""
    found, current, fenced = {}, None, False
    for line in text_of(page).splitlines():
        fenced ^= line.startswith("```")
        if line.startswith("#") and not fenced:
            current = slug(line.lstrip("#"))
            found[current] = ""
        elif current is not None:
            found[current] += line + "\n"
    return found


FILES = tracked()
NAMES = {os.path.basename(path) for path in FILES}
PLACES = set(FILES) | {path[:i] for path in FILES for i, c in enumerate(path) if c == "/"}
PAGES = {path: sections(path) for path in FILES if path.endswith(".md")}
LETTERS = {letter for path in FILES if path.endswith(".def")
           for letter in re.findall(r'\.letter = "(\w+)"', text_of(path))}
failures, checked = [], 0


def check(good, where, what):
    """Count one reference, and complain when it leads nowhere."""
    global checked
    checked += 1
    if not good:
        failures.append(f"{where}: {what}")


def at(path, text, offset):
    """path:line of an offset."""
    return f"{path}:{text.count(chr(10), 0, offset) + 1}"


def page_at(path, target):
    """The tracked page that `target`, written in `path`, names: from the root or from beside it; in a
    program also the tail of its path."""
    for start in ("", os.path.dirname(path)):
        name = os.path.normpath(os.path.join(start, target))
        if name in PAGES:
            return name
    tails = [name for name in PAGES if f"/{name}".endswith("/" + target.lstrip("/"))]
    return tails[0] if tails and not path.endswith((".md", ".c", ".h", ".def")) else None


def check_pages(path, text):
    """Every word that ends in .md is a page of the project, and its #anchor a heading there."""
    for match in PAGE.finditer(text):
        word, _, anchor = match[0].partition("#")
        if "*" in word:
            continue
        page = page_at(path, word)
        check(page and (not anchor or anchor in PAGES[page]), at(path, text, match.start()), f"no {match[0]}")


def check_links(path, text):
    """Relative links of a page lead to a file or heading."""
    for match in LINK.finditer(re.sub(r"```.*?```", lambda m: " " * len(m[0]), text, flags=re.S)):
        target, _, anchor = match[1].partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        name = os.path.normpath(os.path.join(os.path.dirname(path), target)) if target else path
        good = os.path.exists(os.path.join(ROOT, name)) and (not anchor or anchor in PAGES.get(name, {}))
        check(good, at(path, text, match.start()), f"link to {match[1]}")


def check_quoted(path, text):
    """Files and folders that a page names between backticks, stars allowed."""
    for match in QUOTED.finditer(re.sub(r"```.*?```", lambda m: " " * len(m[0]), text, flags=re.S)):
        name = match[1].rstrip("/")
        known = NAMES if "/" not in name else PLACES
        beside = glob.glob(os.path.join(ROOT, os.path.dirname(path), name))
        good = beside or any(fnmatch.fnmatch(one, name) for one in known)
        check(good, at(path, text, match.start()), f"no {match[1]}")


def check_comments(path, text):
    """Files and letters of findings that comments name."""
    for comment in COMMENT.finditer(text):
        for match in FILE.finditer(comment[0]):
            if not match[0].startswith(STRANGE):
                base = os.path.basename(match[0])
                check(any(fnmatch.fnmatch(name, base) for name in NAMES),
                      at(path, text, comment.start() + match.start()), f"no file {match[0]}")
        for match in LETTER.finditer(comment[0]):
            check(match[1] in LETTERS, at(path, text, comment.start()), f"no finding {match[1]}")


def written(row, key):
    """The string of one designated initialiser of a row, or None."""
    match = re.search(rf'\.{key} = "((?:[^"\\]|\\.)*)"', row)
    return match and match[1]


def check_source(where, source, words):
    """A source is an RFC, a heading whose section holds all `words`, or a program of that name."""
    if re.fullmatch(r"RFC \d+", source):
        return
    section = PAGES.get(KNOWLEDGE, {}).get(source)
    check(section is not None, where, f"{KNOWLEDGE} has no heading #{source}")
    folded = (section or "").lower()
    for word in filter(None, words):
        check(section is None or word.lower() in folded, where, f"{KNOWLEDGE}#{source} does not have: {word}")


def check_replies(path, text):
    """REPLY rows: the sentence, or the first code of the range, stands below the heading."""
    seen = re.search(r'#define SEEN "([\w-]+)"', text)
    for match in re.finditer(r"^REPLY\((.*?)\)\n(?!\t)", text, re.M | re.S):
        row = match[1].replace(".source = SEEN", f'.source = "{seen and seen[1]}"')
        code = re.search(r"CODES?\((\d), (\d+), (\d+)", row)
        words = [written(row, "sentence"), written(row, "also")]
        if code and not words[0]:
            words.append(".".join(code.groups()))
        where = at(path, text, match.start())
        source = written(row, "source")
        check(source, where, "row without source")
        check_source(where, source or "", words)


def check_peers(path, text):
    """NAME, BANNER, SUBJECT, RANGE rows: what they match, without its wildcard, stands there."""
    for match in re.finditer(r'^(?:NAME|BANNER|SUBJECT|RANGE)\("([^"]+)".*?"([^"]+)"(?:, \w+)?\)$', text, re.M):
        check_source(at(path, text, match.start()), match[2], [re.sub(r"^[?*]\.", "", match[1])])


def check_map():
    """The table of rooms against the folders that hold C files or headers."""
    rooms = {os.path.dirname(path) for path in FILES if path.split("/")[0] in HOUSES and path.endswith((".c", ".h"))}
    rooms = {room for room in rooms if not room.startswith("engine/forbidden/")} | {"engine/forbidden"}
    shown = set(re.findall(rf"^\| `((?:{'|'.join(HOUSES)})[\w/-]*)` \|", text_of(MAP), re.M))
    for room in sorted(rooms | shown):
        check(room in shown, MAP, f"does not have the room {room}")
        check(room in rooms, MAP, f"has a room {room} that is not there")


def check_words():
    """The first words of verdict lines in the golden files against the table of docs/record.md."""
    said = {word for path in FILES if re.fullmatch(r"tests/golden/[^/]*\.txt", path)
            for word in re.findall(r"^(\w+) +[\d.:\[\]a-f]+ > ", text_of(path), re.M)}
    shown = set(re.findall(r"^\| `(\w+)` \|", PAGES.get("docs/record.md", {}).get("text-line", ""), re.M))
    for word in sorted(said | shown):
        check(word in shown, "docs/record.md", f"the table of the text line lacks {word}")
        check(word in said, "docs/record.md", f"no golden file has a line that begins with {word}")


rows = 0
check_map()
check_words()
for path in FILES:
    text = text_of(path)
    if not text or path.startswith("tests/golden/") or path == "LICENSE":
        continue
    check_pages(path, text)
    if path.endswith(".md"):
        check_links(path, text)
        check_quoted(path, text)
    if path.endswith((".c", ".h", ".def")):
        check_comments(path, text)
    if path.endswith(".def"):
        before = checked
        check_replies(path, text)
        check_peers(path, text)
        rows += checked > before
check(rows >= 2, KNOWLEDGE, "no rows found that name it")
finish("references", failures, checked)
