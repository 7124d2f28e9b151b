#!/bin/bash
# LibreOffice without its window takes a CSV with a byte order mark for Latin-1.
#
# Seen with: libreoffice-calc-nogui 7.4.7 (Debian 12), in the locale C.UTF-8.
# What one expects: a file that begins with UTF-8's byte order mark is read as UTF-8,
#                   particularly in a locale with that character set.
# What happens:     "soffice --headless --convert-to" turns "Müller" into "MÃ¼ller",
#                   and the mark becomes three letters of the first cell.  With
#                   --infilter='Text - txt - csv (StarCalc):44,34,76,1' both are right.
# What follows:     a script that converts CSV must name the character set (76 is UTF-8).
#
# Needs: root, mmdebstrap, unshare; makes a Debian of 560 MB in a temporary folder.
set -eu
version=4:7.4.7-1+deb12u14
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
root=$dir/root
mmdebstrap --quiet --variant=minbase --dpkgopt=force-unsafe-io \
	--include="libreoffice-calc-nogui=$version" bookworm "$root" \
	'deb http://deb.debian.org/debian bookworm main' \
	'deb http://deb.debian.org/debian-security bookworm-security main' 2>"$dir/log" ||
	{ cat "$dir/log"; exit 1; }
printf '\xef\xbb\xbfname\r\nM\xc3\xbcller\r\n' >"$root/tmp/names.csv"

convert() {	# more for soffice; its cells, one a line
	rm -f "$root/tmp/names.fods"
	# what it starts ends with the space of processes
	unshare --mount --pid --fork --kill-child --mount-proc="$root/proc" \
		timeout 100 chroot "$root" env -i PATH=/usr/bin:/bin HOME=/tmp LC_ALL=C.UTF-8 \
		soffice -env:UserInstallation=file:///tmp/profile --headless "$@" \
		--convert-to fods --outdir /tmp /tmp/names.csv >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
	sed -n 's|.*<text:p>\([^<]*\)</text:p>.*|\1|p' "$root/tmp/names.fods"
}

found=$(convert)
told=$(convert '--infilter=Text - txt - csv (StarCalc):44,34,76,1')
if [ "$found" = $'ï»¿name\nMÃ¼ller' ] && [ "$told" = $'name\nMüller' ]; then
	echo "as found: \"Müller\" is read as \"${found##*$'\n'}\", with its character set named as \"${told##*$'\n'}\""
else
	echo "changed: it is read as ${found//$'\n'/, }, with its character set named as ${told//$'\n'/, }" >&2
	exit 1
fi
