#!/usr/bin/env python3
"""The second opinion on de-identification: pydicom reads, dicom-anonymizer and dicognito do the same work their way.

    oracle.py make CORPUS FOLDER N  the files of CORPUS and variants of each Nth of them, FOLDER/NAME.in
    oracle.py check FOLDER          each FOLDER/NAME.out against its NAME.in; says what is wrong, and ends with 1

The actions are dicom-anonymizer's own copy of PS3.15 Table E.1-1 (2026c), and not ours.
"""

import collections
import io
import pathlib
import re
import sys
import warnings
import zlib

import pydicom
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

warnings.simplefilter("ignore")
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE

# ------------------------------------------------------------------------------------------------ make

NAME = "Zyxwvut^Hidden^Patient"
UTF8_NAME = "Yamada^Tarou=山田^太郎=やまだ^たろう"
HIDDEN_UID = "1.2.276.0.7230010.3.1.4.987654321.1"
# Variants of larger files cost time and show nothing else.
LARGEST = 600_000


def identity():
    item = Dataset()
    item.PatientName = NAME
    item.PatientID = "HIDDEN-ID-4711"
    item.StudyDate = "19991231"
    item.AccessionNumber = "HIDDENACC4711"
    item.ReferencedSOPInstanceUID = HIDDEN_UID
    item.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    return item


def nested(ds):
    """The identity in sequences that stay, that go, and deep in them."""
    deep = Dataset()
    deep.ReferencedSOPSequence = Sequence([identity()])
    deep.CodeValue = "T-D1100"
    deepest = Dataset()
    deepest.PurposeOfReferenceCodeSequence = Sequence([deep])
    deepest.PatientName = NAME
    ds.ReferencedStudySequence = Sequence([identity()])
    ds.RequestAttributesSequence = Sequence([identity(), identity()])
    ds.DerivationImageSequence = Sequence([deepest])
    ds.ReferencedSeriesSequence = Sequence([deep, Dataset()])
    ds.ModifiedAttributesSequence = Sequence([identity()])
    original = Dataset()
    original.ModifiedAttributesSequence = Sequence([identity()])
    ds.OriginalAttributesSequence = Sequence([original])
    ds.ContentSequence = Sequence([deepest, identity()])


def private(ds):
    for group in (0x0009, 0x0029):
        block = ds.private_block(group, "HIDDEN CREATOR 1.0", create=True)
        block.add_new(0x01, "LO", "HIDDEN-PRIVATE-4711")
        block.add_new(0x02, "SQ", Sequence([identity()]))
        block.add_new(0x03, "UI", HIDDEN_UID)
        block.add_new(0x04, "UN", NAME.encode())
    inner = Dataset()
    inner.private_block(0x0011, "HIDDEN CREATOR 2.0", create=True).add_new(0x01, "LO", "HIDDEN-PRIVATE-4712")
    ds.ReferencedSeriesSequence = Sequence([inner])
    # An element that no edition has yet.
    ds.add_new(0x0010ABCC, "LO", "HIDDEN-UNKNOWN-4711")


def utf8(ds):
    ds.SpecificCharacterSet = "ISO_IR 192"
    for element in ds:
        if element.VR == "PN" and element.value:
            element.value = UTF8_NAME
    ds.PatientName = UTF8_NAME
    ds.PatientAddress = "東京都千代田区千代田一丁目"
    ds.ImageComments = "患者の名前は山田太郎です"


def behind(ds):
    """Overlays, curves, and what stands behind the pixels."""
    for group in (0x6000, 0x6002):
        ds.add_new((group, 0x0010), "US", 8)
        ds.add_new((group, 0x0011), "US", 8)
        ds.add_new((group, 0x0022), "LO", "HIDDEN-OVERLAY-4711")
        ds.add_new((group, 0x3000), "OB", b"\x81\x42\x24\x18\x18\x24\x42\x81")
        ds.add_new((group, 0x4000), "LT", "HIDDEN-COMMENT-4711")
    ds.add_new(0x50002500, "LO", "HIDDEN-CURVE-4711")
    ds.add_new(0x50003000, "OW", b"HIDDEN-CURVEDATA")
    signature = Dataset()
    signature.MACIDNumber = 1
    signature.DigitalSignatureUID = HIDDEN_UID
    signature.CertificateOfSigner = b"HIDDEN-CERTIFICATE"
    ds.add_new(0xFFFAFFFA, "SQ", Sequence([signature]))
    ds.add_new(0xFFFCFFFC, "OB", b"HIDDEN-PADDING-4711 ")


