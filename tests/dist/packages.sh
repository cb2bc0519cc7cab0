#!/usr/bin/env bash
# What the packages of a folder hold and ask for, without installing them where they are meant for.
#
#   tests/dist/packages.sh DIR BINARIES     DIR: a .deb and an .rpm; BINARIES: what they were made of
set -euo pipefail
dir=$(realpath "$1") binaries=$(realpath "$2")
"$(dirname "$0")/../../scripts/packages.sh" rpm lintian groff
work=$(mktemp -d "${TMPDIR:-/tmp}/sendqueue-packages.XXXXXX")
trap 'rm -rf "$work"' EXIT
die() { echo "packages: $*" >&2; exit 1; }
version=$(dpkg-deb -f "$dir"/*.deb Version)

lintian --allow-root --fail-on error "$dir"/*.deb
dpkg-deb -x "$dir"/*.deb "$work/deb"
maintainer=$(dpkg-deb -f "$dir"/*.deb Maintainer)
[[ $maintainer == *\ \<*@*\> ]] || die "the maintainer is $maintainer"
[ "$(rpm -qp --queryformat '%{PACKAGER}' "$dir"/*.rpm)" = "$maintainer" ] || die "the packages name two maintainers"
[ "$(dpkg-deb --ctrl-tarfile "$dir"/*.deb | tar -xO ./triggers)" = "activate-await orthanc-restart-trigger" ] ||
    die "nothing restarts Orthanc"
# An empty root has no glibc, which is what it needs, and all that it needs.
! rpm -qp --requires "$dir"/*.rpm | grep -v '^\(libc\|libm\|libdl\|libpthread\|libgcc_s\|ld-linux\|rpmlib\|rtld\)' ||
    die "the rpm asks for more than glibc"
rpm -qlp "$dir"/*.rpm >"$work/list"
rpm --root "$work/rpm" --initdb
rpm --root "$work/rpm" --nodeps -i "$dir"/*.rpm
for kind in deb rpm; do
    tree=$work/$kind
    cmp "$tree/usr/share/orthanc/plugins/libOrthancSendQueue.so" "$binaries/libOrthancSendQueue.so" ||
        die "$kind: what the link in the folder of plugins leads to"
    cmp "$tree/usr/bin/sendqueuectl" "$binaries/sendqueuectl"
    ! find "$tree/etc" -type f 2>/dev/null | grep . || die "$kind: it brings a configuration"
    for page in "$tree"/usr/share/man/man1/*.gz; do
        groff -Kutf8 -man -ww -Tutf8 <(gunzip -c "$page") 2>"$work/groff" >/dev/null
        [ ! -s "$work/groff" ] || die "$kind: $(basename "$page"): $(cat "$work/groff")"
    done
    [ -s "$tree/usr/share/man/man1/sendqueuectl.1.gz" ] || die "$kind: no page of the manual"
    bash -n "$tree/usr/share/bash-completion/completions/sendqueuectl"
    doc=$tree/usr/share/doc/orthanc-sendqueue
    for file in README.md docs/install.md copyright THIRDPARTY.txt CHANGELOG.md.gz; do
        [ -s "$doc/$file" ] || die "$kind: no $file"
    done
    # The example is whole: beside a file with the modality, nothing is wrong with it.
    mkdir "$work/$kind.etc"
    cp "$doc/examples/sendqueue.json" "$work/$kind.etc/"
    echo '{ "DicomModalities": { "pacs": [ "PACS", "127.0.0.1", 11112 ] } }' >"$work/$kind.etc/orthanc.json"
    "$tree/usr/bin/sendqueuectl" check "$work/$kind.etc" >"$work/check" ||
        die "$kind: its example: $(cat "$work/check")"
done
# What is listed is installed.
while read -r file; do [ -e "$work/rpm$file" ] || die "rpm: no $file"; done <"$work/list"
echo "packages: $(basename "$dir"/*.deb), $(basename "$dir"/*.rpm) of version $version: well"
