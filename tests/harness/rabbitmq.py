"""A real RabbitMQ node on private loopback ports, with its data in a temporary folder."""

import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.harness.process import GuardedProcess, free_ports, output_of, run

_PROGRAMS = Path("/usr/lib/rabbitmq/bin")
"""Debian's scripts without the wrapper that requires a certain user."""

_ACTING = '<<"tests">>'
"""The user whom the node's log names."""

_MODULES = {
    "connections": "networking:connection_info_all",
    "queues": "amqqueue:info_all",
    "exchanges": "exchange:info_all",
    "bindings": "binding:info_all",
}

AMQP_1_0 = "rabbitmq_amqp1_0"
"""The plugin with which a node of RabbitMQ 3 speaks AMQP 1.0 too, on the same ports."""

_PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"
_CONNECTION_START = b"\x00\x0a\x00\x0a"  # class 10, method 10 (AMQP 0-9-1, section 1.4)


@dataclass(frozen=True)
class TlsListener:
    """An additional listener for TLS.

    :ivar ca: certificate authority whose client certificates are trusted.
    :ivar certificate: the node's own certificate chain.
    :ivar key: the key of ``certificate``.
    :ivar client_certificate_required: refuse clients without a certificate.
    """

    ca: Path
    certificate: Path
    key: Path
    client_certificate_required: bool = False


