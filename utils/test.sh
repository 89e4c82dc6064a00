#!/usr/bin/env bash
# Sets up, builds and runs every test; see --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
  cat <<'EOF'
usage: utils/test.sh [--no-setup] [--help]

Installs what is missing (utils/setup.sh), configures, builds everything and runs
every test. Prints what ran and what was skipped; the last line is
`N passed, N failed, N skipped`, and the exit status is 0 only if nothing failed.
The output of each step is in build/logs. With CI set in the environment, that of
a failed step is printed in full.

  --no-setup   install nothing
EOF
}

setup=1
for argument in "$@"; do
  case "$argument" in
    --no-setup) setup=0 ;;
    --help | -h) usage; exit 0 ;;
    *) echo "test.sh: unknown option '$argument'" >&2; usage >&2; exit 2 ;;
  esac
done

logs=build/logs
mkdir -p "$logs"
passed=0 failed=0 skipped=0 broken=0
table=()

# Prints "passed failed skipped" of a log: the last line of our own scripts, lit's
# summary or unittest's. A step that counts nothing is one test.
read_counts() { # log status
  awk -v status="$2" '
    function count(line) { sub(/^[^:]*: */, "", line); counted = 1; return line + 0 }
    /^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { counted = 1; p += $1; f += $3; s += $5 }
    /^  (Passed|Expectedly Failed) *: / { p += count($0) }
    /^  (Failed|Unresolved|Timed Out|Unexpectedly Passed) *: / { f += count($0) }
    /^  (Unsupported|Skipped|Excluded) *: / { s += count($0) }
    /^Ran [0-9]+ tests? in / { counted = 1; p = $2 }
    END {
      if (!counted) p = status == 0
      if (status != 0 && f == 0) f = 1
      print p + 0, f + 0, s + 0
    }' "$1"
}

report() { # name result seconds passed failed skipped
  passed=$((passed + $4)) failed=$((failed + $5)) skipped=$((skipped + $6))
  table+=("$(printf '%-22s %-8s %5s s %7s %7s %7s' "$@")")
}

# step NAME COMMAND...: runs a command, unless the build is broken; says in
# `status` how it went.
step() {
  local name=$1 log="$logs/${1// /-}.log" start=$SECONDS counts
  shift
  if [[ $broken -eq 1 ]]; then
    report "$name" skipped 0 0 0 1
    return
  fi
  echo "== $name"
  status=0
  "$@" >"$log" 2>&1 || status=$?
  read -ra counts <<<"$(read_counts "$log" "$status")"
  if [[ $status -eq 0 ]]; then
    report "$name" ok $((SECONDS - start)) "${counts[@]}"
    return
  fi
  report "$name" FAILED $((SECONDS - start)) "${counts[@]}"
  if [[ -n "${CI:-}" ]]; then cat "$log"; else tail -n 60 "$log"; fi
}

if [[ $setup -eq 1 ]]; then
  utils/setup.sh
fi

step "tree" python3 utils/check-tree.py
step "clauses" python3 utils/check-clauses.py
step "diagnostics" python3 utils/check-diagnostics.py
step "format" utils/format.sh --all
step "configure" utils/configure.sh -DMX_BUILD_TESTS=ON
broken=$((status != 0))
step "build" cmake --build build
broken=$((broken || status != 0))
step "lit and unit" cmake --build build --target check-mx
step "reference" cmake --build build --target check-mx-reference
step "reference itself" python3 -m unittest discover -s test/reference -p 'test_*.py'
step "python" cmake --build build --target check-mx-python
step "python package" python3 test/Python/install.py build
step "documentation" cmake --build build --target check-mx-docs
step "documentation site" python3 utils/doc-site.py
step "install and consume" test/Consume/run.sh build

printf '\n%-22s %-8s %7s %7s %7s %7s\n' step result time passed failed skipped
printf '%s\n' "${table[@]}"
echo
echo "$passed passed, $failed failed, $skipped skipped"
[[ $failed -eq 0 ]]
