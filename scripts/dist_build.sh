#!/usr/bin/env bash
# Compiles the library and the command line for others than this machine.
#
#   scripts/dist_build.sh PLATFORM OUT     linux-x86_64, linux-aarch64 (for a glibc of 2.17 and newer) or windows-x86_64
#
# Two builds of one commit give the same bytes, whatever folder they are made in: no path and no time gets in.
set -euo pipefail
cd "$(dirname "$0")/.."

platform=$1 out=$2
tools=${SENDQUEUE_TOOLS:-$PWD/target/tools}
die() { echo "dist: $*" >&2; exit 1; }

case $platform in
linux-x86_64) target=x86_64-unknown-linux-gnu glibc=.2.17 ;;
linux-aarch64) target=aarch64-unknown-linux-gnu glibc=.2.17 ;;
windows-x86_64) target=x86_64-pc-windows-gnu glibc= ;;
*) die "unknown platform: $platform" ;;
esac
library=libOrthancSendQueue.so program=sendqueuectl build=build
scripts/packages.sh orthanc-dev libclang-dev gcc libc6-dev
if [ -n "$glibc" ]; then
    # zig has the symbols of each glibc, so that what is linked asks for an old one alone.
    [ -x "$tools/zig/bin/cargo-zigbuild" ] || {
        scripts/packages.sh python3-venv
        python3 -m venv "$tools/zig"
        "$tools/zig/bin/pip" -q install cargo-zigbuild==0.24.1 ziglang==0.17.1
    }
    PATH="$tools/zig/bin:$PATH" build=zigbuild
else
    scripts/packages.sh gcc-mingw-w64-x86-64-win32
    library=OrthancSendQueue.dll program=sendqueuectl.exe
fi
# The standard library of the target. Cargo.toml's oldest Rust is enough, any newer one does.
rustc --print target-libdir --target "$target" | xargs test -d || {
    command -v rustup >/dev/null || die "no standard library of Rust for $target: rustup target add $target"
    rustup -q target add "$target"
}

# Orthanc's header alone: the folder that it stands in has this machine's own headers too.
sdk=$PWD/target/dist/sdk
mkdir -p "$sdk/orthanc" "$out"
cp "${ORTHANC_SDK_INCLUDE:-/usr/include}/orthanc/OrthancCPlugin.h" "$sdk/orthanc/"
export ORTHANC_SDK_INCLUDE=$sdk CARGO_TARGET_DIR=$PWD/target/dist
if [ "$platform" = windows-x86_64 ]; then
    clang=$(find /usr/lib/llvm-*/lib/clang/*/include -maxdepth 0 | sort -V | tail -1)
    export BINDGEN_EXTRA_CLANG_ARGS_x86_64_pc_windows_gnu="-I$clang -I/usr/x86_64-w64-mingw32/include"
fi
[[ $PWD != *" "* ]] || die "compilers' options have no spaces: not in the folder $PWD"
cargo_home=${CARGO_HOME:-$HOME/.cargo}
export RUSTFLAGS="--remap-path-prefix=$PWD=/sendqueue --remap-path-prefix=$cargo_home=/cargo"
export CFLAGS="-ffile-prefix-map=$PWD=/sendqueue -ffile-prefix-map=$cargo_home=/cargo"
[ -n "$glibc" ] || {
    RUSTFLAGS+=" -Clink-arg=-Wl,--no-insert-timestamp"
    # Symbols of what is imported have the name of a folder that each build makes anew.
    export CARGO_PROFILE_RELEASE_STRIP=symbols
}
cargo "$build" --release --locked --target "$target$glibc" -p orthanc-sendqueue -p sendqueuectl
install -m 644 "$CARGO_TARGET_DIR/$target/release/$library" "$out/$library"
install -m 755 "$CARGO_TARGET_DIR/$target/release/$program" "$out/$program"
