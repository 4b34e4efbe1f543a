#!/usr/bin/env bash
# Format, lint, types, imports, the chain of migrations. Runs all of them and says at the end which failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

failed=()
run() {
  local title=$1 output
  shift
  if output=$("$@" 2>&1); then
    printf '✓ %s\n' "$title"
  else
    printf '%s\n✗ %s\n' "$output" "$title"
    failed+=("$title")
  fi
}

run format .venv/bin/ruff format --check .
run lint .venv/bin/ruff check .
run types .venv/bin/mypy
run imports .venv/bin/lint-imports
run migrations .venv/bin/python -c '
from alembic.script import ScriptDirectory
from core.db.migrate import alembic_config
ScriptDirectory.from_config(alembic_config()).get_current_head()  # raises where two follow the same one'

if ((${#failed[@]})); then
  printf 'Failed: %s\n' "${failed[*]}" >&2
  exit 1
fi
