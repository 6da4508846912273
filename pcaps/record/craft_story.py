# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of captures and what each must show: story, findings, near misses.

A scenario table registers a function per capture with @capture(...). make() writes the capture
of each, stories() the .ini files that the tests read. The keys of a section:
  fires       findings that must be reported (there may be more)
  near        findings that must not be reported, though something close is on the wire
  cause       the cause; without it nothing failed, unless 'unsure' names it
  stopped_at, outcome, endpoint, method   as in the JSON record; left out = not asserted
  exposure    what a login gave away: none, user, password, or unknown
  sessions    how many; the values above are those of the first one of interest
  unsure      keys of this section where the findings' description leaves room
  note        what else a reader should know
"""
import os
import textwrap

from craft import Host

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCENARIOS = {}
KEYS = ("made", "fires", "near", "cause", "stopped_at", "outcome", "endpoint", "method",
        "exposure", "sessions", "unsure", "note")
SECRETS = []


def capture(part, name, story, **facts):
    """Registers the decorated function as the maker of pcaps/NAME; it returns a Capture."""
    def register(make):
        if name in SCENARIOS:
            raise ValueError(f"two scenarios make {name}")
        facts.setdefault("made", f"record/{os.path.basename(make.__code__.co_filename)}"
                                 f" ({make.__name__})")
        SCENARIOS[name] = (part, story, facts, make)
        return make
    return register


def secret(text):
    """Remembers what must never appear in any output; returns it."""
    if text not in SECRETS:
        SECRETS.append(text)
    return text


def make(wanted=None):
    for name, (_, _, _, maker) in SCENARIOS.items():
        if wanted and name not in wanted:
            continue
        Host.restart()
        made = maker()
        if made is not None:
            made.write(os.path.join(ROOT, name))


def stories():
    folder = os.path.join(ROOT, "stories")
    os.makedirs(folder, exist_ok=True)
    parts = {}
    for name, (part, story, facts, _) in SCENARIOS.items():
        parts.setdefault(part, []).append((name, story, facts))
    for part, rows in parts.items():
        with open(os.path.join(folder, part + ".ini"), "w", encoding="utf-8") as out:
            out.write("# Made by pcaps/record/craft.sh out of craft_*.py and record_net_scenes.py:"
                      " change it there.\n# What a key means is told in craft_story.py.\n\n")
            for name, story, facts in sorted(rows):
                out.write(section(name, story, facts))


def section(name, story, facts):
    unknown = set(facts) - set(KEYS)
    if unknown:
        raise ValueError(f"{name}: unknown keys {unknown}")
    text = textwrap.fill(" ".join(story.split()), 96, subsequent_indent="\t",
                         break_long_words=False, break_on_hyphens=False)
    lines = [f"[{name}]", f"story = {text}"]
    lines += [f"{key} = {facts[key]}" for key in KEYS if facts.get(key)]
    return "\n".join(lines) + "\n\n"


def write_secrets(wanted=None):
    """The secrets of what was made; when that was not everything the others stay in the list."""
    path = os.path.join(ROOT, "stories", "secrets-b.txt")
    lines = list(SECRETS)
    if wanted and os.path.exists(path):
        with open(path, encoding="utf-8") as old:
            before = old.read().splitlines()
        lines = before + [line for line in SECRETS if line not in before]
    with open(path, "w", encoding="utf-8") as out:
        out.writelines(line + "\n" for line in lines)
