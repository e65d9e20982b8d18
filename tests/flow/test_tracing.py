"""What a collector is sent of the calls, and what a server does without one."""

import logging
import subprocess
import sys
import time
from pathlib import Path

import grpc
import pytest

from multigrain.client_channel import open_channel
from multigrain.errors import Missing
from multigrain.settings import TelemetrySettings
from multigrain.v1 import retrieval_pb2 as pb
from multigrain.v1 import retrieval_pb2_grpc as pb_grpc
from server.channels import all_channels
from server.channels.channel import Channel
from server.channels.lexical_index import LexicalIndex
from server.lifecycle import Server
from server.request import ChannelName
from server.timing import collector as collector_module
from server.timing import tracing
from server.timing.tracing import open_traces
from tests.builders import a_behavior
from tests.flow.collector import Collector, attributes, collecting
from tests.flow.serving import Shop, open_shop, serving
from tests.flow.troubled import BrokenChannel

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED, NOT_SAMPLED = f"00-{TRACE}-{CALLER}-01", f"00-{'c' * 32}-{CALLER}-00"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = open_shop(tmp_path_factory.mktemp("shop"))
    made.features.record([a_behavior("sku-3", user_id="user-1")], [])
    return made


def ask(server: Server, *, traceparent: str = "", **fields: object) -> pb.RetrieveResponse:
    message = pb.RetrieveRequest(**{"query": "red summer dress", "user_id": "user-1", "limit": 10, **fields})
    metadata = (("traceparent", traceparent),) if traceparent else ()
    with open_channel(grpc, server.address, None) as channel:
        answer: pb.RetrieveResponse = pb_grpc.RetrievalServiceStub(channel).Retrieve(
            message, metadata=metadata, timeout=5
        )
    return answer


def test_a_sampled_call_is_a_span_of_its_callers_with_its_stages_within(shop: Shop) -> None:
    with collecting() as collector:
        traces = open_traces(TelemetrySettings(otlp_endpoint=collector.endpoint, trace_share=0))
        with serving(shop, traces=traces) as (server, _):
            answer = ask(server, traceparent=SAMPLED)
        call = collector.one("Retrieve")
    assert {span.trace_id.hex() for span in collector.spans} == {TRACE}
    assert call.parent_span_id.hex() == CALLER
    assert within(collector, call) == ["understand", "user", "channels", "judge", "refill", "answer", "reply"]
    assert within(collector, collector.one("user")) == ["read_state"]
    assert {"vector", "lexical"} <= set(within(collector, collector.one("channels")))
    vector = next(
        span for span in collector.named("vector") if span.parent_span_id == collector.one("channels").span_id
    )
    assert within(collector, vector) == ["encode", "search"]
    assert attributes(vector)["multigrain.hits"] == 10
    about = attributes(call)
    assert (about["multigrain.request_id"], about["multigrain.generation"]) == (answer.request_id, "g-1")
    assert (about["multigrain.limit"], about["multigrain.returned"], about["multigrain.degraded"]) == (10, 10, ())
    assert abs(call.start_time_unix_nano / 1e9 - time.time()) < 60


def within(collector: Collector, parent: object) -> list[str]:
    """Names of the spans in it, in the order in which they began; each lies within its time."""
    spans = sorted(
        (span for span in collector.spans if span.parent_span_id == parent.span_id),  # type: ignore[attr-defined]
        key=lambda span: span.start_time_unix_nano,
    )
    for span in spans:
        assert parent.start_time_unix_nano <= span.start_time_unix_nano  # type: ignore[attr-defined]
        assert span.end_time_unix_nano <= parent.end_time_unix_nano  # type: ignore[attr-defined]
    return [span.name for span in spans]


def test_a_caller_that_does_not_sample_is_heard_and_query_and_user_are_told_only_where_that_is_set(shop: Shop) -> None:
    with collecting() as collector:
        for with_queries in (False, True):
            settings = TelemetrySettings(otlp_endpoint=collector.endpoint, trace_share=1, trace_queries=with_queries)
            with serving(shop, traces=open_traces(settings)) as (server, _):
                ask(server, traceparent=NOT_SAMPLED)
                ask(server)
    silent, telling = (attributes(span) for span in collector.named("Retrieve"))
    assert "c" * 32 not in {span.trace_id.hex() for span in collector.spans}
    assert not any("dress" in str(value) or "user-1" in str(value) for value in silent.values())
    assert (telling["multigrain.query"], telling["multigrain.user_id"]) == ("red summer dress", "user-1")


def test_a_broken_channel_and_a_refused_call_are_marked(shop: Shop) -> None:
    with collecting() as collector:
        traces = open_traces(TelemetrySettings(otlp_endpoint=collector.endpoint, trace_share=1))
        with serving(shop, traces=traces, channels=without_vectors) as (server, _):
            ask(server)
            with pytest.raises(grpc.RpcError):
                ask(server, limit=-1)
    failed = collector.one("vector")
    assert (failed.status.code, failed.status.message) == (2, "failed: IndexUnavailable")
    answered, refused = sorted(collector.named("Retrieve"), key=lambda span: span.start_time_unix_nano)
    assert attributes(answered)["multigrain.degraded"] == ("channel_failed",)
    assert (refused.status.message, within(collector, refused)) == ("INVALID_ARGUMENT", [])


def without_vectors(titles: LexicalIndex) -> list[Channel]:
    real = all_channels(titles)
    return [BrokenChannel(one) if one.name is ChannelName.VECTOR else one for one in real]


def test_without_a_collector_calls_are_answered_the_log_hears_of_it_once_and_the_server_stops(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tracing, "EVERY_MS", 10)
    monkeypatch.setattr(collector_module, "EXPORT_SECONDS", 0.1)
    with caplog.at_level(logging.INFO):
        traces = open_traces(TelemetrySettings(otlp_endpoint="http://127.0.0.1:1", trace_share=1))
        with serving(shop, traces=traces) as (server, _):
            for _ in range(5):
                assert len(ask(server).item_ids) == 10
                time.sleep(0.1)
            started = time.monotonic()
        assert time.monotonic() - started < 5
    told = [record for record in caplog.records if "collector" in record.name or "opentelemetry" in record.name]
    assert [record.getMessage() for record in told] == ["traces are lost: the collector does not take them"]


def test_where_no_endpoint_is_set_nothing_of_opentelemetry_is_imported() -> None:
    program = (
        "import sys\nfrom multigrain.settings import TelemetrySettings\nfrom server.timing.tracing import open_traces\n"
        "assert open_traces(TelemetrySettings()) is None\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    root = Path(__file__).parents[2]
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root)
    assert said.stdout.strip() == "[]"


def test_an_endpoint_without_the_packages_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.grpc.trace_exporter", None)
    monkeypatch.delitem(sys.modules, "server.timing.collector")
    with pytest.raises(Missing, match=r"pip install 'multigrain\[tracing\]'"):
        open_traces(TelemetrySettings(otlp_endpoint="http://127.0.0.1:4317"))
