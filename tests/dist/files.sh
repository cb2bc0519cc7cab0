#!/usr/bin/env bash
# The files of dist/, without running them where they are meant for: checksums, symbols, least versions, bill of
# materials.
set -euo pipefail
cd "$(dirname "$0")/../../dist"
../scripts/packages.sh binutils file
die() { echo "dist: $*" >&2; exit 1; }

sha256sum --quiet --check SHA256SUMS || die "checksums"
[ "$(wc -l <SHA256SUMS)" -eq "$(find . -type f ! -name SHA256SUMS | wc -l)" ] || die "a file without a checksum"

# Each library gives away the names that Orthanc asks for, and asks for glibc alone.
names="OrthancPluginFinalize OrthancPluginGetName OrthancPluginGetVersion OrthancPluginInitialize"
for platform in linux-x86_64:x86-64 linux-aarch64:aarch64; do
    folder=${platform%:*}
    for file in "$folder"/*; do
        file -b "$file" | grep -q "ELF 64-bit.*${platform#*:}" || die "$file: $(file -b "$file")"
        newest=$(objdump -T "$file" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -1)
        [ "$(printf '%s\nGLIBC_2.17\n' "$newest" | sort -V | tail -1)" = GLIBC_2.17 ] || die "$file needs $newest"
        ! objdump -p "$file" | grep NEEDED | grep -v 'lib\(c\|m\|dl\|pthread\|rt\)\.so\|ld-linux' ||
            die "$file: another library"
        echo "dist: $file needs $newest"
    done
    given=$(objdump -T "$folder/libOrthancSendQueue.so" | awk '$2 == "g" { print $NF }' | sort | xargs)
    [ "$given" = "$names" ] || die "$folder gives away: $given"
done
# Loaded with all that they ask for, under an emulator.
../scripts/packages.sh qemu-user libc6-arm64-cross
qemu-aarch64 -L /usr/aarch64-linux-gnu -E LD_BIND_NOW=1 -E LD_PRELOAD="$PWD/linux-aarch64/libOrthancSendQueue.so" \
    linux-aarch64/sendqueuectl --version || die "linux-aarch64 cannot be loaded"
dll=windows-x86_64/OrthancSendQueue.dll
given=$(objdump -p $dll | sed -n 's/^.*\(OrthancPlugin[A-Za-z]*\)$/\1/p' | sort -u | xargs)
[ "$given" = "$names" ] || die "the DLL gives away: $given"
echo "dist: $dll asks for $(objdump -p $dll | sed -n 's/^.*DLL Name: //p' | sort | xargs)"

tools=${SENDQUEUE_TOOLS:-$PWD/../target/tools}
[ -d "$tools/cyclonedx/lib" ] || {
    ../scripts/packages.sh python3-venv
    python3 -m venv "$tools/cyclonedx"
    "$tools/cyclonedx/bin/pip" -q install 'cyclonedx-python-lib[json-validation]==11.12.0'
}
"$tools/cyclonedx/bin/python" - <<'END_OF_PYTHON' || die "the bill of materials"
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
mistake = JsonStrictValidator(SchemaVersion.V1_5).validate_str(open("sbom.cdx.json").read())
assert mistake is None, mistake
END_OF_PYTHON
grep -q '"name": "sqlite"' sbom.cdx.json || die "SQLite is not in the bill of materials"
grep -q "^sqlite 3" THIRDPARTY.txt || die "SQLite is not among the licences"
echo "dist: $(wc -l <SHA256SUMS) files: well"
