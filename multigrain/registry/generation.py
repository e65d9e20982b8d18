"""The noun that joins everything: a model bundle, the index built with it, and the state they are in together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from multigrain.types import GenerationId


class GenerationState(StrEnum):
    """building -> ready -> live -> retired; building or ready -> failed.

    retired -> live is a rollback; ready -> retired: a person wants it no more.
    """

    BUILDING = "building"
    READY = "ready"
    LIVE = "live"
    RETIRED = "retired"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateVerdict:
    """What the evaluation gate said of a generation."""

    passed: bool
    against: GenerationId | None
    """The generation that was live, with which it was compared. None: none was."""
    refusals: tuple[str, ...] = ()
    """A sentence for each rule that was not met, with metric, slice, both numbers and the interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What is known of a generation when it becomes ready."""

    scores: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """What evaluation and canary measured, e.g. {'recall@100': 0.41, 'canary_recall': 1.0}."""
    verdict: GateVerdict | None = None
    """None: the gate was not asked, which is as good as a refusal."""
    override: str = ""
    """Why a person lets it go live whatever the gate says. Empty: nobody does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One row of the registry."""

    generation_id: GenerationId
    state: GenerationState
    bundle_id: str
    bundle_path: str
    collection: str
    """Name of its collection in Milvus."""
    index_spec: Mapping[str, object]
    """As `specs.to_dict` wrote it."""
    dims: int
    catalogue_revision: int
    """The bulk load read the catalogue at this revision."""
    created_ms: int
    changed_ms: int
    scores: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """As in Evaluated; so are the verdict and the override."""
    note: str = ""
    """Why it failed, or what was said when it was promoted."""
    verdict: GateVerdict | None = None
    override: str = ""
    lease_until_ms: int | None = None
    """Until then its builder is alive, and the only writer of its index. None: nobody builds it."""
    dropped_ms: int | None = None
    """When its index was given up: from then on it cannot go live. None: it has its index."""

    @property
    def is_fed(self) -> bool:
        """Whether the stream keeps its index fresh. One that is being built has its builder for that; a retired one is
        fed so that a rollback answers with today's items.
        """
        return self.state in _FED and self.dropped_ms is None


_FED = (GenerationState.READY, GenerationState.LIVE, GenerationState.RETIRED)
