"""Which generation answers. Watches the registry, loads the next one beside the old, swaps one reference, drains.

A request leases one generation and uses nothing else until it is answered, so no answer mixes two.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from multigrain.cut_off import CutOff
from multigrain.encoder import Encoder
from multigrain.errors import InvalidRequest, NothingLive
from multigrain.index.item_index import ItemIndex
from multigrain.neighbors import Neighbors
from multigrain.registry.generation import Generation, GenerationState
from multigrain.registry.registry import Registry
from multigrain.telemetry import GENERATION_REQUESTS, GENERATION_SWITCHES, LOG_FIELDS
from multigrain.types import GenerationId
from server.generations.braking import braked
from server.generations.neighbourhood import Neighbourhood
from server.understanding.tagger import Tagger

log = logging.getLogger(__name__)

RETRY_SECONDS = 5.0
"""After a failed load: loading takes cores and memory from the requests, so it is not tried at every poll."""

LOADING_SHARE = 0.3
"""Of a core, for a generation that is loaded while another answers: it comes some seconds later, no request does."""

SERVABLE = (GenerationState.READY, GenerationState.LIVE, GenerationState.RETIRED)
"""What a request may name; the others are not whole."""


class Follower(Protocol):
    """Keeps an index that is served from this process's memory up with the one that the stream writes."""

    def catch_up(self) -> None:
        """Takes over what changed. Blocks, and may raise StoreUnavailable or IndexUnavailable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveGeneration:
    """Everything of one generation that a request touches."""

    generation: Generation
    encoder: Encoder
    index: ItemIndex
    tagger: Tagger
    max_k: int
    """The most that one search of this index can return."""
    follower: Follower | None = None
    """None: every search reads where the stream writes."""
    cut_off: CutOff | None = None
    """None: the bundle has none, so no score is too low."""
    neighbours: Neighbourhood = field(default_factory=lambda: Neighbourhood(Neighbors.none()))


Load = Callable[[Generation], LiveGeneration]
"""Loads and warms a generation. Blocks for seconds; whatever it raises leaves the old one serving."""
Reopen = Callable[[LiveGeneration, Generation], LiveGeneration]
"""The same towers with the index opened again, as the generation's row now says how to search it. As Load otherwise."""


class _Slot:
    """A loaded generation, and how many requests are on it."""

    def __init__(self, live: LiveGeneration) -> None:
        self.live = live
        self.users = 0
        self.retired = False
        self.requests = GENERATION_REQUESTS.labels(live.generation.generation_id)

    @property
    def generation_id(self) -> GenerationId:
        return self.live.generation.generation_id


