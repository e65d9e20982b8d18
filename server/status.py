"""What the server serves now, for `GetStatus`."""

from collections.abc import Sequence
from dataclasses import dataclass

from multigrain import __version__
from multigrain.types import GenerationId
from server.channels.channel import Channel
from server.live import LiveGenerations
from server.live_catalogue import LiveCatalogue
from server.request import ChannelName

UNDIVIDED = ("partitions", 1)
"""Of an index spec; so usual that it is not told."""


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


class Status:
    """Looks at the parts when asked; keeps nothing."""

    def __init__(
        self, generations: LiveGenerations, catalogue: LiveCatalogue, channels: Sequence[Channel], *, started_ms: int
    ) -> None:
        self._generations = generations
        self._catalogue = catalogue
        self._channels = tuple(channel.name for channel in channels)
        self._started_ms = started_ms

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
        )

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
