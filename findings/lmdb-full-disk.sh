#!/bin/bash
# LMDB 0.9.24 reports a full disk as EIO ("Input/output error"), not ENOSPC.
#
# Seen with: liblmdb0 0.9.24-1 (Debian 12), tmpfs of 1 MiB.
# What one expects: mdb_txn_commit() returns ENOSPC (28), as write(2) does.
# What happens:     the kernel first takes the part of the pages that still
#                   fits; LMDB sees a write shorter than asked and returns EIO
#                   (5), as if the device were broken.  The transaction before
#                   is intact, and once there is room again the same
#                   transaction succeeds.
# What follows:     a program that uses LMDB has to call statvfs() itself before
#                   it reports the cause.
#
# Needs: apt-get, dpkg-deb, gcc, unshare; root or user namespaces.
set -eu
version=0.9.24-1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -q -o APT::Sandbox::User=root download "liblmdb-dev=$version" "liblmdb0=$version" >/dev/null
for deb in ./*.deb; do dpkg-deb -x "$deb" root; done
lib=$(dirname "$(find root -name 'liblmdb.so.0*' | head -n 1)")

cat >full.c <<'C'
#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Store ${count} values of 4,000 bytes from key ${first} on; what the commit said. */
static int
put(MDB_env *env, unsigned first, unsigned count)
{
	static char bytes[4000];
	MDB_txn *txn;
	MDB_dbi dbi;
	int rc = mdb_txn_begin(env, NULL, 0, &txn);

	if (rc != 0 || (rc = mdb_dbi_open(txn, NULL, 0, &dbi)) != 0)
		exit(2);
	for (unsigned i = first; i < first + count; i++) {
		MDB_val k = { sizeof(i), &i }, v = { sizeof(bytes), bytes };

		if ((rc = mdb_put(txn, dbi, &k, &v, 0)) != 0)
			exit(2);
	}
	return mdb_txn_commit(txn);
}

static size_t
entries(MDB_env *env)
{
	MDB_stat st;

	if (mdb_env_stat(env, &st) != 0)
		exit(2);
	return st.ms_entries;
}

int
main(int argc, char **argv)
{
	char store[200], ballast[200];
	MDB_env *env;
	int rc;

	(void)argc;
	snprintf(store, sizeof(store), "%s/store", argv[1]);
	snprintf(ballast, sizeof(ballast), "%s/ballast", argv[1]);
	if (mdb_env_create(&env) != 0 || mdb_env_set_mapsize(env, 64 << 20) != 0 ||
	    mdb_env_open(env, store, MDB_NOSUBDIR, 0600) != 0)
		return 2;
	if (put(env, 0, 10) != 0)
		return 2;
	rc = put(env, 10, 150);
	printf("%s\ncommit on a full disk: %d (%s), ENOSPC is %d\n", mdb_version(NULL, NULL, NULL),
	    rc, strerror(rc), ENOSPC);
	printf("entries: %zu\n", entries(env));
	if (unlink(ballast) != 0)
		return 2;
	rc = put(env, 10, 150);
	printf("commit with room: %d, entries: %zu\n", rc, entries(env));
	return 0;
}
C
gcc -Iroot/usr/include -o full full.c "$lib"/liblmdb.so.0*
mkdir disk
user=(); [ "$(id -u)" -eq 0 ] || user=(-r)
# shellcheck disable=SC2016 # for the shell inside
seen=$(LD_LIBRARY_PATH=$lib unshare "${user[@]}" -m sh -c \
	'mount -t tmpfs -o size=1m tmpfs disk && head -c 600000 /dev/zero >disk/ballast && ./full disk')
echo "$seen"
expected='LMDB 0.9.24: (July 24, 2019)
commit on a full disk: 5 (Input/output error), ENOSPC is 28
entries: 10
commit with room: 0, entries: 160'
[ "$seen" = "$expected" ] || { echo "this has changed; it was:"; echo "$expected"; exit 1; }
echo "as described"
