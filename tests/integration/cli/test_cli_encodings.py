"""Commands whose output lacks characters, and names that no terminal should see as they are."""

import io
import json
import os
import re
import subprocess
import sys

import pytest

from pulp_notifiers.cli import main
from pulp_notifiers.testing.http import Answer, HttpReceiver
from tests.support.hostile_names import ANSWERS, HOSTILE, ID, LISTENER, NAME
from tests.support.migrated import new_state
from tests.support.terminal import COMMAND, at_terminal

EACH_OF = """
import json, sys
from pulp_notifiers.cli import main

for arguments in json.loads(sys.argv[1]):
    exit_code = main(arguments)
    for stream in (sys.stdout, sys.stderr):
        print(f"=== exit code {exit_code} ===", file=stream, flush=True)
"""
"""A program that runs several commands, because starting Python takes most of the time of a command."""

TIMEOUT_SECONDS = 180

REMOTE = [
    ["listener", "list"],
    ["listener", "list", "--format", "yaml"],
    ["listener", "show", ID],
    ["listener", "show", ID, "--json"],
    ["listener", "--help"],
    ["listener", "http", "create", "--help"],
    ["listener", "http", "create", "--event-type", NAME, "--url", NAME],
    ["listener", "http", "update", "--listener-id", ID, "--event-type", NAME],
    ["listener", NAME, "create"],
    ["listener", HOSTILE.replace("\ud800", "\udcff"), "create"],
    ["listener", "delete", NAME],
    ["listener", "disable", NAME],
    ["listener", "http", "update", NAME, "--label", f"{NAME}={NAME}", "--repo", HOSTILE.replace("\ud800", "\udcff")],
    ["delivery", "list"],
    ["delivery", "show", ID],
    ["delivery", "show", NAME],
    ["source", "list"],
    ["source", "show", "x"],
    ["source", "types"],
    ["source", "remove", NAME],
    ["source", "show", "\udcff"],
    ["event-type", "list"],
    ["event-type", "show", "x"],
    ["event-type", "show", "x", "--sample", NAME],
    ["status"],
    ["event", "fire", NAME],
    ["event", "listener", "list"],
    [NAME],
    ["status", f"--{NAME}"],
]
"""Command lines that show names of the server, or of the user; some fail."""

ENCODINGS = {
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "utf-8": {"PYTHONIOENCODING": "utf-8"},
}


@pytest.fixture(scope="module")
def server():
    """A server whose names are as odd as JSON allows."""

    def answer(request):
        path = request.path.partition("?")[0]
        if request.method == "POST" and path.endswith("/listeners/"):
            return Answer(201, body=json.dumps(LISTENER).encode())
        if request.method in ("GET", "POST") and path in ANSWERS:
            return Answer(201 if request.method == "POST" else 200, body=json.dumps(ANSWERS[path]).encode())
        status = 400 if request.method == "PATCH" else 409
        return Answer(status, body=json.dumps({HOSTILE: [HOSTILE]}).encode())

    with HttpReceiver(answer) as receiver:
        yield receiver


