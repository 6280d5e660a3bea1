#!/bin/sh
# Makes a virtual environment: make-venv.sh PYTHON FOLDER
# Debian keeps what `python3 -m venv` needs in a package of its own, so that may have to be installed first.
set -eu
python=$1
folder=$2

if ! command -v "$python" >/dev/null; then
    echo "There is no $python: install Python 3.11 or newer (Debian: apt-get install python3 python3-venv), or name one: make PYTHON=/path/to/python3" >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "$("$python" --version) is too old: pulp-notifiers needs Python 3.11 or newer, which another name may have: make PYTHON=python3.11" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "$python cannot make virtual environments: install its venv module (Debian: sudo apt-get install python3-venv), then run make again." >&2
        exit 1
    fi
    echo "Installing python3-venv"
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends python3-venv >/dev/null
fi
# --clear: a folder that an interrupted run left behind may be half a virtual environment.
exec "$python" -m venv --clear "$folder"
