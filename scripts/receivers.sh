#!/bin/sh
# Sets up what the tests use beside Orthanc: receivers of other makes, and what looks at the page.
#
#   scripts/receivers.sh DIR [dcmtk|pynetdicom|dicom-rs|axe|schemathesis|corpus|deidentifiers]...    all of them, or
#   those named
#
#   dcmtk        /usr/bin/storescp and its encoders, from Debian
#   pynetdicom   DIR/pynetdicom, a Python environment of its own
#   dicom-rs     DIR/bin/dicom-storescp and DIR/bin/dicom-storescu, compiled (some minutes)
#   axe          DIR/axe.min.js, which finds breaches of accessibility
#   schemathesis DIR/schemathesis, a Python environment with it and openapi-spec-validator: whether the API is as it is
#                described
#   corpus       DIR/corpus, the files of pydicom and pydicom-data: real ones of many makers
#   deidentifiers DIR/deidentifiers, a Python environment with dicom-anonymizer and dicognito, which do the same another
#                way; and dciodvfy, which knows what an object must have
#
# The tests find them in target/tools, or where SENDQUEUE_TOOLS says. What is there and works is left alone; a
# half-made one is made anew.
set -eu

PYNETDICOM=3.0.4
PYDICOM=3.0.2
PYDICOM_DATA=1.0.0
DICOM_ANONYMIZER=2.1.0
DICOGNITO=0.19.0
DICOM_RS=0.10.1
# The wheel that carries axe-core 4.
AXE=0.1.8
SCHEMATHESIS=4.32.5
OPENAPI_SPEC_VALIDATOR=0.9.0

say() { echo "receivers: $*"; }
die() { say "$*" >&2; exit 1; }

[ $# -ge 1 ] || die "usage: $0 DIR [dcmtk|pynetdicom|dicom-rs|axe|schemathesis|corpus|deidentifiers]..."
mkdir -p "$1"
dir=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- dcmtk pynetdicom dicom-rs axe schemathesis corpus deidentifiers
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

axe() {
    if [ -s "$dir/axe.min.js" ] && [ "$(cat "$dir/axe.version" 2>/dev/null)" = "$AXE" ]; then
        say "axe: $AXE is there"
        return
    fi
    "$packages" python3-venv
    rm -rf "$dir/axe"
    /usr/bin/python3 -m venv "$dir/axe"
    "$dir/axe/bin/pip" install --quiet --disable-pip-version-check --no-deps "axe-playwright-python==$AXE"
    cp "$dir"/axe/lib/python3*/site-packages/axe_playwright_python/axe.min.js "$dir/axe.min.js"
    echo "$AXE" >"$dir/axe.version"
    rm -rf "$dir/axe"
    say "axe: $AXE"
}

schemathesis_version() {
    "$1/bin/python" -c 'import importlib.metadata as m; print(m.version("schemathesis"), m.version("openapi-spec-validator"))' 2>/dev/null
}

schemathesis() {
    root=$dir/schemathesis
    if [ "$(schemathesis_version "$root")" = "$SCHEMATHESIS $OPENAPI_SPEC_VALIDATOR" ]; then
        say "schemathesis: $SCHEMATHESIS is there"
        return
    fi
    "$packages" python3-venv
    rm -rf "$root"
    /usr/bin/python3 -m venv "$root"
    "$root/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$SCHEMATHESIS" \
        "openapi-spec-validator==$OPENAPI_SPEC_VALIDATOR"
    say "schemathesis: $(schemathesis_version "$root")"
}

corpus() {
    root=$dir/corpus
    if [ "$(cat "$root/corpus.version" 2>/dev/null)" = "$PYDICOM $PYDICOM_DATA" ]; then
        say "corpus: pydicom $PYDICOM and pydicom-data $PYDICOM_DATA are there"
        return
    fi
    "$packages" python3-venv
    rm -rf "$root"
    /usr/bin/python3 -m venv "$root"
    "$root/bin/pip" install --quiet --disable-pip-version-check --no-deps "pydicom==$PYDICOM" "pydicom-data==$PYDICOM_DATA"
    echo "$PYDICOM $PYDICOM_DATA" >"$root/corpus.version"
    say "corpus: pydicom $PYDICOM, pydicom-data $PYDICOM_DATA"
}

deidentifiers() {
    root=$dir/deidentifiers
    "$packages" dcmtk dicom3tools
    versions="$PYDICOM $DICOM_ANONYMIZER $DICOGNITO"
    if [ "$(cat "$root/versions" 2>/dev/null)" = "$versions" ]; then
        say "deidentifiers: dicom-anonymizer $DICOM_ANONYMIZER and dicognito $DICOGNITO are there"
        return
    fi
    "$packages" python3-venv
    rm -rf "$root"
    /usr/bin/python3 -m venv "$root"
    "$root/bin/pip" install --quiet --disable-pip-version-check "pydicom==$PYDICOM" \
        "dicom-anonymizer==$DICOM_ANONYMIZER" "dicognito==$DICOGNITO"
    echo "$versions" >"$root/versions"
    say "deidentifiers: dicom-anonymizer $DICOM_ANONYMIZER, dicognito $DICOGNITO"
}

for tool in "$@"; do
    case $tool in
        dcmtk) dcmtk ;;
        pynetdicom) pynetdicom ;;
        dicom-rs) dicom_rs ;;
        axe) axe ;;
        schemathesis) schemathesis ;;
        corpus) corpus ;;
        deidentifiers) deidentifiers ;;
        *) die "$tool is not known" ;;
    esac
done
