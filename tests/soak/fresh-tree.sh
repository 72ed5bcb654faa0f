#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The README's first two commands as a newcomer meets them: in a minimal Debian 12 with nothing but git and make, on a clean
# clone. Needs root, mmdebstrap and Debian's packages.
#
#     tests/soak/fresh-tree.sh [COMMAND…]      default: make demo, then make check
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
tree=$(mktemp -d /var/tmp/takt-fresh-XXXXXX)
cleanup() {
    # Whatever still uses it, and what the tests have mounted: while this machine's own /dev is in it, the tree must not be removed.
    awk -v tree="$tree/" 'index($2, tree) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r -n1 umount -l || true
    grep -q " $tree/" /proc/mounts || rm -rf --one-file-system "$tree"
}
trap cleanup EXIT
base=${TAKT_FRESH_BASE:-}
if [ -n "$base" ]; then
    cp -a "$base/." "$tree/"
else
    mmdebstrap --quiet --variant=minbase --include=ca-certificates,git,make bookworm "$tree"
fi
chmod 755 "$tree" # the database runs as nobody, who must get in
git clone -q "$root" "$tree/takt"
mount -t proc proc "$tree/proc"
mount --rbind /dev "$tree/dev" && mount --make-rslave "$tree/dev"
cp /etc/resolv.conf /etc/hosts "$tree/etc/"
# A machine that is let out through a proxy of its own trusts that; so must npm within.
[ -z "${NODE_EXTRA_CA_CERTS:-}" ] || cp "$NODE_EXTRA_CA_CERTS" "$tree/etc/authorities.crt"
inside() {
    chroot "$tree" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb \
        ${NODE_EXTRA_CA_CERTS:+NODE_EXTRA_CA_CERTS=/etc/authorities.crt} bash -c "cd /takt && $1"
}
if [ $# -gt 0 ]; then
    inside "$*"
else
    inside "make demo"
    inside "make check"
fi
