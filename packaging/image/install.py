#!/usr/bin/env python3
"""Lays a program out as the Debian package would: install.py PROGRAM ROOT, after `assets` in Cargo.toml."""
import glob
import shutil
import sys
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PROGRAM = "target/release/raymap"


def main(program, root):
    manifest = tomllib.loads((REPOSITORY / "Cargo.toml").read_text())
    for source, target, mode in manifest["package"]["metadata"]["deb"]["assets"]:
        if source == PROGRAM:
            install(Path(program), place(root, target, "raymap"), mode)
            continue
        # What a pattern leaves open is kept below the target; a file without one keeps its name.
        base = source.split("*")[0].rpartition("/")[0] if "*" in source else str(Path(source).parent)
        for path in glob.glob(source, root_dir=REPOSITORY, recursive=True):
            if (REPOSITORY / path).is_file():
                install(REPOSITORY / path, place(root, target, Path(path).relative_to(base)), mode)


def place(root, target, name):
    return Path(root) / target / name if target.endswith("/") else Path(root) / target


def install(source, target, mode):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(int(mode, 8))


if __name__ == "__main__":
    main(*sys.argv[1:])
