#!/usr/bin/env bash
# The program for a board: packaging/cross.sh aarch64|armv7 [--glibc VERSION]
#
# Without --glibc it is linked by Debian's cross compiler and needs a glibc about as new as this machine's.
# With --glibc 2.28 it is linked by zig against that version's symbols, and runs on Debian 10 and later.
# Needs Debian or a relative, and root where the cross compiler or Python's venv is missing. No containers.
# Where rustup is missing its own installer brings it, into the home folder of whoever runs this.
set -euo pipefail
cd "$(dirname "$0")/.."

# The linkers of --glibc, both from PyPI; newer ones may do, these were tried.
ZIGBUILD=cargo-zigbuild==0.24.0
ZIG=ziglang==0.17.1
# The newest Rust for which rustup has had a standard library for armv7.
RUST=1.95.0
# What a program for aarch64 should weigh, stripped, with its model. It weighs 9.9 MB.
BYTES_WANTED=$((12 * 1000 * 1000))

usage() { echo "usage: packaging/cross.sh aarch64|armv7 [--glibc VERSION]" >&2; exit 2; }

case "${1:-}" in
  aarch64) target=aarch64-unknown-linux-gnu prefix=aarch64-linux-gnu libc=libc6-dev-arm64-cross ;;
  armv7) target=armv7-unknown-linux-gnueabihf prefix=arm-linux-gnueabihf libc=libc6-dev-armhf-cross ;;
  *) usage ;;
esac
glibc=""
case "${2:-}" in
  "") ;;
  --glibc) glibc="${3:-}"; [[ "$glibc" =~ ^2\.[0-9]+$ ]] || usage ;;
  *) usage ;;
esac

need() { # the Debian packages that are not there yet
  local missing=()
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  if [ "$(id -u)" != 0 ]; then
    echo "missing: ${missing[*]}; install them, or run this as root" >&2
    exit 1
  fi
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
command -v rustup >/dev/null || {
  need ca-certificates curl
  curl -sSf --proto '=https' --tlsv1.2 https://static.rust-lang.org/rustup/rustup-init.sh | sh -s -- -y -q --profile minimal --no-modify-path
}
# A C compiler for this machine (build scripts), and the tool that reads the result.
need gcc libc6-dev "binutils-$prefix"
rustup target add "$target" || {
  echo "this Rust has no standard library for $target; Rust $RUST has" >&2
  rustup toolchain install "$RUST" --profile minimal --target "$target"
  export RUSTUP_TOOLCHAIN="$RUST"
}

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
name="${target//-/_}"
if [ -n "$glibc" ]; then
  need python3-venv
  tools="$CARGO_TARGET_DIR/zig"
  [ -x "$tools/bin/cargo-zigbuild" ] || {
    python3 -m venv "$tools"
    "$tools/bin/pip" install -q "$ZIGBUILD" "$ZIG"
  }
  PATH="$tools/bin:$PATH" cargo zigbuild --locked --profile board --target "$target.$glibc"
else
  need "gcc-$prefix" "$libc"
  export "CC_$name=$prefix-gcc" "CARGO_TARGET_${name^^}_LINKER=$prefix-gcc"
  cargo build --locked --profile board --target "$target"
fi

program="$CARGO_TARGET_DIR/$target/board/raymap"
bytes=$(stat -c %s "$program")
needed=$("$prefix-objdump" -T "$program" | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -uV | tail -1)
printf '%s\n%s bytes, needs glibc %s\n' "$program" "$bytes" "$needed"
if [ "$bytes" -gt "$BYTES_WANTED" ]; then
  echo "larger than the $BYTES_WANTED bytes that a board's program should have" >&2
fi
if [ -n "$glibc" ] && [ "$(printf '%s\n' "$needed" "$glibc" | sort -V | tail -1)" != "$glibc" ]; then
  echo "needs glibc $needed, not $glibc" >&2
  exit 1
fi
