"""Index kinds: what Milvus is told, and what is refused before it is."""

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain.errors import InvalidSpec
from multigrain.index.specs import (
    KINDS,
    AutoIndex,
    DiskAnn,
    Flat,
    GpuBruteForce,
    GpuCagra,
    GpuCagraForCpu,
    GpuIvfFlat,
    GpuIvfPq,
    Hnsw,
    IndexSpec,
    IvfFlat,
    IvfPq,
    IvfSq8,
    MemoryScan,
    Params,
    Scann,
    from_dict,
    same_build,
    spec_named,
    to_dict,
)

CAGRA_BUILD = {
    "intermediate_graph_degree": 64,
    "graph_degree": 32,
    "build_algo": "NN_DESCENT",
    "cache_dataset_on_device": "false",
}
SMALL_GRAPH = {"intermediate_graph_degree": 64, "graph_degree": 32, "build_algo": "NN_DESCENT"}
TOLD: tuple[tuple[IndexSpec, Params, Params], ...] = (
    (Flat(), {}, {}),
    (IvfFlat(nlist=2048, nprobe=64), {"nlist": 2048}, {"nprobe": 64}),
    (IvfSq8(nlist=2048, nprobe=64), {"nlist": 2048}, {"nprobe": 64}),
    (IvfPq(nlist=64, nprobe=8, m=32, nbits=6), {"nlist": 64, "m": 32, "nbits": 6}, {"nprobe": 8}),
    (Scann(nlist=64, nprobe=8, reorder_k=500), {"nlist": 64}, {"nprobe": 8, "reorder_k": 500}),
    (Hnsw(m=32, ef_construction=300, ef=150), {"M": 32, "efConstruction": 300}, {"ef": 150}),
    (DiskAnn(search_list=200), {}, {"search_list": 200}),
    (AutoIndex(), {}, {"ef": 100}),
    (GpuBruteForce(), {}, {}),
    (GpuIvfFlat(nlist=64, nprobe=8), {"nlist": 64}, {"nprobe": 8}),
    (GpuIvfPq(nlist=64, nprobe=8, m=16), {"nlist": 64, "m": 16, "nbits": 8}, {"nprobe": 8}),
    (GpuCagra(**SMALL_GRAPH, itopk_size=256), CAGRA_BUILD, {"itopk_size": 256, "search_width": 4}),
    (GpuCagraForCpu(**SMALL_GRAPH, ef=200), {**CAGRA_BUILD, "adapt_for_cpu": "true"}, {"ef": 200}),
    (MemoryScan(bits=32), {}, {}),
)


@pytest.mark.parametrize(("spec", "build", "search_100"), TOLD, ids=lambda told: getattr(told, "kind", ""))
def test_a_kind_says_what_milvus_is_told(spec: IndexSpec, build: Params, search_100: Params) -> None:
    assert spec.build_params() == build
    assert spec.search_params(100) == search_100


def test_every_kind_is_in_the_table_above() -> None:
    assert tuple(type(spec) for spec, _, _ in TOLD) == KINDS


def test_milvus_knows_every_kind_by_its_name_but_two() -> None:
    ours = {kind.kind: kind().milvus_kind for kind in KINDS if kind().milvus_kind != kind.kind}
    assert ours == {"MEMORY_SCAN": "FLAT", "GPU_CAGRA_FOR_CPU": "GPU_CAGRA"}


@pytest.mark.parametrize("k", [1, 64, 65, 9600, 16_384])
def test_candidates_of_a_search_are_never_fewer_than_k(k: int) -> None:
    assert Hnsw(ef=64).search_params(k)["ef"] == max(64, k)
    assert AutoIndex().search_params(k)["ef"] == k
    assert GpuCagraForCpu(ef=64).search_params(k)["ef"] == max(64, k)
    assert DiskAnn(search_list=64).search_params(k)["search_list"] == max(64, k)
    assert Scann(reorder_k=64).search_params(k)["reorder_k"] == max(64, k)


@given(k=st.integers(1, 1024), itopk_size=st.integers(1, 32).map(lambda warps: 32 * warps))
def test_cagra_holds_a_multiple_of_32_candidates_and_at_least_k(k: int, itopk_size: int) -> None:
    held = GpuCagra(itopk_size=itopk_size).search_params(k)["itopk_size"]
    assert isinstance(held, int)
    assert held % 32 == 0
    assert max(k, itopk_size) <= held < max(k, itopk_size) + 32


