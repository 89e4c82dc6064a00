#!/usr/bin/env bash
# Configures build/ with the best preset this machine has; see --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ "${1:-}" == --help || "${1:-}" == -h ]]; then
  cat <<'EOF'
usage: utils/configure.sh [cmake options]

Runs cmake with preset `dev` if clang 22 is there (quick builds), else with `release`
(whatever compiler the system offers).
EOF
  exit 0
fi

preset=release
if command -v clang++-22 >/dev/null; then
  preset=dev
fi
echo "configure: preset $preset"
exec cmake --preset "$preset" "$@"
