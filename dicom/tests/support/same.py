"""Whether pydicom sees, in each pair of files, one value that is another: same.py FOLDER NEW_PATIENT_ID."""
import pathlib
import sys

import pydicom
from pydicom.dataelem import RawDataElement

folder, new_id = pathlib.Path(sys.argv[1]), sys.argv[2]
PATIENT_ID, PIXELS = 0x00100020, 0x7FE00010


def tags(data):
    return [tag for tag in sorted(data.keys()) if tag.element != 0 and tag != PATIENT_ID]


def differs(before, after):
    if tags(before) != tags(after):
        return "other tags"
    for tag in tags(before):
        one, other = before.get_item(tag), after.get_item(tag)
        if one.VR != other.VR:
            return f"{tag}: VR {one.VR}, {other.VR}"
        if isinstance(one, RawDataElement) or one.VR != "SQ":
            if one.value != other.value:
                return f"{tag}: another value"
            continue
        if len(one.value) != len(other.value):
            return f"{tag}: other items"
        for pair in zip(one.value, other.value):
            why = differs(*pair)
            if why:
                return f"{tag}: {why}"
    return None


same = 0
for path in sorted((folder / "before").iterdir()):
    before, after = pydicom.dcmread(path), pydicom.dcmread(folder / "after" / path.name)
    why = differs(before, after)
    if after.PatientID != new_id:
        why = f"patient ID {after.PatientID}"
    if PIXELS in before and before.get_item(PIXELS).value != after.get_item(PIXELS).value:
        why = "other pixels"
    if why:
        print(path.stem, why)
    else:
        same += 1
print("same:", same)
