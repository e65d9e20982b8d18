"""What a request may say of fusion, and what an answer tells of it."""

import math

import numpy as np
import pytest

from multigrain.answers import to_answer
from multigrain.errors import InvalidRequest
from multigrain.types import GenerationId
from multigrain.v1 import retrieval_pb2 as pb
from server.convert import to_request, to_response
from server.fusion import rrf
from server.request import ChannelName, ChannelQuota, FusionKind, Request
from server.result import ChannelReport, Freshness, Hits, Result
from server.understanding.intent import Intent


def asking(fusion: str, **channel: object) -> Request:
    channels = [pb.ChannelRequest(channel="CHANNEL_LEXICAL", **channel)]
    return to_request(pb.RetrieveRequest(query="red dress", fusion=fusion, channels=channels), "r-1")


@pytest.mark.parametrize("kind", FusionKind)
def test_each_kind_can_be_asked_for(kind: FusionKind) -> None:
    assert asking(f"FUSION_{kind.name}").fusion is kind


READING = pytest.mark.parametrize("fusion", ["FUSION_UNSPECIFIED", "FUSION_RECIPROCAL_RANK", "FUSION_WEIGHTED_SCORES"])


@READING
@pytest.mark.parametrize("weight", [0, 0.25, 1e6])
def test_a_weight_arrives(weight: float, fusion: str) -> None:
    expected = (ChannelQuota(ChannelName.LEXICAL, 7, weight),)
    assert asking(fusion, weight=weight, quota=7).channels == expected


@READING
def test_a_weight_that_is_not_set_is_the_usual_one_of_its_channel(fusion: str) -> None:
    assert asking(fusion).channels == (ChannelQuota(ChannelName.LEXICAL, None, 1.0),)
    neighbours = [pb.ChannelRequest(channel="CHANNEL_NEIGHBOURS")]
    named = to_request(pb.RetrieveRequest(query="red dress", fusion=fusion, channels=neighbours), "r-1")
    assert named.channels == (ChannelQuota(ChannelName.NEIGHBOURS, None, 0.3),)
    unnamed = to_request(pb.RetrieveRequest(query="red dress", fusion=fusion), "r-1")
    assert [(one.channel, one.weight) for one in unnamed.channels] == [(1, 1.0), (2, 1.0), (3, 0.3)]


@pytest.mark.parametrize("weight", [-0.001, math.nan, math.inf, -math.inf, 1_000_001])
def test_a_weight_that_is_no_amount_is_refused_by_name(weight: float) -> None:
    with pytest.raises(InvalidRequest) as caught:
        asking("FUSION_WEIGHTED_SCORES", weight=weight)
    assert caught.value.field == "channels[0].weight"
    assert caught.value.cure == "send a number from 0 to 1000000"


@pytest.mark.parametrize("fusion", ["FUSION_INTERLEAVE", "FUSION_UNION"])
def test_a_weight_that_nobody_would_read_is_refused(fusion: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        asking(fusion, weight=1)
    assert caught.value.field == "channels[0].weight"
    assert "FUSION_WEIGHTED_SCORES" in caught.value.cure


def a_result(*, item_ids: tuple[str, ...]) -> Result:
    """Vector found 7 and 8, lexical 8. `item_ids` of the reports: filled for debug."""
    vector = Hits(np.array([7, 8], np.int64), np.array([0.75, 0.5], np.float32))
    lexical = Hits(np.array([8], np.int64), np.array([12.0], np.float32))
    kept = rrf.fuse([(ChannelName.VECTOR, vector), (ChannelName.LEXICAL, lexical)])
    return Result(
        request_id="r-1",
        generation_id=GenerationId("g-1"),
        kept=kept,
        kept_verdicts=np.ones(2, np.uint8),
        item_ids=("sku-8", "sku-7"),
        dropped=kept.take(np.zeros(0, np.int64)),
        dropped_verdicts=np.zeros(0, np.uint8),
        judged=2,
        reports=(ChannelReport(channel=ChannelName.VECTOR, hits=vector, milliseconds=1, item_ids=item_ids),),
        freshness=Freshness(newest_behavior_ms=None, catalogue_revision=1),
        degraded=(),
        intent=Intent(),
    )


def test_with_debug_an_answer_tells_rank_and_score_of_each_channel() -> None:
    answer = to_answer(to_response(a_result(item_ids=("sku-7", "sku-8"))))
    assert [(one.channel, one.ranks.tolist()) for one in answer.standings] == [("vector", [2, 1]), ("lexical", [1, 0])]
    assert answer.standings[1].scores.tolist() == pytest.approx([12.0, math.nan], nan_ok=True)
    first, second = answer.rows()
    assert (first.ranks, first.scores) == ({"vector": 2, "lexical": 1}, {"vector": 0.5, "lexical": 12.0})
    assert (second.ranks, second.scores) == ({"vector": 1}, {"vector": 0.75})


def test_without_debug_it_tells_neither() -> None:
    answer = to_answer(to_response(a_result(item_ids=())))
    assert answer.standings == ()
    assert [(row.ranks, row.scores) for row in answer.rows()] == [({}, {}), ({}, {})]
