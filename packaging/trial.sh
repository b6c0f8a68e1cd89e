#!/usr/bin/env bash
# Installs, upgrades, removes and purges a package in a chroot of Debian 12: packaging/trial.sh PACKAGE.deb FOLDER
#
# FOLDER holds the chroot; it is made by debootstrap where it is missing, and left for the next time.
# As root. The package may be of another architecture than this machine: nothing of it is run here but its scripts.
set -euo pipefail
[ $# = 2 ] || { echo "usage: packaging/trial.sh PACKAGE.deb FOLDER" >&2; exit 2; }
package=$(realpath "$1") root=$2
[ -x "$root/usr/bin/dpkg" ] ||
  debootstrap --variant=minbase --include=systemd,udev,init-system-helpers bookworm "$root" http://deb.debian.org/debian
root=$(realpath "$root")

inside() { DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"; }
claim() { # a sentence, and a test inside the chroot
  if inside sh -c "$2"; then echo "ok: $1"; else echo "FAILED: $1 ($2)" >&2; exit 1; fi
}
install() { cp "$1" "$root/tmp/trial.deb"; inside apt-get install -y -qq --allow-downgrades /tmp/trial.deb; }

arch=$(dpkg-deb -f "$package" Architecture)
cp /etc/resolv.conf "$root/etc/resolv.conf"
inside dpkg --add-architecture "$arch"
inside apt-get update -qq

install "$package"
claim "the program is there" "test -x /usr/bin/raymap"
claim "the unit is enabled, and waits for a board" \
  "test -L /etc/systemd/system/multi-user.target.wants/raymap.service && test ! -e /etc/raymap/board.toml"
# Of 10; 2.0 at most.
claim "the unit is confined" "systemd-analyze security --offline=true --threshold=20 /usr/lib/systemd/system/raymap.service > /dev/null"
claim "the user has no shell" "getent passwd raymap | grep -q nologin"
claim "the user owns its state" "test \"\$(stat -c %U:%a /var/lib/raymap)\" = raymap:750"
claim "model and boards are there" \
  "test -s /usr/share/raymap/models/lite0-unet-256/manifest.toml && test -s /usr/share/raymap/board/sbc/raspberry-pi-4b.toml"

inside sh -c 'echo record > /var/lib/raymap/record; echo board > /etc/raymap/board.toml; systemctl disable -q raymap'
newer=$(mktemp -d)
trap 'rm -rf "$newer"' EXIT
dpkg-deb -R "$package" "$newer/tree"
sed -i 's/^Version: .*/&+trial/' "$newer/tree/DEBIAN/control"
dpkg-deb --root-owner-group -b "$newer/tree" "$newer/newer.deb" >/dev/null
install "$newer/newer.deb"
claim "the newer version is installed" "dpkg-query -W -f '\${Version}' raymap:$arch | grep -q '+trial'"
claim "an upgrade keeps records and board" "grep -q record /var/lib/raymap/record && grep -q board /etc/raymap/board.toml"
claim "an upgrade leaves a disabled unit disabled" \
  "test ! -e /etc/systemd/system/multi-user.target.wants/raymap.service"

inside apt-get remove -y -qq raymap:"$arch"
claim "removal takes the program" "test ! -e /usr/bin/raymap"
claim "removal keeps records and board" "test -e /var/lib/raymap/record && test -e /etc/raymap/board.toml"
install "$package"
claim "what was removed can be installed again" "test -x /usr/bin/raymap && test -e /var/lib/raymap/record"

inside apt-get purge -y -qq raymap:"$arch"
claim "purging takes the board" "test ! -e /etc/raymap"
claim "purging keeps records" "test -e /var/lib/raymap/record"
claim "nothing else is left" \
  "! find /usr /etc /run -path /usr/share/doc -prune -o -iname '*raymap*' -print | grep ."
inside rm -rf /var/lib/raymap /tmp/trial.deb
echo "in order: $(basename "$package")"
