"""Whoever has nothing of ours but the address, or the proto files, can ask."""

import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from tests.flow.serving import open_shop, serving

PROTOS = Path(__file__).parents[2] / "protos"
METHOD = "multigrain.v1.RetrievalService.Retrieve"


def test_a_client_that_has_only_the_address_learns_the_messages_by_reflection(tmp_path: Path) -> None:
    with serving(open_shop(tmp_path)) as (server, client), grpc.insecure_channel(server.address) as channel:
        method = DescriptorPool(ProtoReflectionDescriptorDatabase(channel)).FindMethodByName(METHOD)
        request, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
        ask = channel.unary_unary(
            f"/{method.containing_service.full_name}/{method.name}",
            request_serializer=request.SerializeToString,
            response_deserializer=response.FromString,
        )

        answer = ask(request(query="adidas running shoes", limit=5), timeout=10)

        ours = client.retrieve("adidas running shoes", limit=5)
    assert list(answer.item_ids) == list(ours.item_ids)
    assert (answer.generation_id, len(answer.scores)) == ("g-1", 5)


@pytest.mark.parametrize("language", ["java", "cpp", "csharp", "ruby", "php"])
def test_stock_protoc_takes_the_protos_for_other_languages(language: str, tmp_path: Path) -> None:
    said = subprocess.run(
        [
            *(sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTOS}", f"--{language}_out={tmp_path}"),
            "multigrain/v1/retrieval.proto",
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (said.returncode, said.stderr) == (0, "")
    assert any("RetrieveRequest" in path.read_text() for path in tmp_path.rglob("*") if path.is_file())
