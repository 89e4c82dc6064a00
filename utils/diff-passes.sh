#!/usr/bin/env bash
# Shows what each pass changed; see --help.
set -euo pipefail

usage() {
  cat <<'EOF'
usage: utils/diff-passes.sh FILE.mlir [--build DIR] [-- mx-opt options]

Runs mx-opt (by default with --mx-pipeline) and prints, for each pass that changed
the module, a unified diff of the IR before and after it. The dumps stay in a folder
whose name is printed last.

  utils/diff-passes.sh test/Walkthrough/01-source.mlir
  utils/diff-passes.sh in.mlir -- --mx-pipeline='stop-after=pack'
EOF
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build="$here/build"
input=""
options=()
while [[ $# -gt 0 ]]; do
  case "$1" in
    --help | -h) usage; exit 0 ;;
    --build) build=$2; shift ;;
    --) shift; options=("$@"); break ;;
    *) input=$1 ;;
  esac
  shift
done
if [[ ! -f "$input" ]]; then
  echo "diff-passes.sh: expected a file of IR, got '$input'" >&2
  usage >&2
  exit 2
fi
if [[ ${#options[@]} -eq 0 ]]; then
  options=(--mx-pipeline)
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/diff-passes.XXXXXX")
# A failing pass still leaves the IR of those before it.
status=0
"$build/bin/mx-opt" "$input" "${options[@]}" -o "$folder/result.mlir" \
  --mlir-disable-threading --mlir-print-ir-after-all --mlir-print-ir-module-scope \
  --mlir-elide-elementsattrs-if-larger=32 2>"$folder/log" || status=$?

"$build/bin/mx-opt" "$input" --mlir-elide-elementsattrs-if-larger=32 -o "$folder/000-source.mlir"
awk -v folder="$folder" '
  /^\/\/ -----\/\/ IR Dump / {
    count++
    name = $6
    gsub(/[^A-Za-z0-9]/, "", name)
    file = sprintf("%s/%03d-%s.mlir", folder, count, name)
    next
  }
  file { print > file }' "$folder/log"

previous=""
for file in "$folder"/[0-9]*.mlir; do
  if [[ -n "$previous" ]] && ! diff -qB "$previous" "$file" >/dev/null; then
    echo "==== $(basename "$file" .mlir)"
    diff -uB "$previous" "$file" | tail -n +3 || true
  fi
  previous=$file
done
if [[ $status -ne 0 ]]; then
  grep -E '(error|note): ' "$folder/log" >&2 || true
fi
echo "==== dumps: $folder"
exit "$status"
