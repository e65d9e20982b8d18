"""The methods of the gRPC service: message -> our words -> pipeline -> message, and nothing else.

What they raise becomes a status in `interceptors.py`.
"""

import asyncio

import grpc.aio

from multigrain.v1 import retrieval_pb2 as pb
from multigrain.v1 import retrieval_pb2_grpc as pb_grpc
from server import convert
from server.deadline import Deadline
from server.explaining.explain import explain
from server.pipeline import Pipeline
from server.status import Status
from server.timing.slow import SlowRequests
from server.timing.stages import current_call, stage


class RetrievalService(pb_grpc.RetrievalServiceServicer):
    """One instance a server."""

    def __init__(self, pipeline: Pipeline, status: Status, slow: SlowRequests, *, default_seconds: float) -> None:
        self._pipeline = pipeline
        self._slow = slow
        self._status = status
        self._default_seconds = default_seconds

    async def Retrieve(  # noqa: N802 - the name in the proto
        self, message: pb.RetrieveRequest, context: grpc.aio.ServicerContext
    ) -> pb.RetrieveResponse:
        call = current_call()
        call.request = request = convert.to_request(message, call.request_id)
        call.result = result = await self._pipeline.retrieve(request, self._deadline(context))
        with stage("reply"):
            response = convert.to_response(result)
        if request.debug:
            response.stages.extend(convert.to_stages(call.stages()))
        return response

    async def Explain(  # noqa: N802 - the name in the proto
        self, message: pb.ExplainRequest, context: grpc.aio.ServicerContext
    ) -> pb.ExplainResponse:
        item_id = convert.to_item_id(message)
        request = convert.to_request(message.request, current_call().request_id, at="request.")
        explanation = await explain(self._pipeline, request, item_id, self._deadline(context))
        return convert.to_explain_response(explanation)

    async def GetStatus(  # noqa: N802 - the name in the proto
        self, message: pb.GetStatusRequest, context: grpc.aio.ServicerContext
    ) -> pb.GetStatusResponse:
        return convert.to_status_response(await asyncio.to_thread(self._status.report))

    async def ListSlowRequests(  # noqa: N802 - the name in the proto
        self, message: pb.ListSlowRequestsRequest, context: grpc.aio.ServicerContext
    ) -> pb.ListSlowRequestsResponse:
        slowest = self._slow.slowest(convert.to_slow_limit(message))
        return convert.to_slow_response(self._slow.slow_ms, slowest)

    def _deadline(self, context: grpc.aio.ServicerContext) -> Deadline:
        """The caller's own deadline; without one, the default of the settings."""
        left = context.time_remaining()
        return Deadline.after(self._default_seconds if left is None else left)
