"""What the server serves now, for `GetStatus`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from multigrain import __version__
from multigrain.types import GenerationId
from server.catalogue.served import Catalogue
from server.channels.channel import Channel
from server.generations.live import LiveGenerations
from server.processes.board import Entry
from server.request import ChannelName

UNDIVIDED = ("partitions", 1)
"""Of an index spec; so usual that it is not told."""


Fellows = Callable[[], Sequence[Entry]]
"""How the processes that share the port stand, this one among them. Empty: it is alone."""


def alone() -> Sequence[Entry]:
    """No fellows."""
    return ()


@dataclass(frozen=True, slots=True)
class Reached:
    """How far this process has come."""

    generation_id: GenerationId | None
    """None: none is loaded."""
    catalogue_revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedGeneration:
    """The live generation, as it is loaded here."""

    generation_id: GenerationId
    items: int
    index: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """One look at the server."""

    live: ServedGeneration | None
    """None: nothing can be answered yet, for want of a generation or of the catalogue."""
    version: str
    channels: tuple[ChannelName, ...]
    catalogue_revision: int
    catalogue_items: int
    started_ms: int
    processes: tuple[Entry, ...] = ()
    """Empty: there is one."""


class Status:
    """Looks at the parts when asked; keeps nothing."""

    def __init__(
        self,
        generations: LiveGenerations,
        catalogue: Catalogue,
        channels: Sequence[Channel],
        *,
        started_ms: int,
        fellows: Fellows = alone,
    ) -> None:
        self._generations = generations
        self._catalogue = catalogue
        self._channels = tuple(channel.name for channel in channels)
        self._started_ms = started_ms
        self._fellows = fellows

    def report(self) -> StatusReport:
        """Counts the live index, so it blocks, and may raise IndexUnavailable."""
        columns = self._catalogue.latest
        return StatusReport(
            live=self._served(),
            version=__version__,
            channels=self._channels,
            catalogue_revision=columns.revision if columns else 0,
            catalogue_items=columns.count if columns else 0,
            started_ms=self._started_ms,
            processes=tuple(self._fellows()),
        )

    def reached(self) -> Reached:
        """Blocks on nothing."""
        live, columns = self._generations.current, self._catalogue.latest
        return Reached(live.generation.generation_id if live else None, columns.revision if columns else 0)

    def _served(self) -> ServedGeneration | None:
        live = self._generations.current
        if live is None or self._catalogue.latest is None:
            return None
        spec = dict(live.generation.index_spec)
        told = {name: value for name, value in spec.items() if name != "kind" and (name, value) != UNDIVIDED}
        knobs = ", ".join(f"{name} {value}" for name, value in told.items())
        kind = f"{spec.get('kind', 'unknown kind')}{f' ({knobs})' if knobs else ''}"
        return ServedGeneration(
            generation_id=live.generation.generation_id,
            items=live.index.count(),
            index=f"{kind}, IP, {live.generation.dims} dims",
        )
