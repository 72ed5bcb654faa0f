#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The unit file under a systemd that has booted: what is installed is started, reloaded, killed and stopped by it, in a throw-away
# Debian 12. Needs root, systemd-nspawn and mmdebstrap; where one is missing it says SKIPPED and ends with 77.
#
#     tests/soak/unit.sh [BUILD]               TAKT_UNIT_BASE=TREE: a tree made before, which is not written to
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-build}
packages=systemd,systemd-sysv,dbus,procps,tzdata,libzmq5,libyaml-0-2,libsqlite3-0,libjansson4,libsystemd0,libsodium23,libmicrohttpd12,libpq5,zlib1g
started='MESSAGE_ID=0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b01'
refused='MESSAGE_ID=0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b05'

skip() { echo "SKIPPED: $*"; exit 77; }
[ "$(id -u)" -eq 0 ] || skip "not root"
for tool in systemd-nspawn mmdebstrap nsenter; do command -v $tool >/dev/null || skip "there is no $tool"; done

work=$(mktemp -d /var/tmp/takt-unit-XXXXXX)
box=$work/root
nspawn=
init=
cleanup() {
    if [ -n "$init" ]; then kill -s RTMIN+4 "$init" 2>/dev/null || true; fi
    for _ in $(seq 100); do [ -n "$nspawn" ] && kill -0 "$nspawn" 2>/dev/null || break; sleep 0.1; done
    if [ -n "$nspawn" ]; then kill -9 "$nspawn" 2>/dev/null || true; fi
    umount "$box" 2>/dev/null || umount -l "$box" 2>/dev/null || true
    umount "$work" 2>/dev/null || umount -l "$work" 2>/dev/null || true
    rmdir "$work" 2>/dev/null || true
    for h in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
        [ -d "$h/$group" ] && find "$h/$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
    if [ -n "${made:-}" ]; then rm -rf --one-file-system "$made"; fi
}
group=takt-unit-$$
trap cleanup EXIT

fail() { echo "FAILED: $*" >&2; inside journalctl --no-pager -n 40 -u taktd >&2 || true; exit 1; }
inside() { nsenter -t "$init" -a -- "$@"; }
# await SECONDS WHAT COMMAND…: until the command succeeds
await() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || fail "waited in vain for $what"; sleep 0.05; done
}
property() { inside systemctl show -P "$1" taktd; }
ok() { echo "ok      $*"; }

# ---- the box ----

base=${TAKT_UNIT_BASE:-}
if [ -z "$base" ]; then
    made=$(mktemp -d /var/tmp/takt-unit-tree-XXXXXX)
    base=$made
    mmdebstrap --quiet --variant=minbase --include=$packages bookworm "$base"
fi
mount -t tmpfs -o size=1g takt-unit "$work"
mkdir "$work/upper" "$work/work" "$box"
mount -t overlay overlay -o "lowerdir=$base,upperdir=$work/upper,workdir=$work/work" "$box"
make -s -C "$root" O="$build" install DESTDIR="$box" >/dev/null
plant=$box/etc/takt/taktd.yaml
mkdir -p "$box/etc/takt"
cat >"$work/good.yaml" <<'YAML'
takt: 1
plant: {id: box-01, time_zone: Europe/Berlin}
calendars: {day: {weekly: [{days: mon-fri, from: "06:00", to: "14:00"}]}}
lines: {print-1: {calendar: day}}
products: {tee: {options: {ink: [light, dark]}, lot: {like: [ink], max: 100}, route: [{op: print, lines: {print-1: 60/h}}]}}
packing: {lines: {pack-1: {calendar: day, rate: 60/h}}}
creators: {luna: {}}
consumers: {dock: {}}
shipping:
  carriers: {mail: {cutoff: "13:00", days: mon-sat, transit: {DE: 1d, else: 5d}}}
  services: {standard: {carrier: mail}}
security: none
listen: {orders: "tcp://127.0.0.1:7710", shipments: "tcp://127.0.0.1:7711"}
YAML
cp "$work/good.yaml" "$plant"

