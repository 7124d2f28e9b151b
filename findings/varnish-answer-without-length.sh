#!/bin/bash
# Varnish takes an HTTP/1.1 answer without a length for an empty one.
#
# Seen with: varnish 7.1.1 (Debian 12) with its built-in rules, before a server that
#            answers with neither Content-Length nor Transfer-Encoding, ends the body
#            with the connection, and has "Connection: keep-alive" in its head.
# What one expects: such a body ends with the connection, whatever the header
#                   Connection says (RFC 9112, 6.3), as nginx, haproxy and Apache do.
# What happens:     the client gets 200 with Content-Length: 0 at once.  With
#                   "Connection: close" it gets all of the body.
# What follows:     a server that streams without chunks has to send
#                   "Connection: close".
#
# Needs: apt-get, dpkg-deb, gcc, python3, curl; ports on loopback.
set -eu
version=7.1.1-2+deb12u1
dir=$(mktemp -d)
pids=()
cleanup() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; done
	rm -rf "$dir"
}
trap cleanup EXIT
cd "$dir"
apt-get -q -o APT::Sandbox::User=root download "varnish=$version" "libvarnishapi3=$version" libjemalloc2 >/dev/null
for deb in ./*.deb; do dpkg-deb -x "$deb" root; done
LD_LIBRARY_PATH=$(find "$PWD/root/usr/lib" -name '*.so*' -printf '%h\n' | sort -u | tr '\n' ':')
export LD_LIBRARY_PATH

cat >server.py <<'PY'
import http.server


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Type', 'text/plain')
        self.send_header('Connection', self.path[1:])
        self.end_headers()
        self.wfile.write(b'the body')
        self.close_connection = True

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
PY
python3 server.py >port & pids+=($!)
for _ in $(seq 100); do [ -s port ] && break; sleep 0.1; done
printf 'vcl 4.1;\nbackend s { .host = "127.0.0.1"; .port = "%s"; }\n' "$(cat port)" >s.vcl
front=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
root/usr/sbin/varnishd -F -j none -n "$dir/work" -a "127.0.0.1:$front" -f "$dir/s.vcl" -s malloc,16m >varnish.log 2>&1 & pids+=($!)
for _ in $(seq 100); do curl -s -o /dev/null "http://127.0.0.1:$front/close" && break; sleep 0.1; done
seen=''
for connection in close keep-alive; do
	seen+="$connection: $(curl -s -w ' (%{http_code}, %{size_download} bytes)' "http://127.0.0.1:$front/$connection")"$'\n'
done
echo "$seen"
expected="close: the body (200, 8 bytes)
keep-alive:  (200, 0 bytes)
"
[ "$seen" = "$expected" ] || { cat varnish.log; echo "this has changed; it was:"; echo "$expected"; exit 1; }
echo "as described"
