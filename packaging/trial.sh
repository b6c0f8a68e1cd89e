#!/usr/bin/env bash
# Installs, upgrades, removes and purges a package in a chroot of Debian 12:
#
#   packaging/trial.sh PACKAGE.deb FOLDER [OLDER.deb]
#
# FOLDER holds the chroot; it is made by debootstrap where it is missing, and left for the next time. Without OLDER it
# is the package itself under a higher version that is upgraded to. The record that has to last is one that the older
# program keeps of phantom radiographs, as the user of the service; the package may be of another architecture than
# this machine, so QEMU's user emulation runs it. As root.
set -euo pipefail
[ $# = 2 ] || [ $# = 3 ] || { echo "usage: packaging/trial.sh PACKAGE.deb FOLDER [OLDER.deb]" >&2; exit 2; }
package=$(realpath "$1") root=$2 older=$(realpath "${3:-$1}")
arch=$(dpkg-deb -f "$package" Architecture)
case "$arch" in
  arm64) emulator="qemu-aarch64 -cpu cortex-a72" ;;
  armhf) emulator="qemu-arm -cpu cortex-a7" ;;
  *) echo "$package is for $arch, not for arm64 or armhf" >&2; exit 2 ;;
esac
[ -x "$root/usr/bin/qemu-arm" ] ||
  debootstrap --variant=minbase --include=systemd,udev,init-system-helpers,qemu-user bookworm "$root" http://deb.debian.org/debian
root=$(realpath "$root")

inside() { DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"; }
claim() { # a sentence, and a test inside the chroot
  if inside sh -c "$2"; then echo "ok: $1"; else echo "FAILED: $1 ($2)" >&2; exit 1; fi
}
install() { cp "$1" "$root/tmp/trial.deb"; inside apt-get install -y -qq --reinstall --allow-downgrades /tmp/trial.deb; }
raymap() { # the installed program as the service's user, in a folder of its own
  local words="cd /tmp/trial && exec $emulator /usr/bin/raymap $*"
  unshare --mount sh -c 'mount -t proc proc "$0/proc" && exec chroot --userspec=raymap:raymap "$0" sh -c "$1"' "$root" "$words"
}
record() { # all that can be seen of the record: what the program says of it, and every byte, owner and mode
  raymap records --folder "$records" --json verify
  raymap records --folder "$records" --json list
  for reading in 1 2; do raymap records --folder "$records" show "$reading"; done
  inside sh -c "cd $records && stat -c '%n %U:%G %a %s' . * && sha256sum *.rmj"
}
kept() { # a sentence: the record is as it was
  record > "$work/now"
  if cmp "$work/before" "$work/now"; then echo "ok: $1"; else echo "FAILED: $1" >&2; exit 1; fi
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
records=/var/lib/raymap/records
cp /etc/resolv.conf "$root/etc/resolv.conf"
inside dpkg --add-architecture "$arch"
inside apt-get update -qq

install "$older"
claim "the program is there" "test -x /usr/bin/raymap"
claim "the unit is enabled, and waits for a board" \
  "test -L /etc/systemd/system/multi-user.target.wants/raymap.service && test ! -e /etc/raymap/board.toml"
claim "the user has no shell" "getent passwd raymap | grep -q nologin"
claim "the user owns its state" "test \"\$(stat -c %U:%a /var/lib/raymap)\" = raymap:750"
claim "model and boards are there" \
  "test -s /usr/share/raymap/models/lite0-unet-256/manifest.toml && test -s /usr/share/raymap/board/sbc/raspberry-pi-4b.toml"

inside install -d -o raymap -g raymap /tmp/trial
cat > "$root/etc/raymap/board.toml" <<BOARD
description = "The trial of a package: two phantoms, and a record where the service has its own."
inherits = ["sbc/host"]
[source]
kind = "phantom"
phantoms = [{ seed = 3, infected = 25 }, { seed = 4, infected = 55 }]
[record]
folder = "$records"
bytes_max = 67_108_864
BOARD
raymap run --board /etc/raymap/board.toml
record > "$work/before"
grep -q '"clean":true' "$work/before" || { echo "FAILED: the record is not clean: $(cat "$work/before")" >&2; exit 1; }
echo "ok: the program keeps two readings: $(sed -n 2,3p "$work/before")"
inside systemctl disable -q raymap

newer="$package"
[ "$older" != "$package" ] || {
  newer="$work/newer.deb"
  dpkg-deb -R "$package" "$work/tree"
  sed -i 's/^Version: .*/&+trial/' "$work/tree/DEBIAN/control"
  dpkg-deb --root-owner-group -b "$work/tree" "$newer" >/dev/null
}
install "$newer"
claim "the newer package is installed" "test \"\$(dpkg-query -W -f '\${Version}' raymap:$arch)\" = $(dpkg-deb -f "$newer" Version)"
kept "the newer program says of the record what the older one said; no byte, owner or mode of it has changed"
claim "an upgrade keeps the board" "grep -q 'trial of a package' /etc/raymap/board.toml"
claim "an upgrade leaves a disabled unit disabled" \
  "test ! -e /etc/systemd/system/multi-user.target.wants/raymap.service"
# Of 10; 2.0 at most.
claim "the unit is confined" "systemd-analyze security --offline=true --threshold=20 /usr/lib/systemd/system/raymap.service > /dev/null"
inside systemd-analyze security --offline=true /usr/lib/systemd/system/raymap.service 2>/dev/null | grep -i 'overall exposure' || true

inside apt-get remove -y -qq raymap:"$arch"
claim "removal takes the program" "test ! -e /usr/bin/raymap"
claim "removal keeps records and board" "test -e $records/0000000001.rmj && test -e /etc/raymap/board.toml"
install "$package"
kept "what was removed can be installed again, and finds the record as it was"
raymap run --board /etc/raymap/board.toml >/dev/null
[ "$(raymap records --folder "$records" --json list | grep -c grade)" = 4 ] || { echo "FAILED: it does not go on with the record" >&2; exit 1; }
echo "ok: and goes on with it: four readings"

inside install -D -m 400 /dev/null /etc/raymap/record-key.cred
inside apt-get purge -y -qq raymap:"$arch"
claim "purging takes the board" "test ! -e /etc/raymap/board.toml"
claim "purging keeps records, and the key that opens them" \
  "test -e $records/0000000001.rmj && test -e /etc/raymap/record-key.cred"
inside rm -rf /etc/raymap
claim "nothing else is left" \
  "! find /usr /etc /run -path /usr/share/doc -prune -o -iname '*raymap*' -print | grep ."
inside rm -rf /var/lib/raymap /tmp/trial.deb /tmp/trial
echo "in order: $(basename "$package")"
