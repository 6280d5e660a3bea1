"""The files that administrators copy from the documentation work in their programs."""

import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from pulp_notifiers.testing.http import HttpReceiver
from tests.harness.process import GuardedProcess
from tests.support.pages import DOCS, reference_text
from tests.support.service import free_port

EXAMPLES = DOCS / "examples"
UNITS = sorted(EXAMPLES.glob("*.service"))
PROGRAM = "/opt/pulp-notifiers/bin/pulp-notifiers"
OURS = ("/pulp/api/v3/notifications/status/", "/pulp/api/v2/events/?limit=1")
PULPS = ("/pulp/api/v3/status/", "/pulp/api/v3/tasks/?limit=1", "/pulp/lab/api/v3/tasks/")
TIMEOUT_SECONDS = 60.0

NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log stderr;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}; proxy_temp_path {folder};
    fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{
        listen 127.0.0.1:{port};
        location /pulp/ {{ proxy_pass http://127.0.0.1:{pulp}; }}
        {snippet}
    }}
}}
"""
APACHE_MODULES = Path("/usr/lib/apache2/modules")
APACHE = """
ServerRoot {folder}
ServerName pulp.example.com
PidFile pid
Mutex pthread
ErrorLog /dev/stderr
User nobody
Group nogroup
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule headers_module {modules}/mod_headers.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
Listen 127.0.0.1:{port}
<Location /pulp/>
    ProxyPass http://127.0.0.1:{pulp}/pulp/
</Location>
{snippet}
"""


def nginx(folder):
    """Return a configuration and the command that runs it."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    return NGINX, [program, "-e", "stderr", "-c", str(folder / "conf")]


def apache(folder):
    """Return a configuration and the command that runs it."""
    program = shutil.which("apache2", path="/usr/sbin")
    if program is None or not APACHE_MODULES.is_dir():
        pytest.skip("Apache is not installed as on Debian")
    return APACHE, [program, "-X", "-f", str(folder / "conf")]


@contextmanager
def web_server(kind, folder, ours, pulp):
    """Run a web server in front of Pulp with the example for it; yield its port."""
    template, command = kind(folder)
    port = free_port()
    snippet = (EXAMPLES / f"pulp3-{kind.__name__}.conf").read_text().replace("127.0.0.1:24818", f"127.0.0.1:{ours}")
    values = {"folder": folder, "modules": APACHE_MODULES, "port": port, "pulp": pulp, "snippet": snippet}
    (folder / "conf").write_text(template.format(**values))
    process = GuardedProcess(command, folder, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    try:
        yield port
    finally:
        process.kill()


def ask(port, path, folder):
    """Get a path like a client that sends a wrong scheme; wait until the server listens."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"X-Forwarded-Proto": "https"})
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
                return
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError as error:
            if time.monotonic() > deadline:
                raise AssertionError((folder / "output").read_text()) from error
            time.sleep(0.05)


@pytest.mark.parametrize("kind", [nginx, apache])
def test_a_web_server_forwards_our_paths_and_leaves_the_rest_to_pulp(kind, tmp_path):
    """Requests are unchanged, and host and scheme are the real ones, whatever the client claims."""
    with HttpReceiver() as ours, HttpReceiver() as pulp, web_server(kind, tmp_path, ours.port, pulp.port) as port:
        for path in (*OURS, *PULPS):
            ask(port, path, tmp_path)

    received = {(request.headers["Host"], *request.headers.get_all("X-Forwarded-Proto")) for request in ours.requests}
    assert OURS == tuple(request.path for request in ours.requests)
    assert PULPS == tuple(request.path for request in pulp.requests)
    assert {(f"127.0.0.1:{port}", "http")} == received


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_systemd_accepts_the_units(unit, tmp_path):
    """It knows every key and accepts its section."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze, which checks units, is not installed")
    installed = tmp_path / unit.name
    installed.write_text(unit.read_text().replace(PROGRAM, sys.executable))

    ended = subprocess.run(["systemd-analyze", "verify", installed], capture_output=True, text=True, check=False)

    assert (0, "", "") == (ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_units_start_a_command_that_exists(unit):
    """The command runs until it is stopped."""
    [started] = re.findall(rf"^ExecStart={PROGRAM} (.+)$", unit.read_text(), re.MULTILINE)

    assert started in ("serve", "source run")
    assert started in reference_text.command_paths()
