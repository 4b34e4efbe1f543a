#!/usr/bin/env bash
# Makes this folder ready to run ("runtime") or to develop and test ("dev"), and asks nothing.
#
# System packages come through apt where it exists, and only those that are missing; Python packages are locked and
# hash-checked (requirements/*.txt) and go to .venv; so are the few npm packages that tests measure against
# (tests/javascript). What was done is remembered there under a hash of the lock, so that a second run takes a moment.
# Details of a failure: .venv/setup.log.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

what=${1:-dev}
case $what in
  runtime) disk_needed_mb=700 ;;
  dev) disk_needed_mb=1200 ;;
  *)
    echo "usage: scripts/setup.sh runtime|dev" >&2
    exit 2
    ;;
esac
log=.venv/setup.log

say() { printf '→ %s\n' "$*"; }
fail() {
  printf '✗ %s\n' "$*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# --- what is already done -------------------------------------------------------------------------------------------

lock_key() { cat "requirements/build.txt" "requirements/$1.txt" pyproject.toml scripts/setup.sh | sha256sum | cut -d' ' -f1; }
is_done() { [[ -x .venv/bin/python && -f .venv/done-$1 && $(<".venv/done-$1") == "$(lock_key "$1")" ]]; }

# dev holds everything that runtime needs, in the same versions
is_prepared() { is_done "$what" || { [[ $what == runtime ]] && is_done dev; }; }

# the mark is written when npm has finished; a folder that it left half way has none
npm_lock_key() { cat tests/javascript/package.json tests/javascript/package-lock.json scripts/setup.sh | sha256sum | cut -d' ' -f1; }
has_npm_packages() {
  local done_mark=tests/javascript/node_modules/.done
  [[ -f $done_mark && $(<"$done_mark") == "$(npm_lock_key)" ]]
}

# --- system packages ------------------------------------------------------------------------------------------------

find_python() {
  local candidate
  for candidate in python3.13 python3.12 python3.11 python3; do
    if have "$candidate" && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      "$candidate" -c 'import sys; print(sys.executable)'
      return
    fi
  done
  return 1
}

# the first of the given packages that apt could install, or nothing
available() {
  local package shown
  for package in "$@"; do
    shown=$(apt-cache show --no-all-versions "$package" 2>/dev/null) || continue # read whole: a pipe cut short is an error
    if [[ $'\n'$shown == *$'\nFilename:'* ]]; then
      echo "$package"
      return
    fi
  done
}

# "command-or-file-or-font  alternative packages …", one requirement a line
requirements() {
  if ! is_prepared; then # only to compile python-ldap, which exists as source alone
    echo "cc gcc"
    echo "/usr/include/ldap.h libldap-dev libldap2-dev"
    echo "/usr/include/sasl/sasl.h libsasl2-dev"
    python_requirements
  fi
  echo "xmlsec1 xmlsec1"
  echo "lib:libmagic.so.1 libmagic1 libmagic1t64"
  echo "font:DejaVuSans fonts-dejavu-core" # of documents that are printed
  [[ $what == runtime ]] && return
  echo "/usr/sbin/slapd slapd"
  echo "ldapsearch ldap-utils"
  echo "prometheus prometheus"
  echo "/usr/bin/prometheus-alertmanager prometheus-alertmanager"
  is_ubuntu || have_browser || echo "chromium chromium"
  echo "font:NotoColorEmoji fonts-noto-color-emoji"
  echo "font:Inter fonts-inter fonts-dejavu-core"
  has_npm_packages || printf '%s\n' "node nodejs" "npm npm"
}

python_requirements() {
  local python version
  if ! python=$(find_python); then
    echo "missing:python python3.13 python3.12 python3.11"
    return
  fi
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  "$python" -c 'import ensurepip, venv' 2>/dev/null || echo "missing:venv python$version-venv python3-venv"
  "$python" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' ||
    echo "missing:headers python$version-dev python3-dev"
}

is_ubuntu() { grep -qs '^ID=ubuntu' /etc/os-release; } # its chromium package is a snap, which needs a running snapd
have_browser() { have chromium || have chromium-browser || have google-chrome || [[ -x .venv/bin/chromium ]]; }
has_recent_node() { node -e 'process.exit(process.versions.node.split(".")[0] < 18 ? 1 : 0)' 2>/dev/null; }
have_font() { find /usr/share/fonts /usr/local/share/fonts ~/.local/share/fonts -name "$1*" -print -quit 2>/dev/null | grep -q .; }

have_library() { find /usr/lib /usr/local/lib /lib -name "$1" -print -quit 2>/dev/null | grep -q .; }

is_present() {
  case $1 in
    missing:*) return 1 ;;
    lib:*) have_library "${1#lib:}" ;;
    font:*) have_font "${1#font:}" ;;
    /*) [[ -e $1 ]] ;;
    *) have "$1" ;;
  esac
}

missing_requirements() {
  local probe packages
  while read -r probe packages; do
    is_present "$probe" || echo "$packages"
  done < <(requirements)
}

as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif have sudo && { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; then
    sudo "$@"
  else
    return 126
  fi
}

install_system_packages() {
  local line choice packages=()
  mapfile -t lines < <(missing_requirements)
  ((${#lines[@]})) || return 0
  have apt-get || fail "These are missing and this is not Debian or Ubuntu; install what corresponds: ${lines[*]}"
  as_root true || fail "Needs root once. Run: sudo apt-get install -y --no-install-recommends ${lines[*]%% *}"
  say "System packages are missing; reading the package lists"
  as_root apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 update >/dev/null 2>>"$log" || true # a stale list may still do
  for line in "${lines[@]}"; do
    read -ra alternatives <<<"$line"
    choice=$(available "${alternatives[@]}")
    [[ -n $choice ]] || fail "apt offers none of: ${alternatives[*]}. Is the machine online (apt-get update)?"
    packages+=("$choice")
    # a Python found by apt brings neither its venv module nor its headers along
    [[ $choice =~ ^python3\.[0-9]+$ ]] && packages+=("$choice-venv" "$choice-dev")
  done
  say "Installing ${packages[*]}"
  # our tests run their own slapd: the system one stays unconfigured, so that it does not start
  if [[ " ${packages[*]} " == *" slapd "* ]] && have debconf-set-selections; then
    echo 'slapd slapd/no_configuration boolean true' | as_root debconf-set-selections
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 \
    -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 install "${packages[@]}" >>"$log" 2>&1 || {
    tail -n 15 "$log" >&2
    fail "apt-get could not install: ${packages[*]}"
  }
  # the same of Prometheus and Alertmanager, whose packages start what they bring
  if [[ -d /run/systemd/system ]]; then
    for line in prometheus prometheus-alertmanager; do
      [[ " ${packages[*]} " != *" $line "* ]] || as_root systemctl disable --now "$line" >>"$log" 2>&1 || true
    done
  fi
}

# --- Python packages ------------------------------------------------------------------------------------------------

make_venv() {
  local python
  if [[ -x .venv/bin/python ]] && .venv/bin/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    return
  fi
  python=$(find_python) || fail "Python 3.11 or later is needed, and apt offers none here."
  say "Making .venv with $("$python" --version)"
  rm -rf .venv/bin .venv/include .venv/lib .venv/lib64 .venv/pyvenv.cfg .venv/done-*
  "$python" -m venv .venv >>"$log" 2>&1 || fail "python -m venv failed; see $log"
}

# pip's chatter goes to the log; a person sees how far it is
pip_install() {
  local count=0 total=$1 line
  shift
  .venv/bin/python -m pip install --disable-pip-version-check --no-input --no-build-isolation "$@" 2>&1 |
    while IFS= read -r line; do
      printf '%s\n' "$line" >>"$log"
      [[ $line == Collecting\ * ]] || continue
      count=$((count + 1))
      if [[ -t 1 ]]; then
        printf '\r\033[K  %d of %d: %s' "$count" "$total" "${line#Collecting }"
      elif ((count % 25 == 0)); then
        printf '  %d of %d\n' "$count" "$total"
      fi
    done || {
    tail -n 20 "$log" >&2
    fail "pip could not install the Python packages; all of its words: $log"
  }
  [[ ! -t 1 ]] || printf '\r\033[K'
}

install_python_packages() {
  local lock=requirements/$what.txt total
  total=$(grep -c '==' "$lock")
  say "Installing $total locked Python packages"
  pip_install "$(grep -c '==' requirements/build.txt)" --require-hashes -r requirements/build.txt
  pip_install "$total" --require-hashes -r "$lock"
  pip_install 1 --no-deps --no-index --editable .
  lock_key "$what" >".venv/done-$what"
}

# Ubuntu has no browser package that works everywhere; Playwright's own build does
install_browser() {
  [[ $what == dev ]] && is_ubuntu && ! have_browser || return 0
  say "Installing Chromium for the browser tests"
  as_root .venv/bin/playwright install-deps chromium >>"$log" 2>&1 || fail "Chromium's libraries could not be installed; see $log"
  .venv/bin/playwright install chromium >>"$log" 2>&1 || fail "Chromium could not be installed; see $log"
  ln -sf "$(.venv/bin/python -c 'from playwright.sync_api import sync_playwright as p
with p() as browsers: print(browsers.chromium.executable_path)')" .venv/bin/chromium
}

# what the browser tests show Teams' cards with, and a chat to try them in; nothing of it runs in the product
install_npm_packages() {
  [[ $what == dev ]] && ! has_npm_packages || return 0
  if ! has_recent_node; then # some releases offer none; all other tests run
    say "Node.js 18 or later is not here (only $(node --version)): the browser tests of Teams' cards are skipped"
    return
  fi
  say "Installing $(grep -c '"integrity"' tests/javascript/package-lock.json) locked npm packages"
  # no package may run anything of its own while it is installed
  (cd tests/javascript && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=warn) >>"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    fail "npm could not install the packages of tests/javascript; all of its words: $log"
  }
  npm_lock_key >tests/javascript/node_modules/.done
}

check_disk() {
  local free_mb
  free_mb=$(df -Pm . | awk 'NR == 2 {print $4}')
  ((free_mb >= disk_needed_mb)) || fail "Only $free_mb MB are free here; $disk_needed_mb MB are needed."
}

# --------------------------------------------------------------------------------------------------------------------

mkdir -p .venv || fail "This folder cannot be written to."
if have flock; then # two makes at once: the second waits and finds everything done
  exec 9>.venv/setup.lock
  flock 9
fi

started=$SECONDS
if ! is_prepared; then
  : >"$log"
  check_disk
fi
install_system_packages
if ! is_prepared; then
  make_venv
  install_python_packages
fi
install_browser
install_npm_packages
((SECONDS - started < 2)) || say "Ready after $((SECONDS - started)) s"
