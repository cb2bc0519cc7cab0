#!/bin/sh
# Sets up the receivers of other makes that the tests send to.
#
#   scripts/receivers.sh DIR [dcmtk|pynetdicom|dicom-rs]...    all of them, or those named
#
#   dcmtk        /usr/bin/storescp and its encoders, from Debian
#   pynetdicom   DIR/pynetdicom, a Python environment of its own
#   dicom-rs     DIR/bin/dicom-storescp and DIR/bin/dicom-storescu, compiled (some minutes)
#
# The tests find them in target/tools, or where SENDQUEUE_TOOLS says. What is there and works is left alone; a
# half-made one is made anew.
set -eu

PYNETDICOM=3.0.4
PYDICOM=3.0.2
DICOM_RS=0.10.1

say() { echo "receivers: $*"; }
die() { say "$*" >&2; exit 1; }

[ $# -ge 1 ] || die "usage: $0 DIR [dcmtk|pynetdicom|dicom-rs]..."
mkdir -p "$1"
dir=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- dcmtk pynetdicom dicom-rs
packages=$(dirname "$0")/packages.sh

dcmtk() {
    "$packages" dcmtk openssl
    say "dcmtk: $(/usr/bin/storescp --version | sed -n '1s/^[^v]*\(v[0-9.]*\).*/\1/p')"
}

pynetdicom_version() { "$1/bin/python" -c 'import pynetdicom; print(pynetdicom.__version__)' 2>/dev/null; }

pynetdicom() {
    root=$dir/pynetdicom
    if [ "$(pynetdicom_version "$root")" = "$PYNETDICOM" ]; then
        say "pynetdicom: $PYNETDICOM is there"
        return
    fi
    "$packages" python3-venv
    # In its final place: an environment does not work under another name. It is whole when the import succeeds.
    rm -rf "$root"
    /usr/bin/python3 -m venv "$root"
    "$root/bin/pip" install --quiet --disable-pip-version-check "pynetdicom==$PYNETDICOM" "pydicom==$PYDICOM"
    say "pynetdicom: $(pynetdicom_version "$root")"
}

dicom_rs() {
    for tool in storescp storescu; do
        if "$dir/bin/dicom-$tool" --version 2>/dev/null | grep -qF "$DICOM_RS"; then
            say "dicom-$tool: $DICOM_RS is there"
            continue
        fi
        say "dicom-$tool: compiling $DICOM_RS"
        "${CARGO:-cargo}" install --quiet --locked --no-default-features --features tls --root "$dir" "dicom-$tool@$DICOM_RS"
    done
}

for tool in "$@"; do
    case $tool in
        dcmtk) dcmtk ;;
        pynetdicom) pynetdicom ;;
        dicom-rs) dicom_rs ;;
        *) die "$tool is not known" ;;
    esac
done
