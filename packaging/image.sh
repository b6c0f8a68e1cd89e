#!/usr/bin/env bash
# An image for a board, and what updates one:
#
#   packaging/image.sh --version N --board BOARD.toml --out FOLDER (--package raymap_*_arm64.deb | --program PROGRAM)
#                      [--etc FOLDER] [--update-keys PUBRING.gpg] [--console ttyAMA0]
#
# Makes in FOLDER raymap_N.img (a whole disk: boot loader, two slots, data), raymap_N.root and raymap_N.efi (one slot:
# what an update brings). Debian 13 for arm64 with a read-only root; boots by UEFI straight into the station.
#
# Runs no program of the other architecture and mounts nothing, so it works in a container and without root where
# user namespaces are to be had (uidmap). Needs Debian with mmdebstrap, squashfs-tools, dosfstools, mtools, e2fsprogs, fdisk,
# kmod, systemd and python3 (3.11).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

SUITE=trixie
MIRROR="${RAYMAP_MIRROR:-http://deb.debian.org/debian}"
# systemd-container has systemd-sysupdate. What is not named comes as a dependency.
PACKAGES=base-files,base-passwd,dash,bash,coreutils,sed,grep,util-linux,mount,e2fsprogs,dosfstools,kmod,libc-bin
PACKAGES+=,systemd,systemd-sysv,udev,systemd-boot,systemd-boot-efi,systemd-container,systemd-repart
# gpg is what it checks an update's signature with.
PACKAGES+=,linux-image-arm64,busybox-static,gpg
# MiB. The boot partition takes three kernels with their initial file systems; the data partition grows to the disk's
# end at the first start.
BOOT_MIB=256 SLOT_MIB=256 DATA_MIB=128

usage() { sed -n '4,5s/^#  *//p' "$0" >&2; exit 2; }
version="" board="" out="" package="" program="" etc="" keys="" console=ttyAMA0
while [ $# -gt 1 ]; do
  case "$1" in
    --version) version=$2 ;; --board) board=$2 ;; --out) out=$2 ;; --package) package=$2 ;;
    --program) program=$2 ;; --etc) etc=$2 ;; --update-keys) keys=$2 ;; --console) console=$2 ;; *) usage ;;
  esac
  shift 2
