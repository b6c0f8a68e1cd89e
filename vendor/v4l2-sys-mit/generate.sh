#!/bin/sh
# Regenerates src/bindings.rs, src/layout_64.rs and src/layout_32.rs from the kernel's public headers.
#
# usage: generate.sh [FOLDER]      FOLDER holds linux/videodev2.h; /usr/include if not given
# needs: bindgen and libclang; gcc for x86-64, aarch64 and armv7; rustfmt. Debian 12:
#   apt install bindgen libclang-dev linux-libc-dev gcc gcc-aarch64-linux-gnu gcc-arm-linux-gnueabihf \
#       libc6-dev-arm64-cross libc6-dev-armhf-cross
#
# bindgen and clang make the bindings. The layout is measured by another compiler, gcc, so that each checks
# the other. One set of kernel headers serves all targets: linux/ and asm-generic/ come from FOLDER.
set -eu
cd "$(dirname "$0")"
headers=${1:-/usr/include}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/kernel"
ln -s "$headers/linux" "$headers/asm-generic" "$work/kernel/"
printf '#include <stddef.h>\n#include <linux/videodev2.h>\n' > "$work/wrapper.h"

# Where a toolchain keeps its C library's headers and the kernel's asm/ folder.
includes() {
    case $1 in
    x86_64-linux-gnu) echo "-isystem $work/kernel" ;;
    *) echo "-isystem $work/kernel -isystem /usr/$1/include" ;;
    esac
}

bindings() {
    # shellcheck disable=SC2046 # the include options are words of their own
    bindgen "$work/wrapper.h" --no-layout-tests --no-doc-comments --disable-header-comment \
        --allowlist-type 'v4l2_.*|timeval|timespec|time_t' \
        --allowlist-var '_?V4L2_.*|VIDIOC_.*|BASE_VIDIOC_.*|VIDEO_MAX_.*' \
        -- --target="$1" $(includes "$1") > "$work/$1.rs"
}

# The C names of all structures and unions that have one.
names() {
    sed -n 's/^pub \(struct\|union\) \(v4l2_[a-z0-9_]*\|timeval\|timespec\) {$/\1 \2/p' src/bindings.rs |
        grep -v __bindgen_
}

# Fields whose place is checked besides the sizes: those of the structures that capturing uses.
fields() {
    awk '/^pub struct v4l2_(buffer|capability|fmtdesc|format|frmsizeenum|pix_format|requestbuffers) \{$/ \
             { name = $3; next }
         /^}/ { name = "" }
         name != "" && /^ *pub [a-z0-9_]*:/ { sub(":", "", $2); if ($2 !~ /__bindgen/) print name, $2 }' \
        src/bindings.rs
}

# Object file of arrays whose sizes are the answers: nothing has to run on the target.
layout() {
    {
        cat "$work/wrapper.h"
        names | while read -r kind name; do
            echo "char size__$name[sizeof($kind $name)]; char align__$name[_Alignof($kind $name)];"
        done
        fields | while read -r name field; do
            echo "char at__${name}__$field[offsetof(struct $name, ${field%_}) + 1];"
        done
    } > "$work/layout.c"
    # shellcheck disable=SC2046
    "$1-gcc" $(includes "$1") -fno-common -c "$work/layout.c" -o "$work/layout.o"
    echo "// Made by generate.sh: what $1-gcc says of each structure. Do not edit."
    echo "use crate::*;"
    echo "use std::mem::{align_of, offset_of, size_of};"
    nm -S --defined-only "$work/layout.o" | sort -k4 | while read -r _ size _ symbol; do
        size=$(printf %d "0x$size")
        case $symbol in
        size__*) echo "const _: () = assert!(size_of::<${symbol#size__}>() == $size);" ;;
        align__*) echo "const _: () = assert!(align_of::<${symbol#align__}>() == $size);" ;;
        at__*)
            rest=${symbol#at__}
            echo "const _: () = assert!(offset_of!(${rest%%__*}, ${rest#*__}) == $((size - 1)));"
            ;;
        esac
    done
}

for target in x86_64-linux-gnu aarch64-linux-gnu arm-linux-gnueabihf; do bindings $target; done
# Pointers and `long` are written by name, so that one file serves both widths; if ever not, stop here.
cmp "$work/x86_64-linux-gnu.rs" "$work/aarch64-linux-gnu.rs"
cmp "$work/x86_64-linux-gnu.rs" "$work/arm-linux-gnueabihf.rs"
{
    echo "// Made by generate.sh from linux/videodev2.h. Do not edit."
    cat "$work/x86_64-linux-gnu.rs"
} > src/bindings.rs
rustfmt --edition 2021 --config max_width=110 src/bindings.rs

layout x86_64-linux-gnu > src/layout_64.rs
layout aarch64-linux-gnu > "$work/layout_64.rs"
tail -n +2 src/layout_64.rs > "$work/a"
tail -n +2 "$work/layout_64.rs" > "$work/b"
cmp "$work/a" "$work/b"
layout arm-linux-gnueabihf > src/layout_32.rs
wc -l src/*.rs
