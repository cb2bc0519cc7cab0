#!/usr/bin/env python3
"""What is compiled in from others: a bill of materials (CycloneDX 1.5), and their licences.

    scripts/third_party.py COMMIT OUT       writes OUT/sbom.cdx.json and OUT/THIRDPARTY.txt

Crates of all platforms that are released, as Cargo.lock names them; what is only used while compiling or testing is not
in it. SQLite is no crate, but its source is part of one. The same commit gives the same bytes: the time is
SOURCE_DATE_EPOCH.
"""
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import uuid

ROOTS = ("orthanc-sendqueue", "sendqueuectl")
PLATFORMS = ("x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "x86_64-pc-windows-gnu")
LICENCE_FILES = re.compile(r"^(LICEN[CS]E|COPYING|COPYRIGHT|NOTICE|UNLICENSE)", re.IGNORECASE)


def metadata(platform):
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", platform]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def compiled_in():
    """The packages by their identifiers, and which uses which."""
    packages, uses = {}, {}
    for platform in PLATFORMS:
        found = metadata(platform)
        by_id = {package["id"]: package for package in found["packages"]}
        nodes = {node["id"]: node for node in found["resolve"]["nodes"]}
        waiting = [identifier for identifier in found["workspace_members"] if by_id[identifier]["name"] in ROOTS]
        seen = set()
        while waiting:
            identifier = waiting.pop()
            package = by_id[identifier]
            # A procedural macro runs while compiling.
            if identifier in seen or any("proc-macro" in target["kind"] for target in package["targets"]):
                continue
            seen.add(identifier)
            packages[identifier] = package
            used = [
                dependency["pkg"]
                for dependency in nodes[identifier]["deps"]
                if any(kind["kind"] is None for kind in dependency["dep_kinds"])
            ]
            uses.setdefault(identifier, set()).update(used)
            waiting += used
    uses = {identifier: sorted(used & packages.keys()) for identifier, used in uses.items()}
    return packages, uses


def checksums():
    """The SHA-256 of each crate, as Cargo.lock has it."""
    lock = pathlib.Path("Cargo.lock").read_text()
    pattern = r'name = "(.*)"\nversion = "(.*)"\nsource = .*\nchecksum = "(.*)"'
    return {(name, version): checksum for name, version, checksum in re.findall(pattern, lock)}


def folder(package):
    return pathlib.Path(package["manifest_path"]).parent


def ref(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def component(package, sums):
    entry = {"type": "library", "bom-ref": ref(package), "name": package["name"], "version": package["version"]}
    entry["purl"] = ref(package)
    if package["license"]:
        # The slash is how old crates write OR.
        entry["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    if checksum := sums.get((package["name"], package["version"])):
        entry["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if package["repository"]:
        entry["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return entry


def others(packages):
    """What is compiled in and no crate: name, version, licence, where it is from."""
    release = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    rust = re.search(r"^release: (.*)$", release, re.MULTILINE).group(1)
    crate = next(package for package in packages.values() if package["name"] == "libsqlite3-sys")
    header = (folder(crate) / "sqlite3" / "sqlite3.h").read_text()
    sqlite = re.search(r'^#define SQLITE_VERSION +"(.*)"', header, re.MULTILINE).group(1)
    return [
        ("rust-std", rust, "MIT OR Apache-2.0", "https://github.com/rust-lang/rust"),
        ("sqlite", sqlite, "blessing", "https://www.sqlite.org/"),
    ]


def main():
    commit, out = sys.argv[1], pathlib.Path(sys.argv[2])
    packages, uses = compiled_in()
    sums = checksums()
    ours = {identifier for identifier, package in packages.items() if package["source"] is None}
    root = next(package for package in packages.values() if package["name"] == ROOTS[0])
    foreign = sorted((packages[i] for i in packages.keys() - ours), key=lambda p: (p["name"], p["version"]))

    generic = others(packages)
    entries = [component(package, sums) for package in foreign]
    for name, version, licence, url in generic:
        purl = f"pkg:generic/{name}@{version}"
        entries.append({
            "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
            "licenses": [{"license": {"id": licence}} if " " not in licence else {"expression": licence}],
            "externalReferences": [{"type": "website", "url": url}],
        })
    for package in (packages[i] for i in ours if packages[i] is not root):
        entries.append(component(package, sums))
    entries.sort(key=lambda entry: entry["bom-ref"])

    graph = {ref(packages[identifier]): {ref(packages[i]) for i in used} for identifier, used in uses.items()}
    sqlite_ref = next(entry["bom-ref"] for entry in entries if entry["name"] == "sqlite")
    for name in graph:
        if name.startswith("pkg:cargo/libsqlite3-sys@"):
            graph[name].add(sqlite_ref)
    time = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, ref(root) + '#' + commit)}",
        "version": 1,
        "metadata": {"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"), "component": component(root, sums)},
        "components": entries,
        "dependencies": [{"ref": name, "dependsOn": sorted(graph[name])} for name in sorted(graph)],
    }
    (out / "sbom.cdx.json").write_text(json.dumps(document, indent=1) + "\n")

    # Each text once, with those that it is for.
    texts, lines = {}, []
    for package in foreign:
        source = package["repository"] or "https://crates.io/"
        lines.append(f"{package['name']} {package['version']}: {package['license']}, {source}")
        for file in sorted(folder(package).iterdir()):
            if file.is_file() and LICENCE_FILES.match(file.name):
                text = file.read_text(errors="replace").replace("\r\n", "\n").strip()
                texts.setdefault(text, []).append(f"{package['name']} ({file.name})")
    lines += [f"{name} {version}: {licence}, {url}" for name, version, licence, url in generic]
    page = ["What orthanc-sendqueue and sendqueuectl have compiled in from others.", "", *sorted(lines)]
    for text, names in sorted(texts.items(), key=lambda item: item[1]):
        page += ["", "=" * 80, "", *names, "", text]
    (out / "THIRDPARTY.txt").write_text("\n".join(page) + "\n")


main()
