# Sourced: makes the project's own virtual environment, once per Python and pyproject.toml.

fail() { echo "$(basename "$0"): $1" >&2; exit 1; }

find_python() {
  for candidate in python3.13 python3.12 python3.11 python3; do
    if command -v "$candidate" >/dev/null &&
      "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

# prepare ROOT EXTRAS: installs ROOT with EXTRAS into ROOT/.venv unless that stands already.
prepare() {
  local root=$1 extras=$2 stamp
  stamp="$extras $(cksum <"$root/pyproject.toml")"
  if ! ready "$root" "$stamp"; then install "$root" "$extras" "$stamp"; fi
}

ready() {
  [ -x "$1/.venv/bin/python" ] && grep -qxF "$2" "$1/.venv/.stamps" 2>/dev/null
}

install() {
  local root=$1 extras=$2 stamp=$3 venv=$1/.venv python
  python=$(find_python) || fail "Python 3.11 or newer is needed and was not found on PATH."
  exec 9>"$root/.venv.lock"
  if command -v flock >/dev/null; then flock 9; fi
  if ready "$root" "$stamp"; then return; fi
  echo "Installing into $venv (once) …" >&2
  if ! "$venv/bin/python" -c '' 2>/dev/null; then
    rm -rf "$venv"
    "$python" -m venv "$venv" ||
      fail "The virtual environment can't be made; on Debian install python3-venv."
  fi
  "$venv/bin/python" -m pip install -qq --disable-pip-version-check -e "$root[$extras]" >&2 ||
    fail "The packages can't be installed; see above."
  echo "$stamp" >>"$venv/.stamps"
  exec 9>&-
}
