#!/bin/sh
# Installs the extra [qpid] into a virtual environment: install-proton.sh PYTHON
# PyPI has python-qpid-proton as C source only. It needs a compiler, and is built without TLS unless it finds OpenSSL's.
# Without it everything but AMQP 1.0 works, so a failure says what is missing and ends well.
set -eu
python=$1

has_tls() {
    "$python" -c 'import proton, sys; sys.exit(not proton.SSL.present())' 2>/dev/null
}
if has_tls; then
    exit 0
fi

missing=
need() {
    missing="${missing:+$missing }$1"
}
command -v cc >/dev/null || need "gcc libc6-dev"
pkg-config --exists openssl 2>/dev/null || need "pkg-config libssl-dev"
"$python" -c 'import pathlib, sysconfig, sys; sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists())' ||
    need python3-dev

if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing to build python-qpid-proton: $missing"
    if apt-get -qq update &&
        DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends $missing >/dev/null; then
        missing=
    fi
fi
build() {
    "$python" -m pip install -qq "$@"
}
if ! build --editable '.[qpid]'; then
    echo "AMQP 1.0 is not available and its tests are skipped: python-qpid-proton could not be built${missing:+ (missing: $missing)}."
    exit 0
fi
# What is installed, or was in pip's cache, may have been built without TLS.
has_tls || { [ -z "$missing" ] && build --force-reinstall --no-deps --no-cache-dir python-qpid-proton; } || true
has_tls || echo "AMQP 1.0 works without TLS only: python-qpid-proton was built without OpenSSL${missing:+ (missing: $missing)}."
