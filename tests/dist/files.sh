#!/usr/bin/env bash
# What dist/ holds, without running it where it is meant for: symbols, least versions, contents, checksums.
set -euo pipefail
cd "$(dirname "$0")/../../dist"
../scripts/packages.sh binutils file rpm lintian
die() { echo "dist: $*" >&2; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/sendqueue-files.XXXXXX")
trap 'rm -rf "$work"' EXIT
version=$(dpkg-deb -f ./*.deb Version)

sha256sum --quiet --check SHA256SUMS || die "checksums"
[ "$(wc -l <SHA256SUMS)" -eq "$(find . -type f ! -name SHA256SUMS | wc -l)" ] || die "a file without a checksum"

# The names that each library gives away are those that Orthanc asks for.
names="OrthancPluginFinalize OrthancPluginGetName OrthancPluginGetVersion OrthancPluginInitialize"
for platform in linux-x86_64:x86-64 linux-aarch64:aarch64; do
    folder=${platform%:*}
    for file in "$folder"/*; do
        file -b "$file" | grep -q "ELF 64-bit.*${platform#*:}" || die "$file: $(file -b "$file")"
        newest=$(objdump -T "$file" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -1)
        [ "$(printf '%s\nGLIBC_2.17\n' "$newest" | sort -V | tail -1)" = GLIBC_2.17 ] || die "$file needs $newest"
        ! objdump -p "$file" | grep NEEDED | grep -qv 'lib\(c\|m\|dl\|pthread\|rt\|gcc_s\)\.so\|ld-linux' || die "$file needs another library"
    done
    given=$(objdump -T "$folder/libOrthancSendQueue.so" | awk '$2 == "g" { print $NF }' | sort | xargs)
    [ "$given" = "$names" ] || die "$folder gives away: $given"
done
given=$(objdump -p windows-x86_64/OrthancSendQueue.dll | sed -n 's/^.*\(OrthancPlugin[A-Za-z]*\)$/\1/p' | sort -u | xargs)
[ "$given" = "$names" ] || die "the DLL gives away: $given"

lintian --allow-root --fail-on error --no-tag-display-limit ./*.deb
for kind in deb rpm; do
    case $kind in
    deb) dpkg-deb -x ./*.deb "$work/deb" ;;
    rpm)
        rpm -qlp ./*.rpm >"$work/list"
        rpm --root "$work/rpm" --initdb
        # An empty root has no glibc, which is what it needs and all that it needs.
        ! rpm -qp --requires ./*.rpm | grep -v '^\(libc\|libm\|libdl\|libpthread\|ld-linux\|rpmlib\|rtld\)' || die "rpm requires more"
        rpm --root "$work/rpm" --nodeps -i ./*.rpm
        ;;
    esac
    tree=$work/$kind
    [ "$(cat "$tree/usr/share/orthanc/plugins/libOrthancSendQueue.so" | sha256sum)" = "$(sha256sum <linux-x86_64/libOrthancSendQueue.so)" ] ||
        die "$kind: the link in the plugins folder leads elsewhere"
    "$tree/usr/bin/sendqueuectl" --version | grep -qF "$version" || die "$kind: sendqueuectl"
    bash -n "$tree/usr/share/bash-completion/completions/sendqueuectl"
    ! find "$tree/etc" -type f 2>/dev/null | grep . || die "$kind: brings a configuration"
    "$tree/usr/bin/sendqueuectl" check "$tree/usr/share/doc/orthanc-sendqueue/examples/sendqueue.json" >"$work/check" 2>&1 || true
    grep -q "pacs" "$work/check" || die "$kind: the example: $(cat "$work/check")"
done
grep -q '"name": "sqlite"' sbom.cdx.json || die "SQLite is not in the bill of materials"
grep -q "^sqlite 3" THIRDPARTY.txt || die "SQLite is not among the licences"
echo "dist: $(wc -l <SHA256SUMS) files of version $version: well"
