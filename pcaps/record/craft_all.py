# SPDX-License-Identifier: GPL-2.0-or-later
"""Imports every scenario table, makes what is asked for, writes stories and secrets."""
import importlib
import os
import sys

import craft_story

os.chdir(os.path.dirname(os.path.abspath(__file__)))
os.makedirs(os.path.join(craft_story.ROOT, "hostile"), exist_ok=True)
for table in ("record_net_scenes", "craft_quality", "craft_dns", "craft_tcp", "craft_mode",
              "craft_input", "craft_hostile", "craft_hostile_words", "craft_review",
              "craft_corners", "craft_login", "craft_strangers", "craft_replies", "craft_wire",
              "craft_alive"):
    if os.path.exists(table + ".py"):
        importlib.import_module(table)
craft_story.make(sys.argv[1:])
craft_story.stories()
craft_story.write_secrets(sys.argv[1:])
