"""Whoever has nothing of ours but the address can ask."""

from pathlib import Path

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from tests.flow.serving import open_shop, serving

SERVICE, METHOD = "multigrain.v1.RetrievalService", "Retrieve"


def test_a_client_that_has_only_the_address_learns_the_messages_by_reflection(tmp_path: Path) -> None:
    with serving(open_shop(tmp_path)) as (server, client), grpc.insecure_channel(server.address) as channel:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        method = pool.FindServiceByName(SERVICE).methods_by_name[METHOD]
        request, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
        ask = channel.unary_unary(
            f"/{SERVICE}/{METHOD}",
            request_serializer=request.SerializeToString,
            response_deserializer=response.FromString,
        )

        answer = ask(request(query="adidas running shoes", limit=5), timeout=10)

        ours = client.retrieve("adidas running shoes", limit=5)
    assert list(answer.item_ids) == list(ours.item_ids)
    assert (answer.generation_id, len(answer.scores)) == ("g-1", 5)
