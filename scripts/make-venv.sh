#!/bin/sh
# Makes a virtual environment: make-venv.sh PYTHON FOLDER
# Debian has the module that `python3 -m venv` needs in a separate package, which may have to be installed first.
set -eu
python=$1
folder=$2

if ! command -v "$python" >/dev/null; then
    echo "$python was not found: install Python 3.11 or newer (Debian: apt-get install python3 python3-venv), or name one: make PYTHON=/path/to/python3" >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "$("$python" --version) is too old: pulp-notifiers needs Python 3.11 or newer. If it is installed under another name, use that: make PYTHON=python3.11" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "$python cannot create virtual environments: install its venv module (Debian: sudo apt-get install python3-venv), then run make again." >&2
        exit 1
    fi
    echo "Installing python3-venv"
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends python3-venv >/dev/null
fi
# --clear: an interrupted run may have left an incomplete virtual environment.
exec "$python" -m venv --clear "$folder"
