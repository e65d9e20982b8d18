"""What we lay out by hand is what protobuf reads."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigrain.v1 import retrieval_pb2 as pb
from server.packed_columns import packed_floats, packed_small


@given(
    st.lists(st.floats(width=32, allow_nan=False), max_size=300),
    st.lists(st.integers(0, 127), max_size=300),
    st.lists(st.sampled_from(pb.Verdict.values()), max_size=300),
)
def test_protobuf_reads_the_columns_that_were_packed(
    scores: list[float], channels: list[int], verdicts: list[int]
) -> None:
    columns = packed_floats(4, np.array(scores, np.float32))
    columns += packed_small(5, np.array(channels, np.uint32)) + packed_small(6, np.array(verdicts, np.uint8))

    read = pb.RetrieveResponse.FromString(columns)

    assert list(read.scores) == scores
    assert (list(read.channels), list(read.verdicts)) == (channels, verdicts)
    again = pb.RetrieveResponse(scores=scores, channels=channels, verdicts=verdicts)
    assert again.SerializeToString(deterministic=True) == columns


def test_a_number_that_needs_two_bytes_is_refused() -> None:
    with pytest.raises(ValueError, match="field 5: 128"):
        packed_small(5, np.array([1, 128], np.uint32))
