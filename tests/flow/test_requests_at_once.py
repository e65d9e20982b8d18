"""Requests that are answered at once get what each would get alone, to the last bit of their scores."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from prometheus_client import REGISTRY

from multigrain.answers import Answer
from tests.builders import a_behavior
from tests.flow.serving import FLAT, open_shop, serving
from tests.unit.server.halved import HalvedWordEncoder

TEXTS = ("summer dress", "running shoes", "nike", "red dress adidas", "black")


class ShopEncoder(HalvedWordEncoder):
    bundle_id = "b-halved"


def calls() -> tuple[float, float]:
    """Of the encoder so far, and how many queries they took."""
    names = ("multigrain_encoded_together_count", "multigrain_encoded_together_sum")
    count, total = (REGISTRY.get_sample_value(name) or 0.0 for name in names)
    return count, total


def test_concurrent_requests_equal_single_ones(tmp_path: Path) -> None:
    shop, encoder = open_shop(tmp_path), ShopEncoder(dims=32)
    shop.features.record([a_behavior(f"sku-{n}", user_id=f"user-{n}") for n in range(1, 5)], [])
    shop.publish_of(encoder, "g-2", spec=FLAT)
    shop.promote("g-2")
    wanted = [(text, f"user-{n % 6}") for n in range(8) for text in TEXTS]
    with serving(shop) as (_, client), ThreadPoolExecutor(16) as callers:

        def answer(asked: tuple[str, str]) -> Answer:
            return client.retrieve(*asked, limit=20, timeout_seconds=20)

        alone = [answer(asked) for asked in wanted]
        count, total = calls()
        together = list(callers.map(answer, wanted))
        more_calls, more = (now - before for now, before in zip(calls(), (count, total), strict=True))
    assert more == len(wanted)
    assert more_calls <= more
    for one, other in zip(alone, together, strict=True):
        assert (one.generation_id, one.degraded) == ("g-2", ())
        assert list(one.item_ids) == list(other.item_ids)
        assert list(one.scores) == list(other.scores)