class RabbitMQ:
    """A node that runs between ``with RabbitMQ() as broker:`` and the end of the block.

    :param tls: adds a TLS listener.
    :param plugins: names of RabbitMQ plugins to enable; the one for AMQP 1.0 costs no measurable time.
    :param extra_configuration: additional lines of ``rabbitmq.conf``.
    :param deadline_seconds: how long start and stop may take.
    :ivar folder: all of its files, until the end of the block.
    :ivar port: the loopback port, the same after a restart.
    :ivar tls: its TLS listener, or None.
    :ivar tls_port: the port of the TLS listener; 0 without one.
    :raises FileNotFoundError: RabbitMQ is not installed; see :meth:`available`.
    :raises RuntimeError: it does not start; the text has the end of its log.
    """

    def __init__(
        self,
        tls: TlsListener | None = None,
        plugins: Sequence[str] = (AMQP_1_0,),
        extra_configuration: Sequence[str] = (),
        deadline_seconds: float = 180.0,
    ) -> None:
        reason = self.available()
        if reason:
            raise FileNotFoundError(reason)
        self.tls = tls
        self._plugins = plugins
        self._extra_configuration = extra_configuration
        self._deadline_seconds = deadline_seconds
        self._node: GuardedProcess | None = None
        self.port = self.tls_port = 0

    @classmethod
    def available(cls) -> str | None:
        """Return why no node can be started here, or None if one can."""
        needed = {_PROGRAMS / "rabbitmq-server": "rabbitmq-server", _PROGRAMS / "rabbitmqctl": "rabbitmq-server"}
        missing = {package for path, package in needed.items() if not os.access(path, os.X_OK)}
        if shutil.which("epmd") is None or shutil.which("erl_call") is None:
            missing.add("erlang-base")
        if missing:
            return f"RabbitMQ is not installed; on Debian: apt-get install {' '.join(sorted(missing))}"
        return None

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="rabbitmq-"))
        with ExitStack() as undo:
            undo.callback(shutil.rmtree, self.folder)
            self.port, self._distribution_port, epmd_port, tls_port = free_ports(4)
            self.tls_port = tls_port if self.tls else 0
            self._environment = self._described_environment(epmd_port)
            self._write_files()
            # Started here, because the one that Erlang starts runs as a daemon forever.
            epmd = [str(shutil.which("epmd")), "-port", str(epmd_port), "-address", "127.0.0.1"]
            undo.callback(GuardedProcess(epmd, self.folder, self._environment).kill)
            undo.callback(self.kill)
            self.start()
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    @property
    def url(self) -> str:
        """The node's URL for kombu."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self) -> None:
        """Stop the node if it runs, start it on the data of the last run, and return when it speaks AMQP.

        :raises RuntimeError: it does not start.
        """
        self.stop()
        deadline = time.monotonic() + self._deadline_seconds
        self._node = GuardedProcess([str(_PROGRAMS / "rabbitmq-server")], self.folder, self._environment)
        while not _speaks_amqp(self.port):
            if self._node.exited(within_seconds=0.05) or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"RabbitMQ does not start:\n{self._end_of_log()}")

    def stop(self) -> None:
        """Shut the node down: clients are disconnected, durable data is kept."""
        if self._node is not None:
            self._node.resume()
            self._node.signal(signal.SIGTERM)
            self._node.exited(self._deadline_seconds)
            self.kill()

    def kill(self) -> None:
        """Kill the node at once, as a crash would."""
        if self._node is not None:
            self._node.kill()
            self._node = None

    def restart(self) -> None:
        """Stop the node and start it again on the same ports and data."""
        self.start()

    def pause(self) -> None:
        """Freeze the node: its connections stay open but it does not answer."""
        if self._node is not None:
            self._node.pause()

    def resume(self) -> None:
        """Let a paused node continue."""
        if self._node is not None:
            self._node.resume()

    def control(self, *arguments: str) -> str:
        """Run ``rabbitmqctl`` on the node and return its output.

        :raises RuntimeError: the command fails.
        """
        command = [str(_PROGRAMS / "rabbitmqctl"), "--quiet", "--node", self._environment["RABBITMQ_NODENAME"]]
        ended = run([*command, *arguments], self.folder, self._environment, self._deadline_seconds)
        return output_of(ended, f"rabbitmqctl {arguments[0]}")

    def evaluate(self, expression: str) -> str:
        """Evaluate Erlang on the node and return the text that it yields, or ``~p`` of anything else.

        This takes 0.02 s of CPU, and ``rabbitmqctl`` 0.7 s.

        :raises RuntimeError: it fails.
        """
        answer = self.folder / "answer"
        # A list may be text or not, which only its conversion shows.
        converted = "unicode:characters_to_binary"
        other = f'{converted}(io_lib:format("~0tp", [T]))'
        text = f"try {converted}(T) of B when is_binary(B) -> B; _ -> {other} catch _:_ -> {other} end"
        code = f'T = begin {expression} end, ok = file:write_file("{answer}", {text}).\n'
        command = ["erl_call", "-timeout", "60", "-n", self._environment["RABBITMQ_NODENAME"], "-e"]
        ended = run(command, self.folder, self._environment, self._deadline_seconds, standard_input=code)
        if not output_of(ended, "erl_call").startswith("{ok, ok}"):
            raise RuntimeError(f"{expression} failed: {ended.stdout}")
        return answer.read_text(encoding="utf-8")

    def rows(self, kind: str, *columns: str) -> list[list[str]]:
        """Return what the node lists, as ``rabbitmqctl list_...`` does.

        :param kind: ``connections``, ``queues``, ``exchanges`` or ``bindings``, of the first virtual host.
        :param columns: names of RabbitMQ; values that are no text are returned as Erlang writes them.
        """
        place = "" if kind == "connections" else '<<"/">>, '
        listed = f"rabbit_{_MODULES[kind]}({place}[{', '.join(columns)}])"
        cell = '(fun ({resource, _, _, N}) -> N; (T) when is_binary(T) -> T; (V) -> io_lib:format("~0tp", [V]) end)'
        lines = self.evaluate(f'[[lists:join("\t", [{cell}(V) || {{_, V}} <- Row]), "\n"] || Row <- {listed}]')
        return [line.split("\t") for line in lines.splitlines()]

    def add_user(self, name: str, password: str) -> None:
        """Add a user without permissions."""
        self.evaluate(f"ok = rabbit_auth_backend_internal:add_user({_binary(name)}, {_binary(password)}, {_ACTING})")

    def permit(self, user: str, configure: str, write: str, read: str, virtual_host: str = "/") -> None:
        """Set the permissions of a user: regular expressions of the names that each is for."""
        words = ", ".join(map(_binary, (user, virtual_host, configure, write, read)))
        self.evaluate(f"ok = rabbit_auth_backend_internal:set_permissions({words}, {_ACTING})")

    def delete_user(self, name: str) -> None:
        """Delete a user."""
        self.evaluate(f"ok = rabbit_auth_backend_internal:delete_user({_binary(name)}, {_ACTING})")

    def add_virtual_host(self, name: str) -> None:
        """Add a virtual host that nobody may use."""
        self.evaluate(f"ok = rabbit_vhost:add({_binary(name)}, {_ACTING})")

    def close_connections(self, reason: str) -> None:
        """Close every connection, as ``rabbitmqctl close_all_connections`` does."""
        self.evaluate(f'rabbit_networking:close_connections(rabbit_networking:connections(), "{reason}")')

    def _described_environment(self, epmd_port: int) -> dict[str, str]:
        # Nothing of this process's environment but PATH: a RABBITMQ_ variable, or /etc/rabbitmq of a real broker,
        # would lead to that broker's data.
        folder = str(self.folder)
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C.UTF-8",
            "HOME": folder,
            "ERL_EPMD_PORT": str(epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": "rabbit@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_MNESIA_BASE": f"{folder}/mnesia",
            "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_PID_FILE": f"{folder}/pid",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/enabled_plugins",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{folder}/advanced.config",
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/rabbitmq-env.conf",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            # Makes the script exec the node; otherwise a shell would be between them.
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    def _write_files(self) -> None:
        # A full disk must not block publishers, and a slow machine must not break connections that a test leaves idle.
        lines = ["disk_free_limit.absolute = 1MB", "heartbeat = 0", *self._extra_configuration]
        if self.tls is not None:
            required = str(self.tls.client_certificate_required).lower()
            lines += [
                f"listeners.ssl.1 = 127.0.0.1:{self.tls_port}",
                f"ssl_options.cacertfile = {self.tls.ca}",
                f"ssl_options.certfile = {self.tls.certificate}",
                f"ssl_options.keyfile = {self.tls.key}",
                "ssl_options.verify = verify_peer",
                f"ssl_options.fail_if_no_peer_cert = {required}",
            ]
        files = {
            "rabbitmq.conf": "\n".join(lines) + "\n",
            "enabled_plugins": f"[{','.join(self._plugins)}].\n",
            "advanced.config": "[].\n",
            "rabbitmq-env.conf": "",
        }
        for name, text in files.items():
            (self.folder / name).write_text(text, encoding="ascii")

    def _end_of_log(self) -> str:
        logs = [self.folder / "output", *sorted((self.folder / "log").glob("*.log"))]
        return "\n".join(log.read_text(encoding="utf-8", errors="replace")[-4000:] for log in logs)


def _binary(text: str) -> str:
    """Return a text as Erlang's source has it."""
    return f"<<{','.join(map(str, text.encode()))}>>"


def _speaks_amqp(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as probe:
            probe.sendall(_PROTOCOL_HEADER)
            frame = probe.makefile("rb").read(11)
    except OSError:
        return False
    return frame.endswith(_CONNECTION_START)
