#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes all crafted and transformed captures and their stories again, byte for byte.
#   craft.sh [NAME ...]    only these captures; the stories always
# What record_net.py recorded is read, not recorded again.
set -eu
cd "$(dirname "$0")"
exec python3 craft_all.py "$@"
