"""Index kinds: what Milvus is told, and what is refused before it is."""

import json

import pytest

from multigrain.errors import InvalidSpec
from multigrain.index.specs import KINDS, AutoIndex, Flat, Hnsw, IndexSpec, IvfFlat, from_dict, spec_named, to_dict


@pytest.mark.parametrize(
    ("spec", "build", "search_100"),
    [
        (Flat(), {}, {}),
        (IvfFlat(nlist=2048, nprobe=64), {"nlist": 2048}, {"nprobe": 64}),
        (Hnsw(m=32, ef_construction=300, ef=150), {"M": 32, "efConstruction": 300}, {"ef": 150}),
        (AutoIndex(), {}, {"ef": 100}),
    ],
)
def test_a_kind_says_what_milvus_is_told(spec: IndexSpec, build: dict[str, int], search_100: dict[str, int]) -> None:
    assert spec.build_params() == build
    assert spec.search_params(100) == search_100


@pytest.mark.parametrize("k", [1, 64, 65, 9600, 16_384])
def test_a_graph_is_never_searched_with_less_than_k(k: int) -> None:
    assert Hnsw(ef=64).search_params(k)["ef"] == max(64, k)
    assert AutoIndex().search_params(k)["ef"] == k


def test_under_a_filter_every_cell_is_searched() -> None:
    assert IvfFlat(nlist=2048, nprobe=64).filtered_search_params(100) == {"nprobe": 2048}
    assert Hnsw(ef=64).filtered_search_params(100) == {"ef": 100}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("k", [0, -1, 16_385])
def test_a_k_beyond_a_kinds_limit_is_refused_with_the_limit(kind: type[IndexSpec], k: int) -> None:
    with pytest.raises(InvalidSpec, match=f"{kind.kind} cannot return .*ask for 1 to 16,384") as raised:
        kind().search_params(k)
    assert raised.value.field == "k"
    with pytest.raises(InvalidSpec):
        kind().filtered_search_params(k)


@pytest.mark.parametrize("spec", [Flat(), IvfFlat(nlist=16, nprobe=4), Hnsw(m=8, ef=20), AutoIndex()])
def test_a_spec_comes_back_from_json(spec: IndexSpec) -> None:
    assert from_dict(json.loads(json.dumps(to_dict(spec)))) == spec


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_found_by_its_name(kind: type[IndexSpec]) -> None:
    assert spec_named(kind.kind) == kind()


def test_kinds_have_different_names() -> None:
    assert len({kind.kind for kind in KINDS}) == len(KINDS) == 4


def test_an_unknown_kind_is_answered_with_those_that_exist() -> None:
    with pytest.raises(InvalidSpec, match="'GPU_CAGRA': use one of FLAT, IVF_FLAT, HNSW, AUTOINDEX"):
        spec_named("GPU_CAGRA")
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
        ({"kind": "HNSW", "m": 1}, "m", "give a whole number from 2 to 2,048"),
        ({"kind": "HNSW", "m": 64, "ef_construction": 63}, "ef_construction", "from 64 to"),
        ({"kind": "HNSW", "ef": 0}, "ef", "give a whole number from 1"),
        ({"kind": "HNSW", "M": 16}, "M", "unknown parameter of HNSW: it has m, ef_construction, ef"),
        ({"kind": "FLAT", "nlist": 16}, "nlist", "unknown parameter of FLAT: it has none"),
    ],
)
def test_a_parameter_that_cannot_work_is_named_with_its_cure(stored: dict[str, object], field: str, said: str) -> None:
    with pytest.raises(InvalidSpec, match=said) as raised:
        from_dict(stored)
    assert raised.value.field == field
