#!/usr/bin/env bash
# Sets up, builds the tools and runs the demonstration; see --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ "${1:-}" == --help || "${1:-}" == -h ]]; then
  cat <<'EOF'
usage: utils/demo.sh [options of demo/run_demo.py]

Installs what is missing (utils/setup.sh), builds mx-compile and mx-run in build/,
and runs one gpt-oss expert block from IR to checked numbers.
EOF
  exit 0
fi

utils/setup.sh
utils/configure.sh
cmake --build build --target mx-compile mx-run
# A python3 that comes before the system's in PATH may not have numpy.
python=python3
if ! "$python" -c 'import numpy' 2>/dev/null; then
  python=/usr/bin/python3
fi
exec "$python" demo/run_demo.py --build build "$@"
