#!/usr/bin/env bash
# Makes the packages for Debian and for RPM of what scripts/dist_build.sh compiled.
#
#   scripts/dist_packages.sh BINARIES VERSION OUT     OUT has THIRDPARTY.txt already
#
# Both hold the same files. None of them is a configuration that is in force: Orthanc does not start when a section
# stands in two files, so a package that brought one could stop it.
#
# MAINTAINER: whom they name, "NAME <ADDRESS>"; without it the author in Cargo.toml.
set -euo pipefail
binaries=$(realpath "$1") version=$2
mkdir -p "$3"
out=$(realpath "$3")
cd "$(dirname "$0")/.."
scripts/packages.sh dpkg-dev rpm gzip

export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
maintainer=${MAINTAINER:-$(sed -n 's/^authors = \["\(.*\)"\]$/\1/p' Cargo.toml)}
[[ $maintainer =~ ^[^\<\>]+\ \<[^\<\>\ ]+@[^\<\>\ ]+\>$ ]] || {
    echo "dist_packages: MAINTAINER: NAME <ADDRESS>, not: $maintainer" >&2
    exit 1
}
work=$(mktemp -d "${TMPDIR:-/tmp}/sendqueue-dist.XXXXXX")
trap 'rm -rf "$work"' EXIT
umask 022

# The tree of a package whose system keeps libraries in $2, and the completions of zsh in $3.
layout() { # TREE LIBRARIES ZSH
    local tree=$1 libraries=$2 zsh=$1/usr/share/zsh/$3 share=$1/usr/share doc=$1/usr/share/doc/orthanc-sendqueue
    local file=libOrthancSendQueue.so.$version ctl=$binaries/sendqueuectl
    install -D -m 644 "$binaries/libOrthancSendQueue.so" "$tree$libraries/orthanc/$file"
    mkdir -p "$share/orthanc/plugins"
    ln -sr "$tree$libraries/orthanc/$file" "$share/orthanc/plugins/libOrthancSendQueue.so"
    install -D -m 755 "$ctl" "$tree/usr/bin/sendqueuectl"

    mkdir -p "$share/man/man1" "$share/bash-completion/completions" "$zsh" "$share/fish/vendor_completions.d"
    "$ctl" man "$share/man/man1"
    gzip -9n "$share"/man/man1/*.1
    "$ctl" completions bash >"$share/bash-completion/completions/sendqueuectl"
    "$ctl" completions zsh >"$zsh/_sendqueuectl"
    "$ctl" completions fish >"$share/fish/vendor_completions.d/sendqueuectl.fish"

    mkdir -p "$doc/docs"
    install -m 644 README.md "$doc/"
    install -m 644 docs/*.md "$doc/docs/"
    install -D -m 644 packaging/sendqueue.json "$doc/examples/sendqueue.json"
    install -m 644 packaging/copyright "$doc/copyright"
    install -m 644 "$out/THIRDPARTY.txt" "$doc/"
    gzip -9nc CHANGELOG.md >"$doc/CHANGELOG.md.gz"
    find "$tree" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
}

deb() {
    local tree=$work/deb
    layout "$tree" /usr/lib vendor-completions
    {
        echo "orthanc-sendqueue ($version) unstable; urgency=medium"
        printf '\n  * What changed is in CHANGELOG.md.\n\n'
        echo " -- $maintainer  $(date -uRd "@$SOURCE_DATE_EPOCH")"
    } | gzip -9nc >"$tree/usr/share/doc/orthanc-sendqueue/changelog.gz"
    mkdir "$tree/DEBIAN"
    local control size
    control=$(<packaging/debian-control) size=$(du -sk --apparent-size "$tree/usr" | cut -f1)
    control=${control//@VERSION@/"$version"} control=${control//@SIZE@/"$size"}
    echo "${control//@MAINTAINER@/"$maintainer"}" >"$tree/DEBIAN/control"
    # Orthanc's own package restarts it after an installation, an upgrade and a removal.
    echo "activate-await orthanc-restart-trigger" >"$tree/DEBIAN/triggers"
    (cd "$tree" && find usr -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
    dpkg-deb --root-owner-group -Zxz --build "$tree" "$out/orthanc-sendqueue_${version}_amd64.deb"
}

rpm() {
    layout "$work/rpm" /usr/lib64 site-functions
    cp packaging/sendqueue.spec "$work/"
    (cd "$work/rpm" && find . ! -type d -printf '"/%P"\n' | sort) >>"$work/sendqueue.spec"
    rpmbuild -bb --quiet --target x86_64 --define "_topdir $work/rpmbuild" --define "_rpmdir $out" \
        --define "_rpmfilename %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm" \
        --define "version_ $version" --define "maintainer ${maintainer//%/%%}" --define "tree $work/rpm" \
        "$work/sendqueue.spec"
}

deb
rpm
