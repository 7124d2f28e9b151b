#!/bin/bash
# libcurl counts uploaded bytes from 0 again when it repeats a request by itself.
#
# Seen with: libcurl4 7.88.1 (Debian 12), a POST of 1,000 bytes over a kept
#            connection that the server closes once it has read all of it.
# What one expects: CURLINFO_SIZE_UPLOAD_T is how much of the body was sent,
#                   so 0 after a failed POST means that no server can have
#                   acted on it.
# What happens:     libcurl takes a kept connection that ends before any answer
#                   for an idle one that died, and sends the request once more
#                   over a new connection, even a POST.  If it can't connect,
#                   the transfer ends with CURLE_COULDNT_CONNECT and 0 bytes
#                   uploaded, although the server received all of them.
# What follows:     neither the code nor the count proves that a change was not
#                   made; a program must count what it hands to the socket.
#
# Needs: apt-get, dpkg-deb, gcc, python3; a port on loopback.
set -eu
version=7.88.1-10+deb12u15
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q -o APT::Sandbox::User=root download "libcurl4-openssl-dev=$version" "libcurl4=$version" >/dev/null
for deb in ./*.deb; do dpkg-deb -x "$deb" root; done
lib=$(dirname "$(find root -name 'libcurl.so.4' | head -n 1)")
include=$(dirname "$(dirname "$(find root -name curl.h | head -n 1)")")

cat >server.py <<'PY'
import socket

listener = socket.create_server(('127.0.0.1', 0))
listener.settimeout(20)
print(listener.getsockname()[1], flush=True)
client, _ = listener.accept()
client.settimeout(20)


def request():
    data = b''
    while b'\r\n\r\n' not in data:
        data += client.recv(65536)
    head, body = data.split(b'\r\n\r\n', 1)
    size = int([line.split(b':')[1] for line in head.split(b'\r\n') if line.lower().startswith(b'content-length')][0])
    while len(body) < size:
        body += client.recv(65536)
    return len(body)


request()
client.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
got = request()
listener.close()
client.close()
print('the server has had', got, flush=True)
PY
cat >twice.c <<'C'
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

static int
post(CURL *c, const char *what)
{
	curl_off_t uploaded = -1;
	CURLcode code = curl_easy_perform(c);

	curl_easy_getinfo(c, CURLINFO_SIZE_UPLOAD_T, &uploaded);
	printf("%s: %s, uploaded %ld\n", what, curl_easy_strerror(code), (long)uploaded);
	fflush(stdout);
	return code;
}

int
main(int argc, char **argv)
{
	CURL *c = curl_easy_init();
	char body[1001];

	if (c == NULL || argc != 2)
		return 2;
	memset(body, 'x', 1000);
	body[1000] = '\0';
	curl_easy_setopt(c, CURLOPT_URL, argv[1]);
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, 20L);
	if (post(c, "first") != CURLE_OK)
		return 2;
	(void)post(c, "second");
	curl_easy_cleanup(c);
	return 0;
}
C
gcc -I"$include" -I"$include/.." -o twice twice.c "$lib"/libcurl.so.4 -Wl,--allow-shlib-undefined
python3 server.py >server.out &
server=$!
for _ in $(seq 100); do [ -s server.out ] && break; sleep 0.1; done
seen=$(LD_LIBRARY_PATH=$lib ./twice "http://127.0.0.1:$(head -n 1 server.out)/")
wait $server
seen=$seen$'\n'$(tail -n 1 server.out)
echo "$seen"
expected="first: No error, uploaded 1000
second: Couldn't connect to server, uploaded 0
the server has had 1000"
[ "$seen" = "$expected" ] || { echo "this has changed; it was:"; echo "$expected"; exit 1; }
echo "as described"