class LiveGenerations:
    """The live generation and, where the server allows it, one other that a request named."""

    def __init__(
        self,
        registry: Registry,
        load: Load,
        reopen: Reopen | None = None,
        *,
        allow_choice: bool,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`reopen`: None loads the towers again as well."""
        self._registry = registry
        self._load = load
        self._reopen = reopen
        self._allow_choice = allow_choice
        self._monotonic = monotonic
        self._loading = threading.Lock()
        """Held while a generation is loaded: two at once would want twice the memory."""
        self._lock = threading.Lock()
        """Guards what follows; held for a few instructions only."""
        self._current: _Slot | None = None
        self._named: _Slot | None = None
        self._failed: tuple[GenerationId, float] | None = None
        """The generation whose load failed, and when to try again. None: the last load went well."""

    @property
    def current(self) -> LiveGeneration | None:
        """The live one, to look at; None before the first load. A request takes a lease instead."""
        with self._lock:
            return self._current.live if self._current else None

    def refresh(self) -> bool:
        """Looks the live generation up and switches when it is another, or is searched otherwise by now; says whether
        it did. Blocks while loading.

        Raises StoreUnavailable when the registry does not answer. Whatever happens, what was served is still served.
        """
        target = self._registry.live()
        current = self.current
        if target is None or (current is not None and _serves(current, target)):
            return False
        if self._failed is not None and self._failed[0] == target.generation_id and self._monotonic() < self._failed[1]:
            return False
        fields = {"generation": target.generation_id}
        try:
            with self._loading:
                loaded = self._loaded(target, current)
        except Exception:  # whatever a model, an index or a file can raise: the one before goes on
            self._failed = (target.generation_id, self._monotonic() + RETRY_SECONDS)
            GENERATION_SWITCHES.labels("failed").inc()
            log.exception("generation could not be loaded, the one before stays", extra={LOG_FIELDS: fields})
            return False
        now = self._registry.live()
        if now is not None and now.generation_id != target.generation_id:
            # Rolled back from while it was loaded: whoever did that wants no request to see it.
            log.info("another generation is live by now, this one is not served", extra={LOG_FIELDS: fields})
            return False
        with self._lock:
            old, self._current = self._current, _Slot(loaded)
            self._retire(old)
        self._failed = None
        GENERATION_SWITCHES.labels("done").inc()
        log.info("generation is live", extra={LOG_FIELDS: fields})
        return True

    def follow(self) -> None:
        """Brings indexes that are served from memory up to date. May raise StoreUnavailable or IndexUnavailable."""
        with self._lock:
            served = [slot.live for slot in (self._current, self._named) if slot is not None]
        for live in served:
            if live.follower is not None:
                live.follower.catch_up()

    def prepare(self, generation_id: GenerationId) -> None:
        """Loads the generation that a request names, unless it is here already. Blocks for seconds.

        Raises InvalidRequest where the server does not allow it or the generation is not whole, NotFound for an
        unknown one.
        """
        if self._is_here(generation_id):
            return
        if not self._allow_choice:
            problem = f"{generation_id} is not the live generation, and this server answers from that one only"
            raise InvalidRequest("generation_id", problem, cure="leave it empty, or set server.allow_generation_choice")
        with self._loading:
            if self._is_here(generation_id):
                return
            generation = self._registry.get(generation_id)
            if generation.state not in SERVABLE or generation.dropped_ms is not None:
                gone = ", and its index was dropped" if generation.dropped_ms is not None else ""
                problem = f"{generation_id} is {generation.state.value}{gone}"
                raise InvalidRequest("generation_id", problem, cure="name one that is ready, live or retired")
            with braked(LOADING_SHARE, is_busy=self._is_answering):
                loaded = self._load(generation)
        with self._lock:
            old, self._named = self._named, _Slot(loaded)
            self._retire(old)

    @contextmanager
    def lease(self, generation_id: GenerationId | None = None) -> Iterator[LiveGeneration]:
        """The live generation, or a prepared one by name, for as long as one request lasts."""
        with self._lock:
            slot = self._find(generation_id)
            if slot is None:
                which = "no generation is live yet" if generation_id is None else f"{generation_id} was just unloaded"
                raise NothingLive(f"{which}: try again")
            slot.users += 1
            slot.requests.inc()
        try:
            yield slot.live
        finally:
            with self._lock:
                slot.users -= 1
                self._drop_if_drained(slot)

    def _loaded(self, target: Generation, current: LiveGeneration | None) -> LiveGeneration:
        if current is None:  # nobody is answered yet, so nobody is kept waiting
            return self._load(target)
        with braked(LOADING_SHARE, is_busy=self._is_answering):
            if self._reopen is None or current.generation.generation_id != target.generation_id:
                return self._load(target)
            return self._reopen(current, target)

    def _is_answering(self) -> bool:
        # Without the lock: a look that comes a moment early or late does no harm.
        return any(slot is not None and slot.users > 0 for slot in (self._current, self._named))

    def _is_here(self, generation_id: GenerationId) -> bool:
        with self._lock:
            return self._find(generation_id) is not None

    def _find(self, generation_id: GenerationId | None) -> _Slot | None:
        if generation_id is None:
            return self._current
        slots = (self._current, self._named)
        return next((slot for slot in slots if slot is not None and slot.generation_id == generation_id), None)

    def _retire(self, slot: _Slot | None) -> None:
        if slot is not None:
            slot.retired = True
            self._drop_if_drained(slot)

    def _drop_if_drained(self, slot: _Slot) -> None:
        # Nothing to close: with the last reference the model's memory goes. The line is for whoever waits for it.
        if slot.retired and slot.users == 0:
            if self._find(slot.generation_id) is None:  # opened again with another index spec, it goes on
                GENERATION_REQUESTS.remove(slot.generation_id)
            log.info("generation dropped", extra={LOG_FIELDS: {"generation": slot.generation_id}})


def _serves(live: LiveGeneration, row: Generation) -> bool:
    """Whether what is served is this row of the registry, searched as it says."""
    served = live.generation
    return served.generation_id == row.generation_id and dict(served.index_spec) == dict(row.index_spec)
