#!/bin/sh
# Installs RabbitMQ, PostgreSQL and pgbouncer for the tests if that is possible, and otherwise says why tests will be skipped.
# The tests start their own servers; Debian's services are not started.
set -eu

missing=
command -v rabbitmq-server >/dev/null || [ -x /usr/sbin/rabbitmq-server ] || missing="rabbitmq-server"
command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="${missing:+$missing }postgresql"
command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ] || missing="${missing:+$missing }pgbouncer"
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
DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends $missing >/dev/null || will_skip "apt-get install failed"
