#!/bin/bash
# With nchan 1.3.6 loaded, nginx makes its compiled-in folder for bodies, even if the
# configuration names another.
#
# Seen with: nginx 1.22.1-9+deb12u11, libnginx-mod-nchan 1:1.3.6+dfsg-2 (Debian 12).
# What one expects: client_body_temp_path at http level is the only folder for
#                   bodies; without the module it is.
# What happens:     loading the module is enough for nginx to make
#                   /var/lib/nginx/body as well, and where it can't (another
#                   user, a root that can't be written) it does not start.
# What follows:     to run such an nginx without root, make that folder first;
#                   otherwise it works only where another nginx ran before.
#
# Needs: apt-get, dpkg-deb, nginx's libraries, unshare; root.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q -o APT::Sandbox::User=root download nginx=1.22.1-9+deb12u11 libnginx-mod-nchan=1:1.3.6+dfsg-2 >/dev/null
for deb in ./*.deb; do dpkg-deb -x "$deb" root; done
mkdir tmp empty

made() {	# load_module or nothing -> what nginx makes where it was built to
	cat >nginx.conf <<-CONF
	$1
	pid $dir/nginx.pid;
	events { }
	http {
		client_body_temp_path $dir/tmp/body; fastcgi_temp_path $dir/tmp/fastcgi; proxy_temp_path $dir/tmp/proxy;
		scgi_temp_path $dir/tmp/scgi; uwsgi_temp_path $dir/tmp/uwsgi;
		server { listen unix:$dir/nginx.sock; }
	}
	CONF
	rm -f nginx.sock
	# shellcheck disable=SC2016 # for the shell that runs it
	unshare -m sh -c 'mkdir -p /var/lib/nginx; mount -t tmpfs none /var/lib/nginx; root/usr/sbin/nginx -t -q -p "$0" -e stderr -c "$0/nginx.conf" >&2; ls /var/lib/nginx' "$dir"
}
without=$(made '')
with=$(made "load_module $dir/root/usr/lib/nginx/modules/ngx_nchan_module.so;")
echo "without nchan: '$without', with it: '$with'"
[ -z "$without" ] && [ "$with" = body ]
