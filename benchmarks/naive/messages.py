"""The naive answer on the wire: a message a candidate. Built here, so that the service's protos stay its own."""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "multigrain.bench"
METHOD, SERVICE = "Retrieve", f"{PACKAGE}.NaiveRetrieval"

_STRING, _FLOAT, _MESSAGE = 9, 2, 11
_ONCE, _REPEATED = 1, 3


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="multigrain/bench/naive.proto", package=PACKAGE, syntax="proto3")
    row = file.message_type.add(name="Row")
    row.field.add(name="item_id", number=1, type=_STRING, label=_ONCE)
    row.field.add(name="score", number=2, type=_FLOAT, label=_ONCE)
    row.field.add(name="channels", number=3, type=_STRING, label=_REPEATED)
    row.field.add(name="verdict", number=4, type=_STRING, label=_ONCE)
    answer = file.message_type.add(name="Answer")
    answer.field.add(name="rows", number=1, type=_MESSAGE, label=_REPEATED, type_name=f".{PACKAGE}.Row")
    return file


_POOL = descriptor_pool.DescriptorPool()
_POOL.Add(_file())
Answer: Any = message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{PACKAGE}.Answer"))  # Any: made at run time
Row: Any = message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{PACKAGE}.Row"))  # Any: as above
