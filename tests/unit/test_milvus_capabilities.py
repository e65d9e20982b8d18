"""What is known of a Milvus by its version."""

import logging

import pytest

from multigrain.errors import InvalidConfig
from multigrain.index.milvus_capabilities import lite_capabilities, say_once, server_capabilities


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("2.3.5-lite", (2, 3, 5)),
        ("v2.4.23", (2, 4, 23)),
        ("2.6.10-gpu", (2, 6, 10)),
        ("milvus-2.5.27", (2, 5, 27)),
        ("v3.0", (3, 0, 0)),
    ],
)
def test_a_version_is_read_however_a_server_says_it(said: str, version: tuple[int, int, int]) -> None:
    assert server_capabilities(said).version == version


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        (
            "2.3.5",
            (
                "float16 vectors",
                "int8 vectors",
                "sparse vectors",
                "hybrid search",
                "grouping",
                "BM25",
                "filter templates",
            ),
        ),
        ("2.4.0", ("int8 vectors", "BM25", "filter templates")),
        ("2.5.27", ("int8 vectors",)),
        ("2.6.0", ()),
        ("2.9.1", ()),
        ("3.1.0", ()),
    ],
)
def test_each_line_of_servers_can_more_than_the_one_before(said: str, missing: tuple[str, ...]) -> None:
    assert server_capabilities(said).missing() == missing


def test_milvus_lite_has_words_but_no_templates_and_no_small_vectors() -> None:
    can = lite_capabilities("3.2.2")

    assert (can.lite, can.version, can.bm25) == (True, (3, 2, 2), True)
    assert can.missing() == ("float16 vectors", "int8 vectors", "filter templates")


@pytest.mark.parametrize("said", ["2.2.16", "v1.1.1"])
def test_a_server_before_2_3_is_refused_with_what_to_use_instead(said: str) -> None:
    with pytest.raises(InvalidConfig, match=f"leads to Milvus {said}.*2.3 or later") as refused:
        server_capabilities(said)
    assert refused.value.field == "milvus.uri"


def test_a_server_newer_than_we_know_is_taken_for_the_newest_and_said(caplog: pytest.LogCaptureFixture) -> None:
    can = server_capabilities("4.0.0")

    assert can.missing() == ()
    assert "Milvus 4.0.0 is newer than we know" in caplog.text


def test_a_version_that_is_none_is_taken_for_the_oldest_and_said(caplog: pytest.LogCaptureFixture) -> None:
    assert server_capabilities("nightly-build").version == (2, 3, 0)
    assert "'nightly-build'" in caplog.text


@pytest.mark.parametrize(
    ("said", "is_open"),
    [
        ("2.3.5", True),
        ("2.4.23", True),
        ("2.5.26", True),
        ("2.5.27", False),
        ("2.5.30", False),
        ("2.6.0", True),
        ("2.6.9", True),
        ("2.6.10", False),
        ("2.7.0", False),
        ("3.0.0", False),
    ],
)
def test_a_server_whose_rest_is_open_to_all_is_known(said: str, is_open: bool) -> None:
    assert server_capabilities(said).has_open_rest == is_open


def test_an_operator_is_told_of_an_open_server_and_of_no_other(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)

    say_once("Milvus at http://milvus:19530", server_capabilities("2.6.9"))
    assert "CVE-2026-26190" in caplog.text
    assert "upgrade to 2.6.10" in caplog.text

    caplog.clear()
    for safe in (server_capabilities("2.6.10"), lite_capabilities("3.2.2")):
        say_once("Milvus", safe)
    assert caplog.text == ""
