#!/usr/bin/env python3
"""Writes src/coercion/deidentify/table.rs from facts of the standard.

    pip download --no-deps highdicom==0.28.2 dicom-anonymizer==2.1.0        and unpack both wheels
    git clone https://github.com/innolitics/dicom-standard
    scripts/deidentification_table.py FACTS STANDARD DATABASES > src/coercion/deidentify/table.rs

    FACTS      standard/confidentiality_profile_attributes.json of dicom-standard: PS3.15 2024e, Table E.1-1
    STANDARD   the folder highdicom/_standard of the wheel: the types of attributes (PS3.3), by SOP class
    DATABASES  the folder dicomanonymizer/dicom_anonymization_databases of the wheel: an independent copy of the basic
               profile, which must say the same; its 2026c gives the rows that later editions added

Needs pydicom, for the keywords in the comments. Numbers of tags, actions and types carry over; no text of the standard
does.
"""

import json
import pathlib
import re
import runpy
import sys

from pydicom.datadict import keyword_for_tag

ACTIONS = {
    "D": "D", "Z": "Z", "X": "X", "U": "U", "Z/D": "ZorD", "X/Z": "XorZ", "X/D": "XorD", "X/Z/D": "XorZorD",
    "X/Z/U*": "XorZorU",
}
# The columns of the options, as the bits of table.rs.
OPTIONS = {
    "rtnUIDsOpt": "UIDS", "rtnDevIdOpt": "DEVICE", "rtnInstIdOpt": "INSTITUTION",
    "rtnPatCharsOpt": "PATIENT", "rtnLongFullDatesOpt": "FULL_DATES", "rtnLongModifDatesOpt": "MODIFIED_DATES",
    "cleanDescOpt": "DESCRIPTORS", "cleanStructContOpt": "STRUCTURED", "cleanGraphOpt": "GRAPHICS",
}
# Those of other databases, by the names of their lists.
LISTS = {
    "D_TAGS": "D", "Z_TAGS": "Z", "X_TAGS": "X", "U_TAGS": "U", "Z_D_TAGS": "Z/D", "X_Z_TAGS": "X/Z",
    "X_D_TAGS": "X/D", "X_Z_D_TAGS": "X/Z/D", "X_Z_U_STAR_TAGS": "X/Z/U*",
}
# Type 1 and 1C need a value, type 2 and 2C the element.
NEEDS = {"1": 2, "1C": 2, "2": 1, "2C": 1, "3": 0}


def facts(path):
    """Rows by tag; the repeating groups and the private attributes are code, not rows."""
    rows = {}
    for row in json.load(open(path)):
        tag = re.fullmatch(r"\(([0-9A-F]{4}),([0-9A-F]{4})\)", row["tag"])
        if tag:
            rows[int(tag[1] + tag[2], 16)] = row
        elif row["basicProfile"] != "X":
            sys.exit(f"{row['tag']} is not X any more")
    return rows


def database(path):
    lists = runpy.run_path(str(path))
    pairs = ((tag, action) for name, action in LISTS.items() for tag in lists[name])
    return {(tag[0] << 16) + tag[1]: action for tag, action in pairs if len(tag) == 2}


def needs(folder, tags):
    """For each SOP class one digit for each of the tags: 2 a value is needed, 1 the element, 0 neither."""
    read = lambda name: json.load(open(folder / name))
    classes, iods, modules = map(read, ["sop_class_iod_map.json", "iod_module_map.json", "module_attribute_map.json"])
    keywords = [keyword_for_tag(tag) for tag in tags]
    table = {}
    for uid, iod in classes.items():
        found = dict.fromkeys(keywords, 0)
        for module in iods[iod]:
            for attribute in modules.get(module["key"], []):
                keyword = attribute["keyword"]
                if not attribute["path"] and keyword in found:
                    found[keyword] = max(found[keyword], NEEDS[attribute["type"]])
        table[uid] = "".join(str(found[keyword]) for keyword in keywords)
    return table


def main():
    rows = facts(sys.argv[1])
    databases = pathlib.Path(sys.argv[3])
    same, later = (database(databases / f"dicomfields_{edition}.py") for edition in ("2024b", "2026c"))
    for other in (same, later):
        for tag, row in rows.items():
            if other.get(tag) != row["basicProfile"]:
                sys.exit(f"{tag:08x} is {row['basicProfile']} here and {other.get(tag)} there")
    if set(same) != set(rows):
        sys.exit("the independent copy has other rows")
    added = {tag: {"basicProfile": later[tag]} for tag in later if tag not in rows}
    conditional = sorted(tag for tag, row in {**rows, **added}.items() if "/" in row["basicProfile"])
    bits = lambda row, letter: [bit for name, bit in OPTIONS.items() if row.get(name) == letter]
    joined = lambda names: " | ".join(names) or "0"
    grouped = lambda tag: f"0x{tag >> 16:04X}_{tag & 0xFFFF:04X}"

    print("// Made by scripts/deidentification_table.py: change that, not this file.")
    print("//! Facts of PS3.15 2024e, Table E.1-1, with the rows that the editions up to 2026c added; and of PS3.3, which")
    print("//! types the attributes with a conditional action have in each IOD.")
    print()
    print("use super::action::Basic::{self, *};")
    print("use super::action::column::*;")
    print()
    print("/// The edition whose table it is.")
    print('pub const EDITION: &str = "2024e";')
    print()
    print("/// One row: the tag, what the basic profile does, which options keep it (K), which clean it (C).")
    print("#[derive(Debug)]")
    print("pub struct Row(pub u32, pub Basic, pub u16, pub u16);")
    print()
    print(f"/// {len(rows)} rows of 2024e and {len(added)} later ones, by tag. Repeating groups and private attributes are")
    print("/// code (`action.rs`).")
    print("#[rustfmt::skip]")
    print("pub static ROWS: &[Row] = &[")
    for tag, row in sorted({**rows, **added}.items()):
        keep, clean = joined(bits(row, "K")), joined(bits(row, "C"))
        note = "" if tag in rows else ", 2026c"
        comment = (keyword_for_tag(tag) or "") + note
        print(f"    Row({grouped(tag)}, {ACTIONS[row['basicProfile']]}, {keep}, {clean}),{' // ' + comment if comment else ''}")
    print("];")
    print()
    print("/// The tags with a conditional action, in the order of the digits of [`NEEDS`].")
    print("#[rustfmt::skip]")
    print("pub static CONDITIONAL: &[u32] = &[")
    for start in range(0, len(conditional), 8):
        print("    " + " ".join(grouped(tag) + "," for tag in conditional[start : start + 8]))
    print("];")
    print()
    print("/// By SOP class: what its IOD asks of each of [`CONDITIONAL`] outside of sequences. 2: a value (type 1, 1C), 1: the")
    print("/// element (type 2, 2C), 0: neither.")
    print("#[rustfmt::skip]")
    print("pub static NEEDS: &[(&str, &str)] = &[")
    for uid, digits in sorted(needs(pathlib.Path(sys.argv[2]), conditional).items()):
        print(f'    ("{uid}", "{digits}"),')
    print("];")


main()
