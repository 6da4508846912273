#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Prints captures that show every finding, few of them.

usage: one_each.py SOURCE
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wireshark import one_each  # noqa: E402

print("\n".join(os.path.join("pcaps", n) for n in one_each(sys.argv[1])))
