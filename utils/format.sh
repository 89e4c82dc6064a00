#!/usr/bin/env bash
# Checks or corrects the formatting of C++ sources; see --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
  cat <<'EOF'
usage: utils/format.sh [--fix] [--all] [--help]

Checks that C++ files are formatted as clang-format 22 does it with .clang-format.
By default those that differ from the last commit; exits 1 if one is not.

  --fix   format the files in place
  --all   every file of the project
EOF
}

fix=0 all=0
for argument in "$@"; do
  case "$argument" in
    --fix) fix=1 ;;
    --all) all=1 ;;
    --help | -h) usage; exit 0 ;;
    *) echo "format.sh: unknown option '$argument'" >&2; usage >&2; exit 2 ;;
  esac
done

# Other versions format differently, so none is accepted.
for candidate in clang-format-22 /usr/lib/llvm-22/bin/clang-format clang-format; do
  if command -v "$candidate" >/dev/null && "$candidate" --version | grep -q 'version 22\.'; then
    formatter=$candidate
    break
  fi
done
if [[ -z "${formatter:-}" ]]; then
  echo "format.sh: expected clang-format 22, got none (package clang-format-22)" >&2
  exit 1
fi

if [[ $all -eq 1 ]] || ! git rev-parse --verify -q HEAD >/dev/null 2>&1; then
  mapfile -d '' files < <(find bench cmake include lib python test tools -name build -prune -o \
    \( -name '*.cpp' -o -name '*.h' \) -print0 | sort -z)
else
  mapfile -d '' files < <({
    git diff -z --name-only --diff-filter=d HEAD
    git ls-files -z --others --exclude-standard
  } | grep -zE '\.(cpp|h)$' | sort -zu || true)
fi
if [[ ${#files[@]} -eq 0 ]]; then
  echo "format: nothing to do"
  exit 0
fi
if [[ $fix -eq 1 ]]; then
  "$formatter" -i "${files[@]}"
  echo "format: formatted ${#files[@]} files"
else
  "$formatter" --dry-run --Werror "${files[@]}"
  echo "format: ${#files[@]} files are formatted"
fi
