#!/bin/bash
# utf8proc upper-cases "ß" to "ẞ" (U+1E9E); no other library here does.
#
# Seen with: libutf8proc2 2.8.0-1 (Debian 12).
# What one expects: utf8proc_toupper(U+00DF) returns U+00DF, as towupper() and
#                   Unicode's table of simple mappings say, since "SS" does not
#                   fit into one character; JavaScript and Python give "SS".
# What happens:     it returns U+1E9E, so utf8proc, the C library and JavaScript
#                   upper-case the same text in three ways.
# What follows:     a program that must agree with another on upper case has to
#                   map this letter before it calls utf8proc.
#
# Needs: apt-get, dpkg-deb, gcc, python3.
set -eu
version=2.8.0-1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q -o APT::Sandbox::User=root download "libutf8proc-dev=$version" "libutf8proc2=$version" >/dev/null
for deb in ./*.deb; do dpkg-deb -x "$deb" root; done
lib=$(dirname "$(find root -name 'libutf8proc.so.2' | head -n 1)")

cat >upper.c <<'C'
#include <locale.h>
#include <stdio.h>
#include <utf8proc.h>
#include <wctype.h>

int
main(void)
{
	if (setlocale(LC_ALL, "C.UTF-8") == NULL)
		return 2;
	printf("%X %X\n", (unsigned)utf8proc_toupper(0xDF), (unsigned)towupper(0xDF));
	return 0;
}
C
gcc -Iroot/usr/include upper.c -o upper -L"$lib" -l:libutf8proc.so.2
seen=$(LD_LIBRARY_PATH=$lib ./upper)
others=$(python3 -c 'print("\u00df".upper())')
if [ "$seen" = "1E9E DF" ] && [ "$others" = SS ]; then
	echo "as found: utf8proc says U+1E9E, the C library U+00DF, Python SS"
else
	echo "changed: utf8proc and the C library say $seen, Python $others" >&2
	exit 1
fi