done
[ $# = 0 ] && [ -f "$board" ] && [ -n "$out" ] && [ -f "$package$program" ] || usage
# Partitions and files carry it, and newer ones are told from older ones by it.
[[ "$version" =~ ^[0-9][0-9.~]{0,15}$ ]] || { echo "--version: digits, dots and ~, at most 16: '$version'" >&2; exit 2; }
for tool in mmdebstrap mksquashfs mkfs.vfat mcopy mke2fs sfdisk depmod systemd-sysusers python3; do
  command -v "$tool" >/dev/null || PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null ||
    { echo "$tool is missing; the head of $0 has the packages" >&2; exit 1; }
done
export PATH="$PATH:/usr/sbin:/sbin"

work=$(mktemp -d "${TMPDIR:-/tmp}/raymap-image-XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
slot="$out/raymap_$version" tree="$work/tree"

debian() { # the packages, unpacked; kept in FOLDER for the next image, since they are most of the time
  local kept="$out/debian-$SUITE.tar"
  [ -s "$kept" ] || {
    mmdebstrap --variant=extract --architectures=arm64 --include="$PACKAGES" "$SUITE" "$work/debian.tar" "$MIRROR"
    mv "$work/debian.tar" "$kept"
  }
  mkdir "$tree"
  tar -C "$tree" --no-same-owner --exclude='./dev/*' -xf "$kept"
  kernel=$(basename "$tree"/boot/vmlinuz-*) release=${kernel#vmlinuz-}
}

station() { # the program with its unit, its user, its board
  if [ -n "$package" ]; then
    dpkg-deb -x "$package" "$tree"
  else
    "$here/image/install.py" "$program" "$tree"
  fi
  install -D -m 644 "$board" "$tree/etc/raymap/board.toml"
  [ -z "$etc" ] || cp -r "$etc/." "$tree/etc/raymap/"
}

configured() { # what the packages' scripts would have done on a machine, and what makes this one a station
  cp -r "$here/image/root/." "$tree/"
  install -m 644 "$tree/usr/share/base-passwd/passwd.master" "$tree/etc/passwd"
  install -m 644 "$tree/usr/share/base-passwd/group.master" "$tree/etc/group"
  sed -i 's/^root:[^:]*:/root:!:/' "$tree/etc/passwd" # nobody logs in, neither by password
  sed -i 's/^u! /u /' "$tree"/usr/lib/sysusers.d/*.conf # which Debian 12's systemd does not know yet
  systemd-sysusers --root="$tree"
  [ -z "$keys" ] || install -m 644 "$keys" "$tree/etc/systemd/import-pubring.gpg"
  : > "$tree/etc/machine-id" # a new one at each start; no first start, which would enable what Debian enables
  echo raymap > "$tree/etc/hostname"
  printf 'IMAGE_ID=raymap\nIMAGE_VERSION=%s\n' "$version" >> "$tree/usr/lib/os-release"
  local wants="$tree/etc/systemd/system"
  mkdir -p "$wants"/{multi-user.target.wants,boot-complete.target.requires}
  ln -s /usr/lib/systemd/system/raymap.service "$wants/multi-user.target.wants/"
  ln -s /usr/lib/systemd/system/raymap-tested.service "$wants/boot-complete.target.requires/"
  ln -sf multi-user.target "$tree/usr/lib/systemd/system/default.target"
  # Nobody logs in, nothing here speaks over the bus, and the boot partition is not written at each start.
  for unit in systemd-logind.service dbus.service dbus.socket systemd-boot-random-seed.service; do ln -s /dev/null "$wants/$unit"; done
  mkdir -p "$tree/efi" "$tree/var/lib/raymap"
}

initial() { # the file system in memory that finds the slot; before anything is pruned
  depmod -b "$tree" "$release"
  "$here/image/initrd.py" "$tree" "$release" "$work/initrd"
}

pruned() { # what no station uses; licences stay
  local modules="$tree/usr/lib/modules/$release/kernel"
  rm -rf "$modules"/{sound,net/{wireless,mac80211,bluetooth},drivers/{bluetooth,infiniband,isdn,staging,iio,hwmon}} \
    "$modules"/drivers/net/{wireless,ethernet/mellanox} "$modules"/drivers/gpu/drm/{amd,nouveau,radeon} \
    "$modules"/drivers/media/{dvb-frontends,tuners,rc,radio} "$modules"/fs/{ocfs2,gfs2,ceph,nfs,nfsd,xfs,btrfs,smb}
  depmod -b "$tree" "$release"
  find "$tree/usr/share/doc" ! -type d ! -name copyright ! -path '*/raymap/*' -delete
  # Nothing to catch up with at a start: what Debian would build from these is not used.
  touch "$tree/etc/.updated" "$tree/var/.updated"
  touch -d @0 "$tree/usr"
  rm -rf "$tree"/boot/* "$tree"/usr/lib/{linux-image-*,klibc,locale} "$tree"/var/{cache,lib/apt,lib/dpkg,log}/* \
    "$tree"/usr/share/{man,info,locale,bash-completion,zsh,initramfs-tools,lintian,perl5} "$tree/usr/lib/udev/hwdb.d"
}

bootable() { # one file for the firmware: kernel, command line, initial file system
  # A kernel that fails starts the board anew: what is left of it may neither read nor answer.
  local arguments="raymap.root=raymap_$version console=$console oops=panic panic=10 loglevel=4 systemd.getty_auto=no"
  printf '%s' "$arguments" > "$work/cmdline"
  printf '%s' "$release" > "$work/uname"
  "$here/image/uki.py" "$tree/usr/lib/systemd/boot/efi/linuxaa64.efi.stub" "$slot.efi" \
    .osrel="$tree/usr/lib/os-release" .cmdline="$work/cmdline" .uname="$work/uname" \
    .initrd="$work/initrd" .linux="$work/$kernel"
}

disk() {
  local image="$slot.img" bytes=$((1 << 20)) esp="$work/esp" data="$work/data"
  truncate -s "${BOOT_MIB}M" "$esp"
  mkfs.vfat -F 32 -n RAYMAP-BOOT "$esp" >/dev/null
  mmd -i "$esp" ::/EFI ::/EFI/BOOT ::/EFI/Linux ::/loader
  mcopy -i "$esp" "$tree/usr/lib/systemd/boot/efi/systemd-bootaa64.efi" ::/EFI/BOOT/BOOTAA64.EFI
  mcopy -i "$esp" "$here/image/loader.conf" ::/loader/loader.conf
  # Without a count: there is nothing that the first one could give way to.
  mcopy -i "$esp" "$slot.efi" "::/EFI/Linux/raymap_$version.efi"
  truncate -s "${DATA_MIB}M" "$data"
  mke2fs -q -t ext4 -L raymap-data "$data"

  rm -f "$image"
  truncate -s "$((BOOT_MIB + 2 * SLOT_MIB + DATA_MIB + 2))M" "$image"
  sed "s/@VERSION@/$version/; s/@BOOT@/${BOOT_MIB}MiB/; s/@SLOT@/${SLOT_MIB}MiB/; s/@DATA@/${DATA_MIB}MiB/" \
    "$here/image/partitions" | sfdisk --quiet "$image"
  local at=1
  for part in "$esp" "$slot.root" "" "$data"; do
    [ -z "$part" ] || dd if="$part" of="$image" bs="$bytes" seek="$at" conv=notrunc,sparse status=none
    if [ "$at" = 1 ]; then at=$((at + BOOT_MIB)); else at=$((at + SLOT_MIB)); fi
  done
}

debian
station
configured
initial
cp "$tree/boot/$kernel" "$work/"
bootable
pruned
rm -f "$slot.root"
mksquashfs "$tree" "$slot.root" -quiet -no-progress -all-root -noappend -comp zstd -Xcompression-level 15 -b 256K
if [ "$(stat -c %s "$slot.root")" -gt $((SLOT_MIB << 20)) ]; then
  echo "the root takes more than the $SLOT_MIB MiB of a slot" >&2
  exit 1
fi
disk
stat -c '%n: %s bytes' "$slot".{root,efi,img}
