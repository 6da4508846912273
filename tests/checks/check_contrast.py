# SPDX-License-Identifier: GPL-2.0-or-later
"""The colours of the HTML report: text has a contrast of 4.5 to 1 or more on every ground that it
stands on (WCAG 2.1, success criterion 1.4.3), lines and bars that mean something 3 to 1 (1.4.11), on
screens light and dark and on paper."""
import os
import re

from common import ROOT, finish

GROUNDS = ("bg", "card", "soft")
PAIRS = [(ink, ground, 4.5) for ink in ("text", "dim", "link") for ground in GROUNDS]
PAIRS += [(ink, "tls", 4.5) for ink in ("text", "dim")]
PAIRS += [("on", severity, 4.5) for severity in ("critical", "high", "medium", "low", "info")]
PAIRS += [("high", ground, 4.5) for ground in GROUNDS]
PAIRS += [(mark, ground, 3.0) for mark in ("critical", "high", "medium", "low", "info", "good")
          for ground in ("bg", "card")]


def luminance(colour):
    """Relative luminance of #rgb or #rrggbb, as WCAG 2.1 defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[i:i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ratio(a, b):
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def schemes(style):
    """The colours of each :root block, by name of the scheme; later ones change the first."""
    blocks = re.findall(r":root\{([^}]*)\}", style)
    base = None
    for name, block in zip(("light", "dark", "paper"), blocks):
        colours = dict(re.findall(r"--([a-z]+):(#[0-9a-f]{3,6})\b", block))
        base = base or colours
        yield name, {**base, **colours}


with open(os.path.join(ROOT, "capture-tool", "html", "style.c"), encoding="utf-8") as file:
    text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', file.read().split("html_style[]")[1]))
failures, count = [], 0
for scheme, colours in schemes(text):
    for ink, ground, least in PAIRS:
        count += 1
        got = ratio(colours[ink], colours[ground])
        if got < least:
            failures.append(f"{scheme}: {ink} on {ground} has {got:.2f} to 1, not {least}")
if count != 3 * len(PAIRS):
    failures.append(f"{count} pairs were looked at, not {3 * len(PAIRS)}")
if abs(ratio("#000", "#ffffff") - 21) > 0.01 or abs(ratio("#777777", "#fff") - 4.48) > 0.01:
    failures.append("the formula is wrong")
finish("contrast", failures, count)
