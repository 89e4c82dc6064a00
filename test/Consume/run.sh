#!/usr/bin/env bash
# Installs a build and uses it from outside; see --help.
set -euo pipefail

if [[ "${1:-}" == --help || "${1:-}" == -h || $# -ne 1 ]]; then
  cat <<'EOF'
usage: test/Consume/run.sh BUILD_FOLDER

Installs the build to a temporary folder, moves that folder, and from there: runs
mx-opt, gives the installed .td files to mlir-tblgen, builds and runs a project that
uses MX::Support, one that uses component Numerics without MLIR, and one in C that uses
component C.
EOF
  [[ $# -ne 1 ]] && exit 2
  exit 0
fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# Runs a command whose output must hold a text.
expect() { # name text command...
  local name=$1 text=$2
  shift 2
  if "$@" >"$work/log" 2>&1 && grep -qF -- "$text" "$work/log"; then
    echo "ok: $name"
    passed=$((passed + 1))
  else
    echo "FAILED: $name (expected '$text' from: $*)"
    cat "$work/log"
    failed=$((failed + 1))
  fi
}

cache() {
  sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"
}

# The consumer is built like the libraries: sanitizers must agree.
build_consumer() { # folder
  cmake -S "$here/$1" -B "$work/$1" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_PREFIX_PATH="$work/moved" -DCMAKE_CXX_COMPILER="$(cache CMAKE_CXX_COMPILER)" \
    -DCMAKE_C_COMPILER="$(cache CMAKE_C_COMPILER)" &&
    cmake --build "$work/$1"
}

expect "install" "Installing" cmake --install "$build" --prefix "$work/first"
# Whatever a config file says of the first place is wrong from here on.
mv "$work/first" "$work/moved"
mlir=$(cd "$(cache MLIR_DIR)/../../.." && pwd)

input="$here/passes/input.mlir"
expect "the installed mx-opt" dequantize_emulated "$work/moved/bin/mx-opt" \
  --mx-select-kernels "$input"
expect "the installed .td files" MatmulOp "$mlir/bin/mlir-tblgen" -gen-op-decls \
  -I "$work/moved/include" -I "$mlir/include" \
  "$work/moved/include/mx/Dialect/MX/IR/MX.td"
expect "configure and build passes" "Linking" build_consumer passes
expect "run passes" dequantize_emulated "$work/passes/consume" "$input"
expect "configure and build numerics" "Linking" build_consumer numerics
expect "run numerics" "0 0.5 1 1.5 2 3 4 6" "$work/numerics/consume"
expect "configure and build embed" "Linking" build_consumer embed
expect "run embed" "93 93" "$work/embed/embed"

echo "$passed passed, $failed failed, 0 skipped"
[[ $failed -eq 0 ]]
