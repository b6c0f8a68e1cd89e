#!/usr/bin/env python3
"""Every crate in the program, with version and licence, from cargo metadata; fails on a licence that is not allowed.

    packaging/licences.py           a table, and exit code 1 where a licence is not on the list
    packaging/licences.py --sbom    the same as CycloneDX 1.5 (JSON)

Crates for tests and builds alone are left out of both. Works offline once the crates are there.
"""

import json
import re
import subprocess
import sys

# What may be linked into a program that others distribute; all of them ask for no more than to be named.
ALLOWED = {
    "MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0",
    "HPND", "ISC", "MIT-0", "Unicode-3.0", "Unlicense", "Zlib", "0BSD",
}
# Copyleft by the file: their own files stay open, and they are used as they are.
ALLOWED_UNCHANGED = {"MPL-2.0"}
# Crates that state their licence in a file: looked at by a person.
STATED_IN_A_FILE = {"u8g2-fonts": "(MIT OR Apache-2.0) AND HPND"}  # the fonts: LICENSE-FONTS


def licence(package):
    return package["license"] or STATED_IN_A_FILE.get(package["name"]) or "NOASSERTION"


def allowed(expression):
    """Whether an SPDX expression can be met: any side of an OR, all sides of an AND."""
    expression = expression.replace("/", " OR ")
    while True:
        inner = re.search(r"\(([^()]*)\)", expression)
        if not inner:
            break
        expression = expression.replace(inner[0], "MIT" if allowed(inner[1]) else "refused")
    either = [side.strip() for side in expression.split(" OR ")]
    if len(either) > 1:
        return any(allowed(side) for side in either)
    every = [side.strip() for side in expression.split(" AND ")]
    return all(side in ALLOWED | ALLOWED_UNCHANGED for side in every)


def linked(metadata):
    """The packages that the program is linked from."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    root = metadata["resolve"]["root"]
    wanted, seen = [root], set()
    while wanted:
        package = wanted.pop()
        if package in seen:
            continue
        seen.add(package)
        for dependency in nodes[package]["deps"]:
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                wanted.append(dependency["pkg"])
    return sorted((p for p in metadata["packages"] if p["id"] in seen), key=lambda p: (p["name"], p["version"]))


def sbom(packages):
    components = [
        {
            "type": "library",
            "name": p["name"],
            "version": p["version"],
            "purl": f"pkg:cargo/{p['name']}@{p['version']}",
            "licenses": [{"expression": licence(p).replace("/", " OR ")}],
        }
        for p in packages
    ]
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": components}


def main():
    text = subprocess.run(
        ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", "aarch64-unknown-linux-gnu"],
        check=True, stdout=subprocess.PIPE).stdout
    packages = linked(json.loads(text))
    if sys.argv[1:] == ["--sbom"]:
        print(json.dumps(sbom(packages), indent=1))
        return 0
    refused = [p for p in packages if not allowed(licence(p))]
    for p in packages:
        print(f"{p['name']:28} {p['version']:12} {licence(p)}{'  REFUSED' if p in refused else ''}")
    print(f"{len(packages)} crates, {len(refused)} with a licence that is not allowed")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
