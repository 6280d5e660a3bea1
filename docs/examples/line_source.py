from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from pydantic import Field

from pulp_notifiers.errors import TemporaryFailure
from pulp_notifiers.event import Event
from pulp_notifiers.source import Check, Intake, Source, SourceConfig


class LineConfig(SourceConfig):
    """Options of the source."""

    path: Path = Field(description="File to which another program appends lines.")
    event_type: str = Field(description="Type of the events, such as line.added.")
    look_seconds: float = Field(1.0, gt=0, description="Seconds between two looks for new lines.")


class LineSource(Source[LineConfig]):
    """Fires an event for each line that is appended to a file."""

    Config = LineConfig

    def check(self, config: LineConfig) -> Sequence[Check]:
        if not config.path.is_file():
            return [Check("the file", False, f"{config.path} is not a file: correct the option path.")]
        return [Check("the file", True, f"{config.path} has {config.path.stat().st_size} bytes.")]

    def run(self, config: LineConfig, intake: Intake) -> None:
        position = intake.remembered().get("position", 0)
        while not intake.stopping.is_set():
            try:
                with config.path.open("rb") as file:
                    file.seek(position)
                    # Up to a line that is still being written, which is read again when it is complete.
                    lines = list(takewhile(lambda line: line.endswith(b"\n"), file.readlines(65536)))
            except OSError as error:
                raise TemporaryFailure(f"{config.path} cannot be read: {error.strerror}.") from error
            position += sum(map(len, lines))
            if lines:
                events = [Event(config.event_type, {"line": line.decode(errors="replace").rstrip()}) for line in lines]
                intake.take(events, remember={"position": position})
            intake.update_status(position=position)
            if not lines:
                intake.stopping.wait(config.look_seconds)
