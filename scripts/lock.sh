#!/usr/bin/env bash
# Resolves pyproject.toml into requirements/*.txt: every version pinned, every file hashed, for Python 3.11 and later on
# any platform, and without any address, so that whoever installs decides where packages come from.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

command -v uv >/dev/null || {
  echo "make lock needs uv: pip install uv" >&2
  exit 1
}

compile() {
  local output=requirements/$1.txt
  shift
  echo "→ $output"
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
    --no-emit-find-links --output-file "$output" "$@" >/dev/null
}

extra=("$@")
compile runtime "${extra[@]}" pyproject.toml
compile build "${extra[@]}" --constraints requirements/runtime.txt --group build
compile dev "${extra[@]}" --constraints requirements/runtime.txt --constraints requirements/build.txt --group dev pyproject.toml

if grep -nE '://|^-' requirements/*.txt; then
  echo "A lock file names an address or an option (above)." >&2
  exit 1
fi