# A cgroup of its own, so that the box does not meet the host's.
(
    for h in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
        [ ! -d $h ] || { mkdir -p "$h/$group"; echo $BASHPID >"$h/$group/cgroup.procs"; }
    done
    exec systemd-nspawn -q -D "$box" --boot --register=no --keep-unit --private-network --machine=takt-unit-$$ --console=pipe
) </dev/null >"$work/console" 2>&1 &
nspawn=$!
up() { init=$(pgrep -o -P $nspawn) && inside systemctl is-system-running | grep -qE "running|degraded"; }
for _ in $(seq 300); do up 2>/dev/null && break; kill -0 $nspawn || { cat "$work/console"; exit 1; }; sleep 0.1; done
up || { cat "$work/console"; echo "FAILED: the box does not boot"; exit 1; }
ok "a Debian 12 has booted with $(inside systemctl --version | head -1)"

# ---- the service ----

inside ip link set lo up 2>/dev/null || true
inside systemctl start taktd || fail "it does not start"
[ "$(property ActiveState)/$(property SubState)" = active/running ] || fail "it is not active after READY"
[ "$(property NotifyAccess)" = main ]
[ "$(inside stat -c %U "/proc/$(property MainPID)")" = takt ] || fail "it does not run as the user takt"
inside taktctl status | grep -q box-01 || fail "taktctl does not reach it"
await 10 "the start in the journal" sh -c "nsenter -t $init -a -- journalctl --no-pager -u taktd $started | grep -q 'is served'"
await 10 "STATUS" sh -c "nsenter -t $init -a -- systemctl show -P StatusText taktd | grep -q 'orders open'"
ok "started, READY, STATUS, a line with its MESSAGE_ID in the journal"

sed -i 's/60\/h}}\]/90\/h}}]/' "$plant"
inside systemctl reload taktd || fail "a good file is not reloaded"
ok "a good file is reloaded"
echo 'linse: {}' >>"$plant"
! inside systemctl reload taktd 2>/dev/null || fail "a reload of a broken file is no failure"
[ "$(property ActiveState)" = active ] || fail "a broken file took it down"
inside journalctl --no-pager -u taktd $refused | grep -q "old plant stays in force" || fail "the refusal is not in the journal"
await 10 "the refusal in STATUS" sh -c "nsenter -t $init -a -- systemctl show -P StatusText taktd | grep -q 'reload refused'"
cp "$work/good.yaml" "$plant"
inside systemctl reload taktd || fail "a mended file is not reloaded"
ok "a broken file is refused, told, and changes nothing"

before=$(property MainPID)
inside kill -9 "$before"
again() { [ "$(property ActiveState)" = active ] && [ "$(property MainPID)" != "$before" ] && [ "$(property MainPID)" != 0 ]; }
await 10 "it to be started again" again
[ "$(property NRestarts)" = 1 ] || fail "it was started again $(property NRestarts) times"
inside taktctl status >/dev/null || fail "it does not serve after kill -9"
ok "killed with SIGKILL, started again"

begin=$(date +%s%N)
inside systemctl stop taktd
took=$((($(date +%s%N) - begin) / 1000000))
[ $took -lt 5000 ] || fail "it took $took ms to stop"
[ "$(property Result)" = success ] || fail "it ended with $(property Result)"
ok "stopped within $took ms"

echo 'linse: {}' >>"$plant"
! inside systemctl start taktd 2>/dev/null || fail "it starts with a broken file"
[ "$(property ActiveState)" = failed ] || fail "it is $(property ActiveState) with a broken file, not failed"
ok "a broken file at start is a failure that is not tried again"
inside systemd-analyze verify --man=no taktd.service || fail "systemd finds fault with the unit"
ok "systemd finds no fault with the unit"
exposure=$(inside systemd-analyze security taktd --no-pager | sed -n 's/.*exposure level[^:]*: \([0-9.]*\).*/\1/p')
awk -v e="$exposure" 'BEGIN { exit !(e != "" && e <= 1.5) }' || fail "its exposure is '$exposure', not at most 1.5"
ok "its exposure is $exposure"
