"""``facedrive replay``: a recorded take to outputs, on its own clock."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from facedrive.errors import without_credentials
from facedrive.options import option
from facedrive.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from facedrive.types import Sample


@dataclass(frozen=True, kw_only=True)
class Replay:
    """Play a recorded take to outputs, on its own clock."""

    take: Path = option(positional=True)
    """A .csv or .parquet that facedrive extract or --out csv: wrote, or Live Link Face's .csv."""
    speed: float = option(1.0, low=0.01, high=100)
    """How fast; 2 is twice as fast."""
    loop: bool = False
    """Start again at the end."""
    settings: Settings = option(Settings(), sections=("outputs",))

    def run(self) -> int:
        """Send every sample when its time comes."""
        from facedrive.assembly import open_outputs
        from facedrive.cli.outcome import close_outputs, exit_code
        from facedrive.errors import SinkError

        asked = self.settings.outputs
        if not asked.to:
            raise SinkError("replay needs an output, such as --out osc://127.0.0.1:9000.")
        if self.loop and not self.take.is_file():
            raise SinkError(f"{self.take} can be read only once; leave --loop out.")
        samples = self._samples()
        outputs = open_outputs(
            asked.to, asked.mapping, mirror=asked.mirror, overwrite=asked.overwrite,
            inputs=[self.take, *asked.mapping],
        )  # fmt: skip
        sent = 0
        try:
            for sample in samples:
                outputs.send(sample, None)
                sent += 1
        except KeyboardInterrupt:
            print()
        finally:
            close_outputs(outputs)
        print(f"{self.take}: {sent} samples sent to {without_credentials(', '.join(asked.to))}")
        return exit_code(outputs)

    def _samples(self) -> Iterator[Sample]:
        """Open the take now; then yield each sample at its time, again and again if asked."""
        from facedrive.takes.read import read_take
        from facedrive.threads import pace

        first = read_take(self.take, None)

        def paced() -> Iterator[Sample]:
            yield from pace(first, speed=self.speed)
            while self.loop:
                yield from pace(read_take(self.take, None), speed=self.speed)

        return paced()


COMMANDS = {"": Replay}