VARIANTS = {"nested": nested, "private": private, "utf8": utf8, "behind": behind}
FORMS = {
    "implicit": ImplicitVRLittleEndian, "explicit": ExplicitVRLittleEndian, "big": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
}


def save(ds, path, syntax):
    ds.file_meta.TransferSyntaxUID = syntax
    little = syntax != ExplicitVRBigEndian
    ds.save_as(path, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=little, force_encoding=True)


def make(corpus, folder, every):
    counts = collections.Counter()
    seen = set()
    for path in sorted(pathlib.Path(corpus).rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        if content in seen or content[128:132] != b"DICM":
            continue
        seen.add(content)
        stem = re.sub(r"\W", "_", str(path.relative_to(corpus)).split("site-packages/")[-1])
        (folder / f"{stem}.in").write_bytes(content)
        counts["as they are"] += 1
        if len(content) > LARGEST or len(seen) % every:
            continue
        for name, change in VARIANTS.items():
            try:
                ds = pydicom.dcmread(path)
                if not ds.get("SOPInstanceUID"):
                    break
                syntax = ds.file_meta.TransferSyntaxUID
                change(ds)
                save(ds, folder / f"{stem}.{name}.in", syntax)
                counts[name] += 1
            except Exception:  # What pydicom cannot write is no variant.
                (folder / f"{stem}.{name}.in").unlink(missing_ok=True)
        for name, form in FORMS.items():
            try:
                ds = pydicom.dcmread(path)
                syntax = ds.file_meta.TransferSyntaxUID
                if syntax == form or syntax.is_compressed and not syntax.is_deflated or "PixelData" not in ds:
                    continue
                if (syntax == ExplicitVRBigEndian) != (form == ExplicitVRBigEndian):
                    if ds.BitsAllocated > 8:
                        continue
                nested(ds)
                save(ds, folder / f"{stem}.{name}.in", form)
                counts[name] += 1
            except Exception:
                (folder / f"{stem}.{name}.in").unlink(missing_ok=True)
    print(sum(counts.values()), "files:", ", ".join(f"{count} {name}" for name, count in counts.items()))


# ----------------------------------------------------------------------------------------------- check

from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as fields  # noqa: E402
from dicomanonymizer.simpledicomanonymizer import anonymize_dataset, initialize_actions  # noqa: E402

LISTS = {
    "D_TAGS": "D", "Z_TAGS": "Z", "X_TAGS": "X", "U_TAGS": "U", "Z_D_TAGS": "Z/D", "X_Z_TAGS": "X/Z",
    "X_D_TAGS": "X/D", "X_Z_D_TAGS": "X/Z/D", "X_Z_U_STAR_TAGS": "X/Z/U*",
}
TABLE = {(t[0] << 16) + t[1]: action for name, action in LISTS.items() for t in getattr(fields, name) if len(t) == 2}
MARKS = {0x00120062, 0x00120063, 0x00120064, 0x00280303}
OF_DICOM = b"1.2.840.10008."
DUMMIES = {b"", b"1", b"ANONYMIZED", b"000Y", b"19000101", b"19000101000000", b"000000", b"0", b"http://anonymized.invalid"}
SHORTEST = 8


def action_of(tag):
    tag = int(tag)
    group = tag >> 16
    if group % 2 or group & 0xFF00 in (0x5000, 0x6000) or tag == 0xFFFCFFFC:
        return "X"
    if tag in TABLE:
        return TABLE[tag]
    try:
        dictionary_VR(tag)
        return None
    except KeyError:
        return "X"


def bare(value):
    return value.strip(b" \0") if isinstance(value, bytes) else b""


def walk(ds, path=(), action=None):
    """Each element that is no sequence: path, the strictest action on the way to it, its bytes; sequences have None."""
    for tag in sorted(ds.keys()):
        if tag.element == 0:
            continue
        own = action_of(tag)
        here = own if own and own != "X/Z/U*" else action
        element = ds.get_item(tag)
        is_sequence = isinstance(element, RawDataElement) and element.VR == "SQ" or not isinstance(element, RawDataElement) and element.VR == "SQ"
        if isinstance(element, RawDataElement) and element.VR in (None, "UN"):
            try:
                is_sequence = dictionary_VR(tag) == "SQ" or element.length == 0xFFFFFFFF and tag != 0x7FE00010
            except KeyError:
                is_sequence = False
        items = None
        if is_sequence:
            try:
                items = ds[tag].value
            except Exception:
                items = None
        if isinstance(items, (Sequence, list)) and all(isinstance(item, Dataset) for item in items):
            yield path + (int(tag),), here, own, None
            for index, item in enumerate(items):
                yield from walk(item, path + (int(tag), index), here)
        elif isinstance(element, RawDataElement):
            yield path + (int(tag),), here, own, element.value or b""
        else:
            value = element.value
            value = value if isinstance(value, bytes) else str(value if value is not None else "").encode()
            yield path + (int(tag),), here, own, value


def shown(path):
    return ".".join(f"[{step}]" if step < 0x10000 else f"{step:08x}" for step in path)


def data_set(content, syntax):
    """What is behind the meta information, inflated."""
    length = int.from_bytes(content[140:144], "little")
    rest = content[144 + length :]
    return zlib.decompress(rest, -zlib.MAX_WBITS) if syntax == DeflatedExplicitVRLittleEndian else rest


class Wrong(Exception):
    pass


class Check:
    def __init__(self):
        self.counts = collections.Counter()
        self.differences = collections.Counter()
        self.uids = {}
        self.of_theirs = {}
        self.dicognito = None

    def pair(self, source, target):
        before = pydicom.dcmread(source, force=True)
        after = pydicom.dcmread(target, force=True)
        ins, outs = list(walk(before)), list(walk(after))
        found = {path: value for path, _, _, value in outs}
        wrong = []
        secrets = set()
        for path, action, own, value in ins:
            if action is None or value is None or path[0] in MARKS:
                continue
            value = bare(value)
            if not value:
                continue
            kept = found.get(path)
            is_known = value.startswith(OF_DICOM) or value in DUMMIES or not any(value)
            # Codes of the standard in what is a dummy as a whole; no element of the table is one but for these.
            if kept is not None and bare(kept) == value and not is_known and own is not None:
                wrong.append(f"{shown(path)} ({own}) is unchanged")
            if own is not None and len(value) >= SHORTEST and not is_known:
                secrets.add((value, shown(path), own))
                for one in value.split(b"\\") if own == "U" else ():
                    if len(bare(one)) >= SHORTEST and not one.startswith(OF_DICOM):
                        secrets.add((bare(one), shown(path), own))
            self.counts["elements of the table"] += own is not None
        syntax = before.file_meta.TransferSyntaxUID
        raw = data_set(target.read_bytes(), syntax)
        # What the standard keeps may say the same as what it removes.
        kept = [bare(value) for path, action, _, value in outs if value and action is None and path[-1] != 0x7FE00010]
        for value, path, own in secrets:
            if value in raw and not any(value in one for one in kept):
                wrong.append(f"{path} ({own}): its value is still in the bytes")
            self.counts["values searched for"] += 1
        self.uids_of(before, after, wrong)
        self.marks(after, wrong)
        self.pixels(before, after, wrong)
        self.by_dicom_anonymizer(source, before, after, wrong)
        self.by_dicognito(source, ins, found, wrong)
        self.counts["files"] += 1
        return wrong

    def uids_of(self, before, after, wrong):
        """One UID has one other, in all files; those of two are two."""
        pairs = [(before.get(name), after.get(name)) for name in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")]
        for old, new in pairs:
            if not old or old.startswith(OF_DICOM.decode()):
                continue
            if not re.fullmatch(r"2\.25\.(0|[1-9]\d{0,38})", str(new)):
                wrong.append(f"{new} is no UID of ours")
            if self.uids.setdefault(str(old), new) != new:
                wrong.append(f"{old} has two others")
        if after.file_meta.MediaStorageSOPInstanceUID != after.SOPInstanceUID:
            wrong.append("the meta information has another SOP Instance UID")

    def marks(self, after, wrong):
        codes = [item.CodeValue for item in after.get("DeidentificationMethodCodeSequence", [])]
        if after.get("PatientIdentityRemoved") != "YES" or codes != ["113100"]:
            wrong.append("it does not say that it is de-identified")
        if after.get("LongitudinalTemporalInformationModified") != "REMOVED":
            wrong.append("it does not say what became of dates")

    def pixels(self, before, after, wrong):
        for tag in (0x7FE00008, 0x7FE00009, 0x7FE00010):
            value = lambda ds: ds.get_item(tag).value if tag in ds else None
            if value(before) != value(after):
                wrong.append("other pixels")

    def by_dicom_anonymizer(self, source, before, after, wrong):
        """Element by element outside of sequences, which is what it does."""
        theirs = pydicom.dcmread(source, force=True)
        try:
            actions = initialize_actions("dicomfields_2026c")
            actions = {tag: action for tag, action in actions.items() if tag[0] != 0x0002}
            anonymize_dataset(theirs, base_rules_gen=lambda: actions)
        except Exception:  # It does not know the VR, or cannot read a value.
            self.counts["not done by dicom-anonymizer"] += 1
            return
        text = lambda ds, tag: repr(ds[tag].value) if tag in ds else None
        for tag in sorted(set(theirs.keys()) | set(after.keys()) | set(before.keys())):
            if tag.element == 0 or int(tag) in MARKS or tag.is_private:
                continue
            try:
                old, mine, other = (text(ds, tag) for ds in (before, after, theirs))
            except Exception:
                continue
            if mine == other:
                continue
            why = self.explained(int(tag), old, mine, other, before)
            if why is None:
                wrong.append(f"{tag}: {old!s:.60} is {mine!s:.60}, and {other!s:.60} by dicom-anonymizer")
            else:
                self.differences[why] += 1

    def explained(self, tag, old, mine, other, before):
        action = action_of(tag)
        group = tag >> 16
        if action == "U":
            # Both are made up; what is one and the same stays one and the same.
            if self.of_theirs.setdefault(other, mine) != mine:
                return None
            return "UIDs are others"
        if action == "Z" and mine in ("''", "None", "[]", "Sequence of 0 items", "<Sequence, length 0>"):
            return "Z: empty, where dicom-anonymizer has a dummy date or a dummy number"
        if action == "D":
            return "D: another dummy"
        if action in ("X/Z", "X/D", "X/Z/D", "Z/D", "X/Z/U*"):
            if mine is None or mine != old or old in ("''", "None"):
                return "conditional: as the type in the IOD says, where dicom-anonymizer takes what fits all"
            if action == "X/Z/U*":
                return "conditional: references stay, with other UIDs"
            return None
        if action == "X" and mine is None:
            if group & 0xFF00 in (0x5000, 0x6000):
                return "curves and overlays go whole"
            if action_of(tag) == "X" and tag not in TABLE:
                return "unknown elements and padding go"
            return "X: gone, where dicom-anonymizer has a dummy date"
        if action is None and mine is not None and dictionary_VR(tag) == "SQ":
            return "sequences of the rest: done inside too, where dicom-anonymizer does not look"
        if action is None and mine is None and dictionary_VR(tag) == "SQ":
            return "no sequence: cannot be looked into"
        return None

    def by_dicognito(self, source, ins, found, wrong):
        """What it hides is not left by us."""
        from dicognito.anonymizer import Anonymizer

        theirs = pydicom.dcmread(source, force=True)
        self.dicognito = self.dicognito or Anonymizer(seed="0")
        try:
            self.dicognito.anonymize(theirs)
            # Written, so that values are bytes again.
            written = io.BytesIO()
            theirs.save_as(written, enforce_file_format=False)
            theirs = pydicom.dcmread(io.BytesIO(written.getvalue()), force=True)
            theirs = {path: value for path, _, _, value in walk(theirs)}
        except Exception:
            self.counts["not done by dicognito"] += 1
            return
        for path, action, _, value in ins:
            if value is None or not bare(value) or path not in theirs:
                continue
            if bare(theirs[path]) == bare(value) or bare(found.get(path) or b"") != bare(value):
                continue
            # It writes some anew in another spelling.
            if bare(value) in DUMMIES or re.sub(rb"[ 0.]", b"", theirs[path]) == re.sub(rb"[ 0.]", b"", value):
                continue
            if bare(value).startswith(OF_DICOM):
                self.differences["dicognito: it replaces UIDs that the standard itself gives too"] += 1
                continue
            if action is None and path[-1] in KEPT:
                self.differences["dicognito: it hides what E.1-1 does not name"] += 1
                continue
            wrong.append(f"{shown(path)} is hidden by dicognito")


# What dicognito hides and PS3.15 Table E.1-1 does not name: Creator-Version UID, Coding Scheme UID, Content
# Description.
KEPT = {0x00089123, 0x0008010C, 0x00700081}


def check(folder):
    checker = Check()
    bad = 0
    for target in sorted(folder.glob("*.out")):
        source = target.with_suffix(".in")
        try:
            wrong = checker.pair(source, target)
        except Exception as error:
            raise SystemExit(f"{target.name}: {error!r}") from error
        for one in wrong[:8]:
            print(f"{target.name}: {one}")
        bad += bool(wrong)
    for counts in (checker.counts, checker.differences):
        for what, count in sorted(counts.items()):
            print(f"{count:8} {what}")
    return 1 if bad else 0


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2], pathlib.Path(sys.argv[3]), int(sys.argv[4]))
    else:
        sys.exit(check(pathlib.Path(sys.argv[2])))
