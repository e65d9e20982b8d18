"""Rows as messages of columns: what Milvus would read is what was written."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pymilvus.grpc_gen import milvus_pb2
from pymilvus.grpc_gen.schema_pb2 import FloatArray

from multigrain.index.item_index import ABSENT, Found, IndexRows
from multigrain.index.milvus_columns import MESSAGE_ROWS, columns, index_rows, messages
from multigrain.index.milvus_search import found, may_hold_more, merged, search_request


def made(count: int, dims: int = 2, seed: int = 0) -> IndexRows:
    return IndexRows(
        item_nos=np.arange(1, count + 1, dtype=np.int64),
        vectors=np.random.default_rng(seed).normal(size=(count, dims)).astype(np.float32),
        revisions=np.full(count, 2**40),
        brands=["b"] * count,
        categories=["c"] * count,
        shops=["s"] * count,
        statuses=[1] * count,
        titles=[f"item {number}" for number in range(count)],
    )


@given(count=st.integers(0, 300), dims=st.integers(1, 200), seed=st.integers(0, 9))
def test_vectors_handed_over_as_bytes_are_the_numbers_written_one_by_one(count: int, dims: int, seed: int) -> None:
    rows = made(count, dims, seed)

    written = next(field for field in columns(rows) if field.field_name == "embedding").vectors

    assert written.dim == dims
    assert written.float_vector == FloatArray(data=rows.vectors.ravel().tolist())


@given(count=st.integers(0, 50))
def test_a_reply_of_these_columns_is_read_back_as_the_rows(count: int) -> None:
    rows = made(count)

    back = index_rows(milvus_pb2.QueryResults(fields_data=columns(rows)), 2)

    np.testing.assert_array_equal(back.vectors, rows.vectors)
    assert back.item_nos.tolist() == rows.item_nos.tolist()
    assert (back.titles, back.brands, back.statuses) == (rows.titles, rows.brands, rows.statuses)


def test_a_reply_without_columns_is_no_rows() -> None:
    assert index_rows(milvus_pb2.QueryResults(), 7).vectors.shape == (0, 7)


@given(count=st.integers(0, 40), partitions=st.integers(1, 7))
def test_every_row_is_sent_once_to_the_partition_of_its_number(count: int, partitions: int) -> None:
    sent = [
        (partition, item_no)
        for partition, batch in messages(made(count), partitions)
        for item_no in batch.item_nos.tolist()
    ]

    home = {n: f"p{n % partitions}" if partitions > 1 else "" for n in range(1, count + 1)}
    assert sorted(sent) == sorted((home[n], n) for n in home)


def test_a_message_holds_no_more_than_a_server_takes() -> None:
    assert [len(batch) for _, batch in messages(made(MESSAGE_ROWS + 1), 1)] == [MESSAGE_ROWS, 1]
    # 8 MiB are 2,048 vectors of 1,024 numbers of four bytes.
    assert [len(batch) for _, batch in messages(made(3000, 1024), 1)] == [2048, 952]


@given(scores=st.lists(st.integers(0, 5), min_size=1, max_size=30), parts=st.integers(1, 4), k=st.integers(1, 40))
def test_answers_of_parts_are_merged_as_if_there_had_been_one(scores: list[int], parts: int, k: int) -> None:
    ranked = sorted(range(len(scores)), key=lambda number: (-scores[number], number))
    answers = []
    for part in range(parts):
        own = [number for number in ranked if number % parts == part]
        missing = len(scores) - len(own)
        answers.append(
            Found(
                np.array([[*own, *[ABSENT] * missing]], np.int64),
                np.array([[*(scores[number] for number in own), *[-np.inf] * missing]], np.float32),
            )
        )

    best = merged(answers, k)

    assert best.item_nos.tolist() == [[*ranked[:k], *[ABSENT] * (k - len(ranked))]]
    assert best.scores[0, : len(ranked)].tolist() == [scores[number] for number in ranked[:k]]


def test_a_part_whose_whole_answer_counts_may_hold_more() -> None:
    best = answer([3.0, 2.0])

    assert may_hold_more(answer([3.0, 2.0]), best)
    assert not may_hold_more(answer([3.0, 1.0]), best)
    assert not may_hold_more(answer([3.0]), best)


def answer(scores: list[float]) -> Found:
    """Of one query that asked for two."""
    missing = 2 - len(scores)
    return Found(
        np.array([[*range(len(scores)), *[ABSENT] * missing]], np.int64),
        np.array([[*scores, *[-np.inf] * missing]], np.float32),
    )


def test_a_reply_that_is_short_for_one_query_is_filled_with_absent() -> None:
    reply = milvus_pb2.SearchResults()
    reply.results.topks.extend([1, 2])
    reply.results.ids.int_id.data.extend([7, 8, 9])
    reply.results.scores.extend([0.5, 0.25, 0.125])

    cut = found(reply, 2, 2)

    assert cut.item_nos.tolist() == [[7, ABSENT], [8, 9]]
    assert cut.scores.tolist() == [[0.5, -np.inf], [0.25, 0.125]]


def test_two_searches_of_the_same_kind_differ_in_their_vectors_only() -> None:
    one, other = (
        search_request("c", np.full((count, 2), count, np.float32), 5, {"ef": 5}, "", strong=False) for count in (1, 2)
    )

    assert (one.nq, other.nq) == (1, 2)
    assert one.placeholder_group != other.placeholder_group
    one.ClearField("placeholder_group")
    other.ClearField("placeholder_group")
    one.nq = other.nq
    assert one == other
