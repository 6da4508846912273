#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the pictures of the plugin for the README: Wireshark on a virtual display, as a normal user,
# with the profile of the project and a capture put together from those of pcaps/.
#
#   docs/screenshots.sh PLUGIN.so VERSION [FOLDER]     for example build/wireshark/4.0/epan/smtp365.so 4.0
#
# Needs wireshark, mergecap, Xvfb, xdotool and ImageMagick. Run it again when the windows change.
set -eu

source=$(readlink -f "$(dirname "$0")/..")
plugin=$1
version=$2
out=$(readlink -f "${3:-$source/docs}")
work=$(mktemp -d)
display=:97
pids=

finish() {
	for pid in $pids; do
		kill "$pid" 2> /dev/null || true
	done
	rm -rf "$work"
}
trap finish EXIT INT TERM

for program in wireshark mergecap Xvfb xdotool import convert; do
	command -v $program > /dev/null || { echo "skip: no $program here"; exit 77; }
done

user=
if [ "$(id -u)" = 0 ]; then # Wireshark loads no plugins of root
	user="setpriv --reuid=65534 --regid=65534 --clear-groups"
fi
mkdir -p "$work/plugins/$version/epan" "$work/home/.config/wireshark/profiles" "$work/home/run"
cp "$plugin" "$work/plugins/$version/epan/smtp365.so"
cp -r "$source/plugin/profile" "$work/home/.config/wireshark/profiles/smtp365"
cat > "$work/home/.config/wireshark/recent" << 'EOF'
gui.geometry_main_x: 0
gui.geometry_main_y: 0
gui.geometry_main_width: 1480
gui.geometry_main_height: 900
EOF
echo "gui.byte_view_show: FALSE" >> "$work/home/.config/wireshark/profiles/smtp365/recent"
chmod 755 "$work"
chmod 700 "$work/home/run"
mergecap -a -w "$work/mail.pcapng" "$source/pcaps/base-submission.pcapng" \
	"$source/pcaps/starttls-masked-asa.pcapng" "$source/pcaps/auth-535-tenant.pcapng" \
	"$source/pcaps/cert-g2-not-trusted.pcapng" "$source/pcaps/auth-clear-login-no-starttls.pcapng" \
	"$source/pcaps/base-direct-send.pcapng"
chmod 644 "$work/mail.pcapng"
[ -z "$user" ] || chown -R 65534:65534 "$work/home"

Xvfb $display -screen 0 1500x920x24 -nolisten tcp > /dev/null 2>&1 &
pids=$!
export DISPLAY=$display
sleep 1

# Becomes a program of the user, with the user's own and empty home; call it in a subshell.
run() {
	exec $user env HOME="$work/home" XDG_RUNTIME_DIR="$work/home/run" QT_QPA_PLATFORM=xcb LC_ALL=C.UTF-8 \
		TZ=UTC WIRESHARK_PLUGIN_DIR="$work/plugins" "$@"
}

# The frame that proves the first cause, found as a user would.
evidence() {
	run tshark -2 -n -r "$work/mail.pcapng" -Y "$1" -T fields -e frame.number 2> /dev/null | head -n 1
}

# open NAME WAIT ARGUMENTS: Wireshark on the capture; its process goes into $window.
open() {
	run wireshark -n -C smtp365 -r "$work/mail.pcapng" "$@" > "$work/log" 2>&1 &
	window=$!
	pids="$pids $window"
	sleep 8
	main=$(xdotool search --onlyvisible --name 'mail.pcapng' | head -n 1)
	xdotool windowmove "$main" 0 0 windowsize "$main" 1480 900
	sleep 1
}

# The other window of Wireshark: the dialog.
dialog() {
	for id in $(xdotool search --onlyvisible --name "$1"); do
		[ "$id" = "$main" ] || { echo "$id"; return; }
	done
}

shot() {
	import -window root "$work/shot.png"
	convert "$work/shot.png" -crop "${2:-1480x900+0+0}" +repage -colors 200 -depth 8 \
		-define png:compression-level=9 -strip "PNG8:$out/$1.png"
}

close() {
	kill "$window" 2> /dev/null || true
	wait "$window" 2> /dev/null || true
}

frame=$(evidence 'smtp365.cause.here && smtp365.cause.id == "starttls.masked"')
open -g "$frame"
# Our line is the sixth of the details; open it, and the cause in it.
xdotool mousemove 200 582 click 1 key Right Down Down Right
sleep 2
shot plugin-session
close

open -z expert
id=$(dialog 'Expert')
[ -z "$id" ] || xdotool windowmove "$id" 60 120 windowsize "$id" 1300 640
sleep 2
shot plugin-expert
close

open -z smtp365,table
id=$(dialog 'Sessions')
[ -z "$id" ] || xdotool windowmove "$id" 40 180 windowsize "$id" 1400 420
sleep 2
shot plugin-sessions
close
ls -l "$out"/plugin-*.png
