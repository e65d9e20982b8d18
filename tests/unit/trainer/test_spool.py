"""The spool is a dict of vectors, but for where it keeps them."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.publish.spool import FIRST_ROWS, open_spool

steps = st.lists(
    st.tuples(st.booleans(), st.lists(st.integers(1, 40), min_size=0, max_size=8, unique=True)), max_size=30
)


@given(steps)
@settings(max_examples=60, deadline=None)
def test_what_was_put_last_is_there_and_what_was_removed_is_not(steps: list[tuple[bool, list[int]]]) -> None:
    expected: dict[int, float] = {}
    with open_spool(2) as spool:
        for number, (put, item_nos) in enumerate(steps):
            if put:
                spool.put(np.array(item_nos, np.int64), np.full((len(item_nos), 2), number, np.float32))
                expected |= dict.fromkeys(item_nos, float(number))
            else:
                spool.remove(item_nos)
                expected = {item_no: value for item_no, value in expected.items() if item_no not in item_nos}
        item_nos_there, vectors = spool.columns()
        assert len(spool) == len(expected)
        assert dict(zip(item_nos_there.tolist(), vectors[:, 1].tolist(), strict=True)) == expected


def test_it_grows_beyond_its_first_rows_and_keeps_what_was_there() -> None:
    count = 5 * FIRST_ROWS + 1
    item_nos = np.arange(1, count + 1)
    with open_spool(3) as spool:
        for part in np.array_split(item_nos, 7):
            spool.put(part, np.repeat(part[:, None], 3, axis=1).astype(np.float32))
        there, vectors = spool.columns()
        assert np.array_equal(there, item_nos)
        assert np.array_equal(vectors[:, 0], item_nos.astype(np.float32))


def test_of_one_item_twice_in_a_batch_the_last_is_kept() -> None:
    with open_spool(1) as spool:
        spool.put(np.array([5, 5]), np.array([[1.0], [2.0]], np.float32))
        there, vectors = spool.columns()
        assert (there.tolist(), vectors.tolist()) == ([5], [[2.0]])
