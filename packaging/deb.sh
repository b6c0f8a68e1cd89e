#!/usr/bin/env bash
# Debian packages for boards: packaging/deb.sh [arm64|armhf]...   (both when none is named)
#
# Builds with packaging/cross.sh for glibc 2.28, then packs with cargo-deb, which it installs itself where it is
# missing. The packages lie in $CARGO_TARGET_DIR/debian. Needs what cross.sh needs, and brings xz too.
set -euo pipefail
cd "$(dirname "$0")/.."

CARGO_DEB=3.8.0
GLIBC=2.28
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"

[ $# -gt 0 ] || set -- arm64 armhf
for arch in "$@"; do
  case "$arch" in arm64 | armhf) ;; *) echo "usage: packaging/deb.sh [arm64|armhf]..." >&2; exit 2 ;; esac
done

# What cargo-deb packs with.
command -v xz >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends xz-utils; }
tools="$CARGO_TARGET_DIR/tools"
export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
for arch in "$@"; do
  case "$arch" in
    arm64) packaging/cross.sh aarch64 --glibc "$GLIBC"; target=aarch64-unknown-linux-gnu ;;
    armhf) packaging/cross.sh armv7 --glibc "$GLIBC"; target=armv7-unknown-linux-gnueabihf ;;
  esac
  [ -x "$tools/bin/cargo-deb" ] ||
    cargo install --locked --version "$CARGO_DEB" --no-default-features --root "$tools" cargo-deb
  package=$("$tools/bin/cargo-deb" --no-build --no-strip --profile board --target "$target" --output "$CARGO_TARGET_DIR/debian/")
  printf '%s\n%s bytes\n' "$package" "$(stat -c %s "$package")"
done