@pytest.fixture
def environ(tmp_path):
    """An environment with settings of this test alone, and the locale of POSIX."""
    file = tmp_path / "server.conf"
    file.write_text(f"[notifiers]\nstate_directory = {tmp_path / 'state'}\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))}
    return {**kept, "PULP_NOTIFIERS_CONF": str(file), "COLUMNS": "100", "TERM": "xterm"}


@pytest.fixture(scope="module")
def latin_1_locale(tmp_path_factory):
    """The environment of a user whose locale is ISO-8859-1."""
    folder = tmp_path_factory.mktemp("locales")
    made = subprocess.run(
        ["localedef", "-c", "-i", "en_US", "-f", "ISO-8859-1", folder / "en_US.ISO-8859-1"],
        check=False,
        capture_output=True,
    )
    if made.returncode > 1:
        pytest.skip(f"localedef cannot make a locale: {made.stderr.decode()}")
    return {"LOCPATH": str(folder), "LC_ALL": "en_US.ISO-8859-1"}


def ran(environ, *arguments, program=COMMAND):
    """Return the exit code, output and errors of a command, as bytes."""
    ended = subprocess.run(
        [*program, *arguments],
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=TIMEOUT_SECONDS,
    )
    return ended.returncode, ended.stdout, ended.stderr


def each_of(way, environ, commands):
    """Yield each command with its exit code and what it printed on each stream; they run in one process.

    :param way: :func:`ran` or :func:`at_terminal`.
    """
    exit_code, *streams = way(environ, json.dumps(commands), program=[sys.executable, "-c", EACH_OF])
    assert 0 == exit_code, streams
    *parts, rest = zip(*(re.split(rb"=== exit code (\d+) ===\r?\n", stream) for stream in streams), strict=True)
    assert {b""} == set(rest)
    # On a terminal, the second stream's end follows the first one's.
    printed, codes = parts[::2], [int(code) for (code, *_) in parts[1::2]]
    if way is at_terminal:
        assert {(b"",)} == set(printed[1::2])
        printed, codes = printed[::2], codes[::2]
    yield from zip(commands, codes, printed, strict=True)


def check(printed, encoding):
    """Check that what was printed is text of an encoding, is no defect, and controls no terminal."""
    text = printed.decode(encoding)
    drawn = re.sub("\x1b\\[[0-9;]*m", "", text.replace("\r\n", "\n"))
    assert "Traceback" not in text
    assert "please report" not in text
    assert "\x1b[31m\x07" not in text
    assert [] == [letter for letter in drawn if letter != "\n" and not letter.isprintable()]


@pytest.mark.parametrize("arguments", REMOTE)
@pytest.mark.parametrize("encoding", [*ENCODINGS, "koi8-r", "shift_jis", "gb18030", "utf-16"])
def test_every_command_prints_any_name_in_any_encoding(settings, server, monkeypatch, encoding, arguments):
    """With escapes for what the encoding lacks, and with the exit code that it has in UTF-8."""
    settings(f"[client]\nurl = {server.url}\n")
    streams = {name: io.BytesIO() for name in ("stdout", "stderr")}
    for name, stream in streams.items():
        monkeypatch.setattr(sys, name, io.TextIOWrapper(stream, encoding))

    exit_code = main(arguments)

    for name, stream in streams.items():
        getattr(sys, name).flush()
        check(stream.getvalue(), encoding)
    assert exit_code in (0, 64, 65)


@pytest.mark.parametrize(
    "locale", [{"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {}]
)
def test_every_command_prints_any_name_in_the_locale_of_posix(environ, server, locale):
    """In UTF-8 unless Python was set to something else; bytes that are no text are escaped."""
    encoding = "ascii" if "PYTHONUTF8" in locale else "utf-8"
    remote = {**environ, **locale, "PULP_NOTIFIERS_CLIENT_URL": server.url}
    for arguments, exit_code, printed in each_of(ran, remote, REMOTE[:8:2]):
        for stream in printed:
            check(stream, encoding)
        assert exit_code in (0, 64, 65), (arguments, printed)


@pytest.mark.parametrize("encoding", ["locale", "latin-1", "ascii", "utf-8"])
def test_every_command_prints_any_name_on_a_terminal(environ, server, encoding, latin_1_locale):
    """The frames of tables are plain if the encoding has no lines, and each row keeps its place."""
    variables = latin_1_locale if encoding == "locale" else ENCODINGS[encoding]
    remote = {**environ, **variables, "PULP_NOTIFIERS_CLIENT_URL": server.url}
    del remote["COLUMNS"]
    for arguments, exit_code, (printed,) in each_of(at_terminal, remote, REMOTE):
        check(printed, "latin-1" if encoding == "locale" else encoding)
        assert exit_code in (0, 64, 65), (arguments, printed)


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_a_table_keeps_its_columns_if_the_encoding_lacks_characters(environ, server, encoding):
    """Widths are those of the escapes, piped and drawn."""
    remote = {**environ, **ENCODINGS[encoding], "PULP_NOTIFIERS_CLIENT_URL": server.url}
    _, piped, _ = ran(remote, "source", "list")
    del remote["COLUMNS"]
    _, drawn = at_terminal(remote, "source", "list", columns=60)

    head, row = piped.decode(encoding).splitlines()
    name = HOSTILE.encode(encoding, "backslashreplace").decode(encoding)
    assert row.index("B", 1) == head.index("Type")
    assert "\\u65e5\\u672c\\u2026" in name
    widths = {len(re.sub("\x1b\\[[0-9;]*m", "", line)) for line in drawn.decode(encoding).split("\r\n") if "|" in line}
    assert 1 == len(widths)
    assert max(widths) <= 60


def test_a_locale_of_latin_1_shows_its_own_letters(environ, server, latin_1_locale):
    """And only escapes the others."""
    remote = {**environ, **latin_1_locale, "PULP_NOTIFIERS_CLIENT_URL": server.url}
    exit_code, output, _ = ran(remote, "listener", "show", ID)

    assert 0 == exit_code
    assert "B\u00e4r \\u2013 \\u65e5\\u672c\\u2026 \\U0001f4e6".encode("latin-1") in output


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_is_the_same_data_in_every_encoding(environ, server, encoding):
    """It is escaped, as JSON escapes, and nothing is replaced."""
    remote = {**environ, **ENCODINGS[encoding], "PULP_NOTIFIERS_CLIENT_URL": server.url}
    shown = [["listener", "list"], ["listener", "show", ID], ["delivery", "list"], ["source", "list"], ["status"]]
    for arguments, exit_code, (output, _) in each_of(ran, remote, [[*words, "--json"] for words in shown]):
        assert 0 == exit_code, arguments
        assert HOSTILE in json.dumps(json.loads(output.decode("ascii")), ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        ).decode("utf-8", "surrogatepass").replace("\\u001b", "\x1b").replace("\\u0007", "\x07").replace("\\r", "\r")


def test_an_error_handler_that_a_user_chose_is_kept(environ, server):
    """With PYTHONIOENCODING; it must be one that never fails."""
    remote = {**environ, "PYTHONIOENCODING": "ascii:replace", "PULP_NOTIFIERS_CLIENT_URL": server.url}
    _, output, _ = ran(remote, "listener", "show", ID)

    assert b"B?r ? ??? ?" in output


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_commands_on_this_machine_print_any_name(environ, tmp_path, encoding):
    """Of users, folders and plugins."""
    folder = tmp_path / "b\u00e4r \u2013 \u65e5"
    info = tmp_path / "odd-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[pulp_notifiers.notifiers]\n\u65e5\u672c = odd:Odd\n", encoding="utf-8")
    local = {
        **environ,
        **ENCODINGS[encoding],
        "LC_ALL": "C.UTF-8",
        "PULP_NOTIFIERS_STATE_DIRECTORY": str(folder),
        "PYTHONPATH": str(tmp_path),
    }
    commands = [
        ["db", "upgrade"],
        ["user", "create", "b\u00e4r\u2013", "--password", "x"],
        ["user", "create", "b\u00e4r\u2013", "--password", "x"],
        ["user", "grant", "b\u00e4r\u2013", "/v2/\u65e5/", "READ"],
        ["user", "list"],
        ["user", "delete", "\u65e5"],
        ["notifier", "list"],
        ["event", "listener", "--help"],
        ["event", "listener", "\u65e5\u672c", "create", "--event-type", "x"],
        ["tail", "--broker", "amqp://127.0.0.1:1/\u65e5"],
        ["serve", "--bind", "\u65e5:x"],
    ]
    for way in (at_terminal, ran):
        for arguments, exit_code, printed in each_of(way, local, commands):
            for stream in printed:
                check(stream, encoding)
            assert exit_code in (0, 64, 65, 70, 74, 78), (arguments, printed)


def test_the_log_of_the_service_is_written_in_any_encoding(environ, tmp_path):
    """Characters that standard error lacks are escaped."""
    (tmp_path / "\u65e5").write_text("no directory")
    url = f"sqlite:///{tmp_path}/\u65e5/x.db"
    local = {**environ, "LC_ALL": "C.UTF-8", **ENCODINGS["ascii"], "PULP_NOTIFIERS_DATABASE_URL": url}
    for command in ("serve", "worker"):
        exit_code, _, errors = ran(local, command)

        check(errors, "ascii")
        assert 0 != exit_code
        assert b"\\u65e5" in errors


@pytest.mark.parametrize("arguments", [["notifier", "list"], ["--help"], ["status"], ["delivery", "list", "--json"]])
def test_a_command_without_output_streams_ends_with_its_exit_code(environ, server, tmp_path, arguments):
    """They were closed with >&- and 2>&- in a shell."""
    remote = {**environ, "PULP_NOTIFIERS_CLIENT_URL": server.url}
    new_state(tmp_path / "state")
    script = 'exec "$@" >&- 2>&-'
    ended = subprocess.run(["sh", "-c", script, "sh", *COMMAND, *arguments], env=remote, check=False, timeout=60)

    assert 0 == ended.returncode


def test_json_on_standard_input_is_utf_8_in_every_locale(environ, server, latin_1_locale):
    """As in a file: it is the encoding of JSON."""
    for locale in (latin_1_locale, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}):
        before = len(server.requests)
        ended = subprocess.run(
            [*COMMAND, "event", "fire", "x.y", "--payload", "-"],
            env={**environ, **locale, "PULP_NOTIFIERS_CLIENT_URL": server.url},
            input='{"name": "B\u00e4r \u65e5"}'.encode(),
            capture_output=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )

        assert 0 == ended.returncode, ended.stderr
        assert {"name": "B\u00e4r \u65e5"} == server.requests[before].json()["payload"]


def test_a_password_that_the_encoding_of_the_terminal_lacks_is_a_usage_error(environ):
    """Such as bytes of Latin-1 in a locale of UTF-8."""
    local = {**environ, "LC_ALL": "C.UTF-8"}
    exit_code, printed = at_terminal(local, "user", "create", "kate", typed=[b"p\xe4ss"] * 2)

    assert 64 == exit_code
    assert b"cannot be read" in printed
    assert b"please report" not in printed
