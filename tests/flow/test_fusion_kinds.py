"""Each way of fusing, asked of a running server, against its definition over the columns that debug sends."""

from collections.abc import Iterator, Sequence

import grpc
import numpy as np
import pytest

from multigrain.answers import Answer, ChannelReport, to_answer
from multigrain.v1 import retrieval_pb2 as pb
from multigrain.v1 import retrieval_pb2_grpc as pb_grpc
from server.request import ChannelName, FusionKind
from server.result import Found, Hits
from tests.flow.serving import open_shop, serving
from tests.unit.server.fusion_definitions import DEFINITIONS

QUERY = "running black shoes summer red adidas"
"""Most of its words say nothing of the brand, so most of the nearest items are of another: there are holes to fill."""

EVEN = dict.fromkeys(ChannelName, 1.0)


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pb_grpc.RetrievalServiceStub]:
    shop = open_shop(tmp_path_factory.mktemp("shop"), items=60)
    with serving(shop) as (server, _), grpc.insecure_channel(server.address) as channel:
        yield pb_grpc.RetrievalServiceStub(channel)


def asked(
    stub: pb_grpc.RetrievalServiceStub, kind: FusionKind, channels: Sequence[pb.ChannelRequest], **fields: object
) -> Answer:
    request = pb.RetrieveRequest(query=QUERY, fusion=int(kind), channels=channels, debug=True, **fields)
    return to_answer(stub.Retrieve(request, timeout=20))


def number(item_id: str) -> int:
    """The shop numbers its items as their ids do."""
    return int(item_id.removeprefix("sku-"))


def found_by(report: ChannelReport) -> Found:
    item_nos = np.array([number(item_id) for item_id in report.item_ids], np.int64)
    return ChannelName[report.channel.upper()], Hits(item_nos, report.scores)


def asked_first(first: str, second: str) -> list[pb.ChannelRequest]:
    return [pb.ChannelRequest(channel=f"CHANNEL_{name}", quota=quota) for name, quota in ((first, 25), (second, 15))]


@pytest.mark.parametrize("order", [("VECTOR", "LEXICAL"), ("LEXICAL", "VECTOR")])
@pytest.mark.parametrize("kind", FusionKind)
def test_the_answer_is_what_the_definition_makes_of_the_channels_columns(
    stub: pb_grpc.RetrievalServiceStub, kind: FusionKind, order: tuple[str, str]
) -> None:
    answer = asked(stub, kind, asked_first(*order), limit=20, relevance_mode="RELEVANCE_MODE_OFF")
    reports = {report.channel.upper(): found_by(report) for report in answer.reports}
    assert [len(reports[name][1]) for name in order] == [25, 15]
    expected = DEFINITIONS[kind]([reports[name] for name in order], EVEN)[:20]
    assert [number(item_id) for item_id in answer.item_ids] == [item for item, _ in expected]
    assert answer.scores == pytest.approx([score for _, score in expected], rel=1e-6)


@pytest.mark.parametrize("kind", FusionKind)
def test_each_row_tells_the_ranks_and_scores_that_the_channels_reported(
    stub: pb_grpc.RetrievalServiceStub, kind: FusionKind
) -> None:
    answer = asked(stub, kind, asked_first("LEXICAL", "VECTOR"), limit=40)
    reported = {report.channel: report for report in answer.reports}
    assert [standing.channel for standing in answer.standings] == ["lexical", "vector"]
    assert len(answer) > 0
    for row in answer.rows():
        assert set(row.ranks) == set(row.channels)
        for channel, rank in row.ranks.items():
            assert reported[channel].item_ids[rank - 1] == row.item_id
            assert reported[channel].scores[rank - 1] == pytest.approx(row.scores[channel])


def test_a_weight_moves_the_answer_towards_its_channel(stub: pb_grpc.RetrievalServiceStub) -> None:
    def weighing(lexical: float) -> Answer:
        channels = [
            pb.ChannelRequest(channel="CHANNEL_VECTOR"),
            pb.ChannelRequest(channel="CHANNEL_LEXICAL", weight=lexical),
        ]
        return asked(stub, FusionKind.WEIGHTED_SCORES, channels, limit=10, relevance_mode="RELEVANCE_MODE_OFF")

    by_vector, by_title = weighing(0), weighing(1000)
    # A channel's last hit is scaled to 0, and so decides nothing.
    assert by_vector.item_ids.tolist()[:9] == list(by_vector.reports[0].item_ids)[:9]
    assert set(by_title.item_ids[:9]) <= set(by_title.reports[1].item_ids)
    assert by_vector.item_ids.tolist() != by_title.item_ids.tolist()


@pytest.mark.parametrize("kind", FusionKind)
def test_holes_are_filled_by_the_way_that_was_asked_for(stub: pb_grpc.RetrievalServiceStub, kind: FusionKind) -> None:
    channels = [pb.ChannelRequest(channel="CHANNEL_LEXICAL", quota=4), pb.ChannelRequest(channel="CHANNEL_VECTOR")]
    answer = asked(stub, kind, channels, limit=8)
    reports = {report.channel.upper(): found_by(report) for report in answer.reports}
    assert len(reports["VECTOR"][1]) > 8  # it was asked deeper
    kept = {number(item_id) for item_id in answer.item_ids}
    fused = DEFINITIONS[kind]([reports["LEXICAL"], reports["VECTOR"]], EVEN)
    assert [number(item_id) for item_id in answer.item_ids] == [item for item, _ in fused if item in kept][:8]
