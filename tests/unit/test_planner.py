"""Which index kind suits a catalogue."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from multigrain.errors import InvalidSpec
from multigrain.index.planner import AUTO, FLAT_MAX_ITEMS, Plan, plan
from multigrain.index.specs import KINDS, Flat, GpuBruteForce, Hnsw, IvfFlat, IvfSq8, MemoryScan
from multigrain.index.suitability import UNPROVEN, Machine

MILLION = 1_000_000
GB = 10**9
NAMES = [kind.kind for kind in KINDS]


@pytest.mark.parametrize(("items", "lite"), [(0, True), (1000, True), (MILLION, True), (0, False), (50_000, False)])
def test_exact_search_is_chosen_where_it_is_quick_or_alone_right(items: int, lite: bool) -> None:
    chosen = plan(items, 64, 1000, lite=lite)

    assert chosen.spec == Flat()
    assert chosen.expected_recall == 1.0


def test_a_large_catalogue_on_milvus_lite_is_told_to_move() -> None:
    assert "use a Milvus server" in plan(50_001, 64, 1000, lite=True).reason


def test_a_large_catalogue_on_a_server_gets_cells() -> None:
    chosen = plan(MILLION, 64, 1000, lite=False)

    assert chosen.spec == IvfFlat(nlist=500, nprobe=125)
    assert "1,000,000 items" in chosen.reason


def test_enough_cells_are_searched_to_fill_a_large_k() -> None:
    spec = plan(200_000, 64, 10_000, lite=False).spec

    assert isinstance(spec, IvfFlat)
    assert spec.nprobe * (200_000 / spec.nlist) >= 12 * 10_000


def test_memory_counts_vectors_links_and_what_comes_with_them() -> None:
    flat = plan(MILLION, 64, 100, lite=False, kind="FLAT").memory_bytes
    graph = plan(MILLION, 64, 100, lite=False, kind="HNSW").memory_bytes

    assert flat == MILLION * (64 * 4 + 256)
    assert graph == flat + MILLION * 2 * 16 * 4
    assert plan(MILLION, 64, 100, lite=False, kind="IVF_SQ8").memory_bytes == MILLION * (64 + 256)


def test_a_kind_asked_for_is_taken() -> None:
    assert plan(1000, 64, 100, lite=False, kind="HNSW").spec == Hnsw()
    assert plan(100, 64, 100, lite=False, kind="IVF_FLAT").spec == IvfFlat(nlist=20, nprobe=20)


@pytest.mark.parametrize("lite", [True, False])
def test_more_than_milvus_returns_is_refused(lite: bool) -> None:
    with pytest.raises(InvalidSpec, match="FLAT cannot return 16,385: ask for 1 to 16,384"):
        plan(1000, 64, 16_385, lite=lite)


@pytest.mark.parametrize("kind", ["HNSW", "AUTOINDEX"])
def test_a_graph_on_milvus_lite_is_refused_because_filters_lose_its_rows(kind: str) -> None:
    with pytest.raises(InvalidSpec, match=f"{kind} on Milvus Lite .*use FLAT, or a Milvus server") as raised:
        plan(1000, 64, 100, lite=True, kind=kind)
    assert raised.value.field == "kind"


@pytest.mark.parametrize("kind", ["IVF_PQ", "SCANN", "DISKANN", "GPU_CAGRA"])
def test_what_milvus_lite_would_never_build_is_refused(kind: str) -> None:
    with pytest.raises(InvalidSpec, match="taken without a word and never built"):
        plan(1000, 64, 100, lite=True, kind=kind)


def test_what_nobody_knows_is_refused() -> None:
    with pytest.raises(InvalidSpec, match="unknown index kind 'FASTEST'"):
        plan(1000, 64, 100, lite=False, kind="FASTEST")


@pytest.mark.parametrize(("items", "dims", "field"), [(-1, 64, "items"), (10, 0, "dims"), (10, 32_769, "dims")])
def test_sizes_that_cannot_be_are_refused(items: int, dims: int, field: str) -> None:
    with pytest.raises(InvalidSpec) as raised:
        plan(items, dims, 100, lite=False)
    assert raised.value.field == field


@pytest.mark.parametrize("recall", [0.0, -0.1, 1.01])
def test_a_recall_that_is_no_share_is_refused(recall: float) -> None:
    with pytest.raises(InvalidSpec, match="give a share above 0"):
        plan(10, 64, 10, lite=False, recall=recall)


def test_a_higher_recall_is_bought_with_more_cells() -> None:
    probes = [_ivf(plan(MILLION, 64, 100, lite=False, recall=recall)).nprobe for recall in (0.5, 0.98, 0.99, 1.0)]
    assert probes == [125, 125, 250, 500]


def test_a_recall_beyond_a_kind_is_refused_with_those_that_reach_it() -> None:
    with pytest.raises(InvalidSpec, match=r"IVF_PQ is expected to find 0.860 .*; or use .* would work here") as raised:
        plan(MILLION, 64, 100, lite=False, kind="IVF_PQ", recall=0.99)
    assert raised.value.field == "recall"
    assert plan(MILLION, 64, 100, lite=False, kind="IVF_PQ").expected_recall < 0.99


def test_a_server_too_small_for_the_vectors_gets_a_byte_a_component() -> None:
    small = Machine(memory_bytes=6 * GB)
    chosen = plan(10 * MILLION, 128, 1000, lite=False, machine=small)

    assert isinstance(chosen.spec, IvfSq8)
    assert "10,000,000 x 128 need 7.7 GB of memory of the index server as IVF_FLAT, 6.0 GB are there" in chosen.reason


def test_a_server_too_small_for_anything_is_told_the_least_that_would_do() -> None:
    with pytest.raises(InvalidSpec, match=r"need 3\.7 GB of memory of the index server as DISK.*give it 3") as raised:
        plan(10 * MILLION, 128, 1000, lite=False, machine=Machine(memory_bytes=GB))
    assert raised.value.field == "memory"


def test_a_gpu_too_small_for_a_kind_is_told_what_would_work() -> None:
    said = (
        r"10,000,000 x 128 need 9\.2 GB of GPU memory as GPU_CAGRA, 8\.0 GB are there: give it 9\.2 GB; or use .*HNSW"
    )
    with pytest.raises(InvalidSpec, match=said):
        plan(10 * MILLION, 128, 100, lite=False, kind="GPU_CAGRA", machine=Machine(gpu_bytes=8 * GB))


def test_without_a_gpu_its_kinds_are_refused() -> None:
    with pytest.raises(InvalidSpec, match="GPU_BRUTE_FORCE needs a GPU in the index server"):
        plan(1000, 64, 100, lite=False, kind="GPU_BRUTE_FORCE")


@pytest.mark.parametrize(("kind", "k", "partitions"), [("GPU_IVF_FLAT", 1024, 1), ("GPU_IVF_FLAT", 9600, 11)])
def test_a_k_beyond_the_gpus_limit_is_dealt_to_partitions(kind: str, k: int, partitions: int) -> None:
    chosen = plan(MILLION, 128, k, lite=False, kind=kind, machine=Machine(gpu_bytes=16 * GB))

    assert chosen.spec.partitions == partitions
    assert chosen.spec.part_k(k) <= 1024
    assert ("partitions are searched and merged" in chosen.reason) == (partitions > 1)
    assert "never run by us" in chosen.reason


def test_comparing_each_on_a_gpu_is_dealt_to_partitions_at_what_is_advised() -> None:
    chosen = plan(MILLION, 128, 9600, lite=False, kind="GPU_BRUTE_FORCE", machine=Machine(gpu_bytes=16 * GB))

    assert chosen.spec == GpuBruteForce(partitions=3)


def test_cagra_on_large_segments_is_expected_to_find_little() -> None:
    gpu = Machine(gpu_bytes=16 * GB)

    assert plan(100_000, 64, 100, lite=False, kind="GPU_CAGRA", machine=gpu).expected_recall == 0.95
    with pytest.raises(InvalidSpec, match=r"GPU_CAGRA is expected to find 0\.600"):
        plan(MILLION, 64, 100, lite=False, kind="GPU_CAGRA", recall=0.95, machine=gpu)


def test_the_reason_names_what_the_others_would_cost() -> None:
    chosen = plan(MILLION, 128, 9600, lite=False, machine=Machine(gpu_bytes=16 * GB))
    works = [other for other in chosen.alternatives if other.estimate]

    assert len(works) > 3
    for other in works[:3]:
        assert other.estimate is not None
        assert f"{other.kind} {other.estimate.search_ms:.1f}" in chosen.reason
    assert f"{chosen.search_ms:.1f} ms a search by estimate" in chosen.reason


def test_every_other_kind_is_an_alternative_or_says_why_not() -> None:
    chosen = plan(MILLION, 63, 9600, lite=False)

    assert {other.kind for other in chosen.alternatives} == set(NAMES) - {chosen.spec.kind}
    refused = {other.kind: other.problem for other in chosen.alternatives if other.problem}
    assert "which is odd" in refused["SCANN"]
    assert "needs a GPU" in refused["GPU_CAGRA"]
    assert "HNSW" not in refused


def test_vectors_are_scanned_in_memory_only_where_that_is_allowed_and_quicker() -> None:
    allowed = Machine(scan_bytes=8 * GB)

    assert isinstance(plan(MILLION, 128, 9600, lite=False).spec, IvfFlat)
    assert isinstance(plan(MILLION, 128, 9600, lite=False, machine=allowed).spec, MemoryScan)
    assert isinstance(plan(10 * MILLION, 128, 100, lite=False, machine=allowed).spec, IvfFlat), "a scan reads them all"
    assert isinstance(plan(MILLION, 128, 9600, lite=False, machine=Machine(scan_bytes=GB // 10)).spec, IvfFlat)
    assert isinstance(plan(200_000, 64, 1000, lite=True, machine=allowed).spec, MemoryScan)


def test_a_scan_in_memory_takes_8_bits_a_component_unless_more_is_demanded() -> None:
    allowed = Machine(scan_bytes=8 * GB)
    scans = [
        plan(MILLION, 128, 9600, lite=False, kind="MEMORY_SCAN", recall=recall, machine=allowed)
        for recall in (0.98, 1.0)
    ]

    assert [scan.spec for scan in scans] == [MemoryScan(bits=8), MemoryScan(bits=32)]
    assert [scan.process_bytes for scan in scans] == [MILLION * (2 * 128 + 260), MILLION * (4 * 128 + 260)]


def test_more_than_a_server_returns_is_scanned_in_memory_where_that_is_allowed() -> None:
    assert isinstance(plan(MILLION, 64, 20_000, lite=False, machine=Machine(scan_bytes=GB)).spec, MemoryScan)


def test_more_cores_compare_sooner() -> None:
    one, many = (plan(MILLION, 128, 100, lite=False, machine=Machine(cores=cores)).search_ms for cores in (1, 16))
    assert many < one / 2


machines = st.builds(
    Machine,
    cores=st.integers(1, 128),
    memory_bytes=st.none() | st.integers(0, 10**12),
    gpu_bytes=st.just(0) | st.integers(0, 10**12),
    scan_bytes=st.none() | st.integers(0, 10**12),
)


@settings(deadline=None)
@given(
    items=st.integers(0, 10**8),
    dims=st.integers(0, 1025),
    k=st.integers(-1, 20_000),
    lite=st.booleans(),
    kind=st.sampled_from([AUTO, AUTO, *NAMES]),
    recall=st.none() | st.floats(0.01, 1),
    machine=machines,
)
@example(items=0, dims=64, k=1, lite=False, kind="IVF_FLAT", recall=1.0, machine=Machine())
@example(items=10**8, dims=1024, k=16_384, lite=False, kind="AUTO", recall=None, machine=Machine(gpu_bytes=10**12))
def test_a_plan_holds_what_was_asked_and_a_refusal_has_a_cure(
    items: int, dims: int, k: int, lite: bool, kind: str, recall: float | None, machine: Machine
) -> None:
    try:
        chosen = plan(items, dims, k, lite=lite, kind=kind, recall=recall, machine=machine)
    except InvalidSpec as refused:
        refusal = refused
    else:
        refusal = None
    if refusal is not None:
        assert refusal.cure
        assert refusal.field
        return
    chosen.spec.check_k(k)
    chosen.spec.check_dims(dims)
    assert chosen.spec.search_params(chosen.spec.part_k(k)) is not None
    assert chosen.spec.part_k(k) <= chosen.spec.advised_k
    assert kind in (AUTO, chosen.spec.kind)
    assert chosen.expected_recall >= (recall or (0.95 if kind == AUTO else 0))
    assert machine.memory_bytes is None or chosen.memory_bytes <= machine.memory_bytes
    assert chosen.gpu_bytes <= machine.gpu_bytes
    assert machine.scan_bytes is None or chosen.process_bytes <= machine.scan_bytes
    assert machine.scan_bytes is not None or kind == "MEMORY_SCAN" or not chosen.process_bytes
    assert chosen.search_ms > 0 or items == 0
    assert ("never run by us" in chosen.reason) == (chosen.spec.kind in UNPROVEN)


@settings(deadline=None)
@given(items=st.integers(0, 10**7), dims=st.sampled_from([32, 64, 128]), k=st.integers(1, 10_000), lite=st.booleans())
def test_a_plain_server_gets_what_it_always_got(items: int, dims: int, k: int, lite: bool) -> None:
    spec = plan(items, dims, k, lite=lite).spec
    assert isinstance(spec, Flat if lite or items <= FLAT_MAX_ITEMS else IvfFlat)


@settings(deadline=None)
@given(items=st.integers(1, 10**7), k=st.integers(1, 10_000))
def test_more_to_serve_with_never_makes_it_slower(items: int, k: int) -> None:
    plain = Machine()
    rich = replace(plain, gpu_bytes=10**12, scan_bytes=10**12)
    slow, quick = (plan(items, 64, k, lite=False, machine=machine).search_ms for machine in (plain, rich))
    assert quick <= slow


def _ivf(chosen: Plan) -> IvfFlat:
    assert isinstance(chosen.spec, IvfFlat)
    return chosen.spec
