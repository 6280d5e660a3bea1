#!/bin/sh
# Installs what the tests start: RabbitMQ, PostgreSQL, pgbouncer, Chromium, and Proton's example broker with the compiler
# that builds it. If that is not possible, it says which tests will be skipped. Debian's services are not started.
set -eu

missing=
need() {
    missing="${missing:+$missing }$1"
}

command -v rabbitmq-server >/dev/null || [ -x /usr/sbin/rabbitmq-server ] || need rabbitmq-server
command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need postgresql
command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ] || need pgbouncer
command -v chromium >/dev/null || command -v google-chrome >/dev/null || need chromium
command -v cc >/dev/null || need "gcc libc6-dev"
[ -e /usr/share/proton/examples/c/broker.c ] || need libqpid-proton11-dev-examples
[ -n "$missing" ] || exit 0

will_skip() {
    echo "Tests that need these will be skipped: $missing (not installed, $1)."
    exit 0
}

command -v apt-get >/dev/null || will_skip "and there is no apt-get to install them with"
[ "$(id -u)" = 0 ] || will_skip "and only root can install them: apt-get install $missing"

policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
fi
echo "Installing for the tests: $missing"
apt-get -qq update || will_skip "apt-get update failed"
# One by one, so that a name that this release of Debian does not have keeps none of the others away.
for package in $missing; do
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "$package" >/dev/null ||
        echo "Tests that need $package will be skipped (apt-get install $package failed)."
done
