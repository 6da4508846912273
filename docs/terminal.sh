#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Takes docs/terminal.png: the tool in a real terminal (xterm under Xvfb). Needs xvfb, xterm, imagemagick,
# fonts-dejavu-core, and build/smtp365. Run it again when the output changes.
set -eu
cd "$(dirname "$0")/.."
number=${1:-87}
room=$(mktemp -d)
Xvfb ":$number" -screen 0 1180x820x24 -nolisten tcp >/dev/null 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$room"' EXIT
sleep 1
cat >"$room/show" <<'SHOW'
printf '$ smtp365 -r printer.pcapng\n'
build/smtp365 -r pcaps/cert-g2-not-trusted.pcapng -q
printf '$ smtp365 -r copier.pcapng\n'
build/smtp365 -r pcaps/starttls-masked-asa.pcapng -q
sleep 20
SHOW
DISPLAY=":$number" xterm -geometry 118x46+0+0 -fa 'DejaVu Sans Mono' -fs 10 -bg '#1c1f26' -fg '#d7dae0' \
	-e sh "$room/show" &
sleep 4
DISPLAY=":$number" import -window root -crop 948x720+0+0 +repage -colors 64 docs/terminal.png
