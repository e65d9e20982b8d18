"""Which index kind suits a catalogue, and what it will cost; or why none does. Pure: it asks no server.

READ FIRST: `plan`. What its figures rest on is said in estimates.py; the canary and `multigrain index tune` measure.
"""

from dataclasses import dataclass

from multigrain.errors import InvalidSpec
from multigrain.index.estimates import Estimate
from multigrain.index.specs import KINDS, DiskAnn, Flat, IndexSpec, IvfFlat, IvfPq, IvfSq8, MemoryScan, spec_named
from multigrain.index.suitability import AUTO_RECALL, CPU_SERVER, GPU_KINDS, UNPROVEN, Machine, Need, Option, look_at

AUTO = "AUTO"
FLAT_MAX_ITEMS = 50_000
"""A server compares this many with a query in a few milliseconds; there is nothing to win by approximating."""
LARGE_ON_SERVER = tuple(kind.kind for kind in (IvfFlat, IvfSq8, IvfPq, DiskAnn))
"""What a large catalogue gets on a server without a GPU: the first that fits and finds enough."""
NAMED_ALTERNATIVES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A kind that was looked at."""

    kind: str
    estimate: Estimate | None
    """None: it cannot work here."""
    problem: str
    """Why it cannot, and what to do. Empty: it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An index that will work here."""

    spec: IndexSpec
    expected_recall: float
    search_ms: float
    """Estimated, of one query."""
    memory_bytes: int
    """In the index server, loaded."""
    gpu_bytes: int
    """On its GPU; for a graph that is only made there, while it is made."""
    process_bytes: int
    """In the process that serves."""
    reason: str
    """For people: why this kind, and what the others would cost."""
    alternatives: tuple[Alternative, ...]
    """Every other kind, the quickest first; those that cannot work last."""


def plan(
    items: int,
    dims: int,
    k: int,
    *,
    lite: bool,
    kind: str = AUTO,
    recall: float | None = None,
    machine: Machine = CPU_SERVER,
) -> Plan:
    """A plan for `items` vectors of `dims` and answers of up to `k`. Raises InvalidSpec when none can work.

    `recall`: what must be expected of it. None: 0.95 of AUTO, and of a kind by name whatever that kind gives.
    """
    if items < 0:
        raise InvalidSpec("items", f"is {items}", cure="give the number of items in the catalogue")
    if recall is not None and not 0 < recall <= 1:
        raise InvalidSpec("recall", f"is {recall}", cure="give a share above 0 and up to 1, such as 0.98")
    if kind == AUTO and recall is None:
        recall = AUTO_RECALL
    need = Need(items, dims, k, recall, machine, lite)
    looked_at = {known.kind: look_at(known.kind, need) for known in KINDS}
    works = [option for option in looked_at.values() if isinstance(option, Option)]
    chosen, why = _automatic(need, looked_at) if kind == AUTO else (_named(kind, looked_at), "asked for")
    return Plan(
        spec=chosen.spec,
        expected_recall=chosen.estimate.recall,
        search_ms=chosen.estimate.search_ms,
        memory_bytes=chosen.estimate.server_bytes,
        gpu_bytes=chosen.estimate.gpu_bytes,
        process_bytes=chosen.estimate.process_bytes,
        reason=_reason(why, chosen, [option for option in works if option.kind != chosen.kind]),
        alternatives=_alternatives({name: seen for name, seen in looked_at.items() if name != chosen.kind}),
    )


def _automatic(need: Need, looked_at: dict[str, Option | InvalidSpec]) -> tuple[Option, str]:
    """The usual kind for the CPU, or what is estimated to be quicker than it in memory or on a GPU that is there."""
    usual, why = _usual(need, looked_at)
    kinds = GPU_KINDS if need.machine.scan_bytes is None else (MemoryScan.kind, *GPU_KINDS)
    works = [option for option in (usual, *(looked_at[kind] for kind in kinds)) if isinstance(option, Option)]
    if not works:
        assert isinstance(usual, InvalidSpec)
        raise _with_what_works(usual, [option for option in looked_at.values() if isinstance(option, Option)])
    quickest = min(works, key=lambda option: option.estimate.search_ms)
    if quickest is usual:
        return quickest, why
    if isinstance(quickest.spec, MemoryScan):
        return quickest, f"{need.items:,} vectors fit into what the serving process may hold, and no call is quicker"
    return quickest, f"the quickest at k = {need.k:,} by estimate"


def _usual(need: Need, looked_at: dict[str, Option | InvalidSpec]) -> tuple[Option | InvalidSpec, str]:
    items = f"{need.items:,} items"
    if need.lite and need.items > FLAT_MAX_ITEMS:
        why = f"Milvus Lite is right only with FLAT; {items} will be slow there: use a Milvus server"
        return looked_at[Flat.kind], why
    if need.lite:
        return looked_at[Flat.kind], f"Milvus Lite is exact with FLAT, and {items} are few"
    if need.items <= FLAT_MAX_ITEMS:
        return looked_at[Flat.kind], f"exact, and quick up to {FLAT_MAX_ITEMS:,} items"
    for kind in LARGE_ON_SERVER:
        option = looked_at[kind]
        if isinstance(option, Option) and kind == IvfFlat.kind:
            return option, f"{items} are too many to compare each; IVF_FLAT builds fast and serves a large k"
        if isinstance(option, Option):
            return option, f"{_problem(looked_at[IvfFlat.kind])}; {kind} needs less"
    return _least_refusal([looked_at[kind] for kind in LARGE_ON_SERVER]), ""


def _problem(refused: Option | InvalidSpec) -> str:
    return refused.problem if isinstance(refused, InvalidSpec) else ""


def _least_refusal(refused: list[Option | InvalidSpec]) -> Option | InvalidSpec:
    """Where memory is all that is missing, of the kind that misses least; else the first."""
    lacking = [refusal for refusal in refused if isinstance(refusal, InvalidSpec) and refusal.field == "memory"]
    return lacking[-1] if lacking else refused[0]


def _named(kind: str, looked_at: dict[str, Option | InvalidSpec]) -> Option:
    found = looked_at[spec_named(kind).kind]
    if isinstance(found, InvalidSpec):
        raise _with_what_works(found, [option for option in looked_at.values() if isinstance(option, Option)])
    return found


def _with_what_works(refusal: InvalidSpec, works: list[Option]) -> InvalidSpec:
    if not works:
        return refusal
    proven_first = sorted(works, key=lambda option: (option.kind in UNPROVEN, _cost(option)))
    names = ", ".join(option.kind for option in proven_first[:NAMED_ALTERNATIVES])
    return InvalidSpec(refusal.field, refusal.problem, cure=f"{refusal.cure}; or use {names}, which would work here")


def _reason(why: str, chosen: Option, others: list[Option]) -> str:
    parts = [why]
    spec = chosen.spec
    if spec.partitions > 1:
        parts.append(f"one search gives {spec.advised_k:,}, so {spec.partitions} partitions are searched and merged")
    if chosen.kind in UNPROVEN:
        parts.append("never run by us: let the canary and `multigrain index tune` judge it")
    parts.append(f"about {chosen.estimate.search_ms:.1f} ms a search by estimate")
    cheapest = sorted(others, key=_cost)[:NAMED_ALTERNATIVES]
    if cheapest:
        named = ", ".join(f"{option.kind} {option.estimate.search_ms:.1f}" for option in cheapest)
        parts[-1] += f" ({named})"
    return "; ".join(parts)


def _alternatives(looked_at: dict[str, Option | InvalidSpec]) -> tuple[Alternative, ...]:
    works = sorted((option for option in looked_at.values() if isinstance(option, Option)), key=_cost)
    return (
        *(Alternative(kind=option.kind, estimate=option.estimate, problem="") for option in works),
        *(
            Alternative(kind=kind, estimate=None, problem=f"{refusal.problem}: {refusal.cure}")
            for kind, refusal in looked_at.items()
            if isinstance(refusal, InvalidSpec)
        ),
    )


def _cost(option: Option) -> float:
    return option.estimate.search_ms
