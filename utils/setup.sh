#!/usr/bin/env bash
# Installs what is missing to build, test and run mx; see --help.
set -euo pipefail

usage() {
  cat <<'EOF'
usage: utils/setup.sh [--list] [--asan] [--docs] [--help]

Installs the packages that mx needs and that are not there yet, as root or with
sudo. Does nothing, quickly, when all are there. Knows Debian 12 and 13 (their own
packages of LLVM 22) and Ubuntu 24.04 (LLVM's package source is added, signed by
LLVM's key). This is the only script of the project that uses the network.

  --list   only print what is missing
  --asan   also the run-time library for the `asan` preset
  --docs   also MkDocs, which builds the documentation as a site
EOF
}

packages=(
  cmake ninja-build ccache clang-22 lld-22 clang-format-22  # build tools
  llvm-22-dev libmlir-22-dev mlir-22-tools llvm-22-tools         # LLVM, MLIR, FileCheck, lit
  libeigen3-dev libomp-22-dev               # linear algebra of GPTQ; threads of programs
  libgtest-dev libgmock-dev libbenchmark-dev                     # tests, benchmarks
  python3-numpy python3-pytest python3-dev pybind11-dev          # the Python package,
  python3-venv python3-setuptools python3-wheel                  # its installation
  gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user          # programs of other processors
)
list_only=0
for argument in "$@"; do
  case "$argument" in
    --list) list_only=1 ;;
    --asan) packages+=(libclang-rt-22-dev) ;;
    --docs) packages+=(mkdocs) ;;
    --help | -h) usage; exit 0 ;;
    *) echo "setup.sh: unknown option '$argument'" >&2; usage >&2; exit 2 ;;
  esac
done

is_installed() {
  [[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

# Sets `missing` to those of the arguments that are not installed.
find_missing() {
  missing=()
  local package
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
}

as_root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  else
    sudo "$@"
  fi
}

install_packages() {
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "$@"
}

# Ubuntu 24.04 has no LLVM 22 of its own.
add_llvm_source() {
  local key=/etc/apt/keyrings/llvm-snapshot.asc
  local list=/etc/apt/sources.list.d/llvm-22.list
  local fingerprint=6084F3CF814B57C1CF12EFD515CF4D18AF4F7421
  local download
  echo "setup: adding LLVM's package source ($list, key $key)"
  find_missing ca-certificates wget gpg
  if [[ ${#missing[@]} -gt 0 ]]; then
    install_packages "${missing[@]}"
  fi
  download=$(mktemp)
  wget -qO "$download" https://apt.llvm.org/llvm-snapshot.gpg.key
  if ! gpg --show-keys --with-colons "$download" 2>/dev/null | grep -q "^fpr:.*:$fingerprint:"; then
    rm -f "$download"
    echo "setup.sh: expected LLVM's key $fingerprint, got another one" >&2
    exit 1
  fi
  as_root install -D -m 644 "$download" "$key"
  rm -f "$download"
  echo "deb [signed-by=$key] https://apt.llvm.org/noble/ llvm-toolchain-noble-22 main" |
    as_root tee "$list" >/dev/null
}

if ! command -v dpkg-query >/dev/null; then
  echo "setup.sh: expected Debian or Ubuntu; elsewhere install CMake 3.22, Ninja, LLVM and" \
    "MLIR 22.1 with their tools, GoogleTest and Python 3.9 by hand" >&2
  exit 1
fi
find_missing "${packages[@]}"
if [[ ${#missing[@]} -eq 0 ]]; then
  echo "setup: nothing to install"
  exit 0
fi
echo "setup: missing: ${missing[*]}"
if [[ $list_only -eq 1 ]]; then exit 0; fi
if [[ $(id -u) -ne 0 ]] && ! command -v sudo >/dev/null; then
  echo "setup.sh: expected to be root or to find sudo; as root: apt-get install ${missing[*]}" >&2
  exit 1
fi

as_root apt-get update -q
if ! apt-cache show libmlir-22-dev >/dev/null 2>&1; then
  system=$(. /etc/os-release && echo "$ID $VERSION_ID")
  if [[ "$system" != "ubuntu 24.04" ]]; then
    echo "setup.sh: expected package libmlir-22-dev in this system's sources, got none ($system);" \
      "Debian 12 and 13 have it in their security and updates sources" >&2
    exit 1
  fi
  add_llvm_source
  as_root apt-get update -q
fi
find_missing "${packages[@]}"
install_packages "${missing[@]}"
echo "setup: installed ${missing[*]}"
