#!/usr/bin/env bash
# The crates that the program is made of, held to deny.toml; then their list: packaging/deny.sh
#
# Licences, sources, two versions of one crate and withdrawn versions are looked at always. Known vulnerabilities take
# RustSec's database: where it cannot be fetched, that is said. Before all that, each check is shown to fail on what it
# is for. The list is written to $CARGO_TARGET_DIR/raymap.cdx.json and compared with what cargo links.
# Installs cargo-deny itself where it is missing. Needs Rust, a C compiler, Git, and crates.io.
set -euo pipefail
cd "$(dirname "$0")/.."

CARGO_DENY=0.20.2
# Longer than a clone of some ten thousand small files takes on a slow line.
DATABASE_S_MAX=120
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
tools="$CARGO_TARGET_DIR/tools"
mkdir -p "$tools"
export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
# Its own build folder is thrown away: nothing else is built from the same crates. Not optimised: that takes half
# the time, and the checks take seconds either way.
[ "$("$tools/bin/cargo-deny" --version 2>/dev/null)" = "cargo-deny $CARGO_DENY" ] ||
  env -u CARGO_TARGET_DIR CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --locked --force --debug --version "$CARGO_DENY" \
    --root "$tools" cargo-deny
deny() { "$tools/bin/cargo-deny" --locked "$@"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A database of one invented fault, in the crate $1, mended in version $2.
database() {
  rm -rf "$work/database"
  mkdir -p "$work/database/crates/$1"
  cat > "$work/database/crates/$1/RUSTSEC-2000-0001.md" <<FAULT
\`\`\`toml
[advisory]
id = "RUSTSEC-2000-0001"
package = "$1"
date = "2000-01-01"
[versions]
patched = ["$2"]
\`\`\`

# Invented, to see whether it is found
FAULT
  local git=(git -C "$work/database" -c user.name=none -c user.email=none@invalid)
  "${git[@]}" init -q -b main
  "${git[@]}" add -A
  "${git[@]}" commit -q -m "One fault"
}
# cargo-deny takes no path as a database's address; Git does.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.file://$work/.insteadOf" GIT_CONFIG_VALUE_0="https://control.invalid/"
# deny.toml with the changes of a sed script $1, and with that database.
changed() {
  sed "$1" deny.toml > "$work/deny.toml"
  sed -i "s|^\[advisories\]\$|&\ndb-path = \"$work/fetched\"\ndb-urls = [\"https://control.invalid/database\"]|" "$work/deny.toml"
  rm -rf "$work/fetched"
}
# CHECK CODE: fails with that code of cargo-deny.
fails() {
  if deny --config "$work/deny.toml" check "$1" > "$work/said" 2>&1 || ! grep -q "^error\[$2\]" "$work/said"; then
    cat "$work/said"
    echo "the control for $1 is not refused with $2" >&2
    exit 1
  fi
}

database log ">= 99.0.0"
changed '/^    "MIT",$/d' && fails licenses rejected
changed '/bitflags@1/d' && fails bans duplicate
changed 's/^unknown-registry.*/&\nallow-registry = []/' && fails sources source-not-allowed
changed '' && fails advisories vulnerability
echo "controls: a licence, a second version, a source and a vulnerability are each refused"

deny check licenses bans sources
# Versions that were withdrawn from crates.io, by a database that names nothing that is used here.
database log "< 99.0.0"
changed ''
deny --config "$work/deny.toml" check advisories
if timeout "$DATABASE_S_MAX" "$tools/bin/cargo-deny" fetch db 2> "$work/said"; then
  deny check advisories
else
  cat "$work/said"
  echo "skipped: known vulnerabilities: RustSec's database cannot be fetched"
fi

sbom="$CARGO_TARGET_DIR/raymap.cdx.json"
packaging/licences.py | tail -1
packaging/licences.py --sbom > "$sbom"
cargo tree --locked -e normal --target aarch64-unknown-linux-gnu --prefix none --format '{p}' |
  sed -E 's/^(\S+) v(\S+).*/\1 \2/' | sort -u > "$work/linked"
python3 -c 'import json, sys
for c in json.load(open(sys.argv[1]))["components"]: print(c["name"], c["version"])' "$sbom" | sort -u > "$work/listed"
diff "$work/linked" "$work/listed" || { echo "$sbom does not list what is linked" >&2; exit 1; }
echo "$sbom: $(wc -l < "$work/listed") crates, those that cargo links"
