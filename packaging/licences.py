#!/usr/bin/env python3
"""Every crate in the program, with version and licence, from cargo metadata; fails on a licence that deny.toml lacks.

    packaging/licences.py           a table, and exit code 1 where a licence is not on the list
    packaging/licences.py --sbom    the same as CycloneDX 1.5 (JSON)

Crates for tests and builds alone are left out of both. Works offline once the crates are there.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

TARGET = "aarch64-unknown-linux-gnu"
DENY = Path(__file__).parent.parent / "deny.toml"
ALLOWED = set(tomllib.loads(DENY.read_text())["licenses"]["allow"])


def licence(package):
    return package["license"] or "NOASSERTION"


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
    return all(side in ALLOWED for side in every)


def cargo(*words):
    return subprocess.run(["cargo", *words], check=True, stdout=subprocess.PIPE, text=True).stdout


def linked():
    """The packages that the program is linked from; metadata alone would also tell what features of tests bring."""
    tree = cargo("tree", "--locked", "-e", "normal", "--target", TARGET, "--prefix", "none", "--format", "{p}")
    names = {tuple(line.split()[:2]) for line in tree.splitlines()}
    metadata = json.loads(cargo("metadata", "--locked", "--format-version", "1", "--filter-platform", TARGET))
    packages = [p for p in metadata["packages"] if (p["name"], "v" + p["version"]) in names]
    assert len(packages) == len(names), "cargo tree and cargo metadata disagree"
    return sorted(packages, key=lambda p: (p["name"], p["version"]))


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
    packages = linked()
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