@pytest.mark.parametrize("kind", [IvfFlat, IvfSq8, IvfPq, Scann, GpuIvfFlat, GpuIvfPq])
def test_under_a_filter_every_cell_is_searched(kind: type[IvfFlat]) -> None:
    spec = kind(nlist=2048, nprobe=64)
    assert spec.filtered_search_params(100) == {**spec.search_params(100), "nprobe": 2048}


def test_a_graph_is_searched_under_a_filter_as_without() -> None:
    assert Hnsw(ef=64).filtered_search_params(100) == {"ef": 100}


LIMITS = {
    "GPU_IVF_FLAT": 1_024,
    "GPU_IVF_PQ": 1_024,
    "GPU_CAGRA": 1_024,
    "MEMORY_SCAN": 1_000_000,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_k_beyond_a_kinds_limit_is_refused_with_the_limit(kind: type[IndexSpec]) -> None:
    limit = LIMITS.get(kind.kind, 16_384)
    for k in (0, -1, limit + 1):
        with pytest.raises(InvalidSpec, match=f"{kind.kind} cannot return .*ask for 1 to {limit:,}") as raised:
            kind().search_params(k)
        assert raised.value.field == "k"
        with pytest.raises(InvalidSpec):
            kind().filtered_search_params(k)
        with pytest.raises(InvalidSpec):
            kind().check_k(k)
    kind().check_k(limit)
    assert kind().deepest == limit


def test_comparing_each_on_a_gpu_is_advised_only_up_to_4096() -> None:
    assert (GpuBruteForce().advised_k, GpuBruteForce().max_k) == (4_096, 16_384)
    assert GpuIvfFlat().advised_k == GpuIvfFlat.max_k


@settings(deadline=None)
@given(partitions=st.integers(2, 1024), kind=st.sampled_from(KINDS))
def test_the_deepest_answer_is_the_last_whose_parts_one_search_can_give(partitions: int, kind: type[IndexSpec]) -> None:
    spec = kind(partitions=partitions)
    assert spec.part_k(spec.deepest) <= spec.max_k < spec.part_k(spec.deepest + 1)
    spec.check_k(spec.deepest)
    with pytest.raises(InvalidSpec, match=f"ask for 1 to {spec.deepest:,}"):
        spec.check_k(spec.deepest + 1)


@given(partitions=st.integers(1, 1024), k=st.integers(1, 20_000))
def test_partitions_together_are_asked_for_k_and_more(partitions: int, k: int) -> None:
    part = GpuIvfFlat(partitions=partitions).part_k(k)
    assert part <= k
    assert part * partitions >= k


def test_of_one_partition_no_more_is_asked_than_one_search_gives() -> None:
    spec = GpuCagra(partitions=16)
    spec.check_k(9_600)
    assert spec.search_params(spec.part_k(9_600))["itopk_size"] == 704
    with pytest.raises(InvalidSpec, match="ask for 1 to 1,024"):
        spec.search_params(9_600)


@pytest.mark.parametrize("kind", KINDS)
def test_a_spec_comes_back_from_json(kind: type[IndexSpec]) -> None:
    for spec in (kind(), kind(partitions=7)):
        assert from_dict(json.loads(json.dumps(to_dict(spec)))) == spec


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_stored_without_partitions_has_one(kind: type[IndexSpec]) -> None:
    stored = to_dict(kind())
    del stored["partitions"]
    assert from_dict(stored) == kind()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_found_by_its_name(kind: type[IndexSpec]) -> None:
    assert spec_named(kind.kind) == kind()


def test_kinds_have_different_names() -> None:
    assert len({kind.kind for kind in KINDS}) == len(KINDS) == 14


def test_an_unknown_kind_is_answered_with_those_that_exist() -> None:
    with pytest.raises(InvalidSpec, match=r"'FASTEST': use one of FLAT, IVF_FLAT, .*MEMORY_SCAN"):
        spec_named("FASTEST")
    with pytest.raises(InvalidSpec, match="unknown index kind None"):
        from_dict({})


@pytest.mark.parametrize(
    ("stored", "field", "said"),
    [
        ({"kind": "IVF_FLAT", "nlist": 0}, "nlist", "give a whole number from 1 to 65,536"),
        ({"kind": "IVF_FLAT", "nlist": 65_537}, "nlist", "give a whole number from 1 to 65,536"),
        ({"kind": "IVF_FLAT", "nlist": 8, "nprobe": 9}, "nprobe", "give a whole number from 1 to 8"),
        ({"kind": "IVF_FLAT", "nlist": "1024"}, "nlist", "is '1024'"),
        ({"kind": "IVF_FLAT", "nlist": True}, "nlist", "is True"),
        ({"kind": "IVF_PQ", "m": 0}, "m", "give a whole number from 1"),
        ({"kind": "IVF_PQ", "nbits": 17}, "nbits", "from 1 to 16"),
        ({"kind": "SCANN", "reorder_k": 0}, "reorder_k", "from 1 to 1,000,000"),
        ({"kind": "HNSW", "m": 1}, "m", "give a whole number from 2 to 2,048"),
        ({"kind": "HNSW", "m": 64, "ef_construction": 63}, "ef_construction", "from 64 to"),
        ({"kind": "HNSW", "ef": 0}, "ef", "give a whole number from 1"),
        ({"kind": "HNSW", "M": 16}, "M", "unknown parameter of HNSW: it has partitions, m, ef_construction, ef"),
        ({"kind": "FLAT", "nlist": 16}, "nlist", "unknown parameter of FLAT: it has partitions"),
        ({"kind": "FLAT", "partitions": 0}, "partitions", "from 1 to 1,024"),
        ({"kind": "DISKANN", "search_list": 0}, "search_list", "from 1 to 65,536"),
        ({"kind": "GPU_CAGRA", "graph_degree": 128}, "graph_degree", "from 1 to 127"),
        ({"kind": "GPU_CAGRA", "itopk_size": 100}, "itopk_size", "give a multiple of 32"),
        ({"kind": "GPU_CAGRA", "build_algo": "BEST"}, "build_algo", "give IVF_PQ or NN_DESCENT"),
        ({"kind": "GPU_IVF_PQ", "nbits": 3}, "nbits", "from 4 to 8"),
        ({"kind": "MEMORY_SCAN", "bits": 16}, "bits", "give 8 or 32"),
        ({"kind": "MEMORY_SCAN", "bits": 8.0}, "bits", "give 8 or 32"),
    ],
)
def test_a_parameter_that_cannot_work_is_named_with_its_cure(stored: dict[str, object], field: str, said: str) -> None:
    with pytest.raises(InvalidSpec, match=said) as raised:
        from_dict(stored)
    assert raised.value.field == field


@pytest.mark.parametrize(
    ("spec", "dims", "field", "said"),
    [
        (IvfPq(m=16), 100, "m", "which does not divide 100 dims: give 1, 2, 4, 5, 10, 20, 25, 50, 100"),
        (GpuIvfPq(m=48), 64, "m", "does not divide 64 dims"),
        (Scann(), 63, "dims", "odd"),
        (Flat(), 0, "dims", "train towers of 1 to 32,768"),
        (Scann(), 32_770, "dims", "train towers of 1 to 32,768"),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_vectors_that_a_kind_cannot_cut_are_refused(spec: IndexSpec, dims: int, field: str, said: str) -> None:
    with pytest.raises(InvalidSpec, match=said) as raised:
        spec.check_dims(dims)
    assert raised.value.field == field


def test_vectors_that_can_be_cut_are_taken() -> None:
    IvfPq(m=16).check_dims(64)
    GpuIvfPq(m=0).check_dims(63)
    Scann().check_dims(64)
    Hnsw().check_dims(63)


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_a_search_is_told_may_change_after_building(kind: type[IndexSpec]) -> None:
    """A field in `search_fields` changes nothing that Milvus builds; every other changes the build."""
    spec = kind()
    for field in fields(spec):
        changed = replace(spec, **{field.name: OTHER[field.name]})
        assert same_build(spec, changed) == (field.name in kind.search_fields), field.name
        if field.name in kind.search_fields:
            assert changed.build_params() == spec.build_params()
        elif field.name != "partitions":
            assert changed.build_params() != spec.build_params()


OTHER: dict[str, object] = {
    "partitions": 2,
    "nlist": 512,
    "nprobe": 7,
    "m": 8,
    "nbits": 4,
    "reorder_k": 77,
    "ef": 77,
    "ef_construction": 77,
    "search_list": 77,
    "bits": 32,
    "itopk_size": 64,
    "search_width": 2,
    "graph_degree": 16,
    "intermediate_graph_degree": 72,
    "build_algo": "NN_DESCENT",
}


def test_kinds_with_equal_parameters_are_different_builds() -> None:
    assert not same_build(IvfFlat(), IvfSq8())
    assert not same_build(Flat(), MemoryScan())
