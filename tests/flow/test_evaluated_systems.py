"""A bundle, a generation and a running server, asked the same searches: real SQL, a real index, the real client."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from multigrain.client import Client
from multigrain.errors import InvalidConfig, NotFound, Refused
from multigrain.features.windows import Windows, split
from multigrain.index.item_index import Found, HardFilter
from multigrain.types import BehaviorColumns, Float32s, ItemId, UserId, UserState
from tests.builders import MINUTE_MS, NOON_MS, WordEncoder, a_behavior, an_item
from tests.flow.serving import Shop, a_catalogue, open_shop, serving
from tests.flow.troubled import BrokenFeatures
from tests.unit.trainer.trials import a_trial, an_example
from trainer.evaluation.evaluate import evaluate
from trainer.evaluation.systems.exact import ExactSystem
from trainer.evaluation.systems.indexed import IndexedSystem
from trainer.evaluation.systems.served import ServedSystem
from trainer.evaluation.systems.system import NOTHING, Stage
from trainer.evaluation.trial import Trial, within_category

K, ITEMS = 100, 60
"""Deep enough for every item: the shop has fewer."""
HEARD = a_behavior("sku-1", user_id="user-9", minutes_ago=30)
HISTORY = split(
    UserState(user_id=UserId("user-9"), behaviors=BehaviorColumns.of([HEARD])), NOON_MS, WordEncoder.windows
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = open_shop(tmp_path_factory.mktemp("evaluated"), items=ITEMS)
    shop.features.record([HEARD], [])
    return shop


@pytest.fixture(scope="module")
def client(shop: Shop) -> Iterator[Client]:
    # Its clock is a day ahead: whatever is read as of a search must come of the search's own time.
    with serving(shop, now_ms=lambda: NOON_MS + 24 * 60 * MINUTE_MS, allow_generation_choice=True) as (_, client):
        yield client


@pytest.fixture
def trial() -> Trial:
    examples = [
        an_example("summer dress", "sku-2", "sku-4", ordered=["sku-4"], number=1),
        an_example("adidas running shoes", "sku-3", history=HISTORY, user_id="user-9", number=2),
        an_example("nike", "sku-7", number=3),
    ]
    return a_trial(examples, a_catalogue(ITEMS), clicks={"sku-3": 4}, asked={"nike": 2})


def encoder_of(shop: Shop) -> WordEncoder:
    return shop.encoders["b-g-1"]


def indexed(shop: Shop) -> IndexedSystem:
    return IndexedSystem("g-1", encoder_of(shop), shop.indexes.open("g_1"), shop.catalogue)


def silent(done: int, of: int) -> None:
    pass


def by_name(stages: "list[Stage] | tuple[Stage, ...]") -> dict[str, Stage]:
    return {stage.name: stage for stage in stages}


def test_an_exact_index_finds_what_exact_search_finds(shop: Shop, trial: Trial) -> None:
    stages = by_name(list(indexed(shop).stages(trial, K, silent)))
    assert list(stages) == ["history withheld", "exact", "index"]
    vectors = encoder_of(shop).encode_items(trial.items)
    queries = encoder_of(shop).encode_queries([(one.query, one.history) for one in trial.examples])
    scores = queries @ vectors.T
    for stage in (stages["exact"], stages["index"]):
        assert (stage.answers.rows[:, ITEMS:] == NOTHING).all(), "there are no more items"
        found = np.take_along_axis(scores, stage.answers.rows[:, :ITEMS], 1)
        # Many of the word encoder's scores are equal, so it is they that are compared.
        np.testing.assert_allclose(found, -np.sort(-scores, axis=1), atol=1e-6)


def test_an_index_that_finds_less_is_seen_beside_exact_search(shop: Shop, trial: Trial) -> None:
    class Forgetful:
        def search(self, vectors: Float32s, k: int, *, only: HardFilter | None = None, timeout_seconds: float) -> Found:
            found = shop.indexes.open("g_1").search(vectors, k, timeout_seconds=timeout_seconds)
            return Found(np.where(found.item_nos % 2, found.item_nos, -1), found.scores)

    half = IndexedSystem("g-1", encoder_of(shop), Forgetful(), shop.catalogue)  # type: ignore[arg-type]  # only searched
    report = evaluate(trial, [half], subject="half", k=K).report
    exact, index = (report.stage(name).score("recall@10") for name in ("exact", "index"))
    assert exact is not None
    assert index is not None
    assert (report.deciding, index < exact) == ("index", True)


def test_a_catalogue_of_another_shop_is_refused(shop: Shop) -> None:
    strangers = a_trial([an_example("q", "stranger")], [an_item(1, item_id=ItemId("stranger"))])
    with pytest.raises(NotFound, match="holds none of the items of the logs"):
        indexed(shop).stages(strangers, K, silent)


def test_a_server_shows_each_channel_the_fused_list_and_the_answer(shop: Shop, client: Client, trial: Trial) -> None:
    stages = by_name(list(ServedSystem(client, "g-1").stages(trial, K, silent)))
    assert list(stages) == ["vector channel", "lexical channel", "neighbours channel", "fused", "answer"]
    fused, answer = stages["fused"].answers, stages["answer"].answers
    assert fused.channels is not None
    assert fused.passed is not None
    vector, lexical = (stages[f"{name} channel"].answers.rows for name in ("vector", "lexical"))
    for search in range(len(trial)):
        union = set(vector[search].tolist()) | set(lexical[search].tolist())
        assert set(fused.rows[search].tolist()) <= union
    brands = {trial.items[row].brand for row in answer.rows[2].tolist() if row >= 0}
    assert brands == {"nike"}, "relevance control holds the answer to the brand that was named"
    dropped = fused.rows[2][~fused.passed[2]]
    assert {trial.items[row].brand for row in dropped.tolist() if row >= 0} <= {"adidas", ""}


def test_every_mode_has_a_stage_and_each_channel_says_what_of_it_passed(
    shop: Shop, client: Client, trial: Trial
) -> None:
    stages = by_name(list(ServedSystem(client, "g-1", beside=("strict", "demote")).stages(trial, K, silent)))
    assert list(stages)[3:] == ["fused", "answer, strict", "answer, demote", "answer"]
    brands = [[trial.items[row].brand for row in stages[name].answers.rows[2] if row >= 0] for name in stages]
    strict, demoted = brands[-3], brands[-2]
    assert set(strict) == {"nike"}
    assert set(demoted[: len(strict)]) == {"nike"}
    assert set(demoted[len(strict) :]) == {"adidas", ""}, "what misses the demand comes behind"
    vector = stages["vector channel"].answers
    assert vector.passed is not None
    of_nike = [row >= 0 and trial.items[row].brand == "nike" for row in vector.rows[2]]
    assert vector.passed[2].tolist() == of_nike


def test_a_search_is_answered_with_the_history_as_of_its_own_time(shop: Shop, client: Client, trial: Trial) -> None:
    served = by_name(list(ServedSystem(client, "g-1").stages(trial, K, silent)))
    newest = served["answer"].answers.newest_used_ms
    assert newest is not None
    assert newest.tolist() == [-1, HEARD.at_ms, -1]
    exact = by_name(list(ExactSystem(encoder_of(shop)).stages(trial, 5, silent)))["exact"].answers.rows
    scores = (
        encoder_of(shop).encode_items(trial.items)
        @ encoder_of(shop).encode_queries([(trial.examples[1].query, HISTORY)])[0]
    )
    np.testing.assert_allclose(scores[served["vector channel"].answers.rows[1, :5]], scores[exact[1]], atol=1e-5)

    earlier = replace(trial.examples[1], at_ms=HEARD.at_ms, history=Windows())
    before = a_trial([earlier], trial.items)
    heard = by_name(list(ServedSystem(client, "g-1").stages(before, K, silent)))["answer"].answers.newest_used_ms
    assert heard is not None
    assert heard.tolist() == [-1], "what happened at that moment or after it is not read"


def test_the_three_stand_side_by_side_and_the_last_decides(shop: Shop, client: Client, trial: Trial) -> None:
    told: list[tuple[int, int]] = []
    systems = [ExactSystem(encoder_of(shop)), indexed(shop), ServedSystem(client, "g-1")]
    report = evaluate(trial, systems, subject="all", k=K, tell=lambda done, of: told.append((done, of))).report
    assert [stage.name for stage in report.stages] == [
        "popularity",
        "history withheld",
        "exact",
        "index",
        "vector channel",
        "lexical channel",
        "neighbours channel",
        "fused",
        "answer",
    ]
    assert report.deciding == "answer"
    assert report.stage("index").cells["recall@10"] == report.stage("exact").cells["recall@10"]
    assert report.scores["recall@10"] == report.stage("answer").score("recall@10")
    assert told[-1] == (3, 3)
    assert report.stage("answer").cells["fresh"]["all"].mean == 1


def test_what_the_server_missed_is_explained_by_the_server(shop: Shop, client: Client) -> None:
    # A dress is wanted and shoes are asked for: relevance control drops it.
    trial = a_trial([an_example("nike shoes", "sku-4", number=1)], a_catalogue(ITEMS))
    (worst,) = evaluate(trial, [ServedSystem(client, "g-1")], subject="g-1", k=K).report.worst
    assert "dropped" in worst.why
    assert worst.wanted[0].note == "not returned"


def test_bundles_of_two_kinds_are_not_mixed_into_one_report(shop: Shop, trial: Trial) -> None:
    other = WordEncoder(seed=5)
    other.bundle_id = "b-other"
    with pytest.raises(InvalidConfig, match="different bundles"):
        evaluate(trial, [ExactSystem(other), indexed(shop)], subject="both", k=K)


def test_an_answer_of_another_generation_or_a_degraded_one_ends_the_evaluation(
    tmp_path: Path, client: Client, trial: Trial
) -> None:
    with pytest.raises(Refused, match="g-7 was evaluated, and g-1 answers now"):
        ServedSystem(client, "g-7", named=False).stages(trial, K, silent)
    with (
        serving(open_shop(tmp_path, items=ITEMS), features=BrokenFeatures()) as (_, troubled),
        pytest.raises(Refused, match=r"was degraded \(user_features\): mend it first"),
    ):
        ServedSystem(troubled, "g-1", named=False).stages(trial, K, silent)


def test_answers_must_be_deep_enough_for_the_metrics(shop: Shop, trial: Trial) -> None:
    with pytest.raises(InvalidConfig, match="k: 99 is less than the depth of the metrics: ask for 100 or more"):
        evaluate(trial, [ExactSystem(encoder_of(shop))], subject="b", k=99)


def test_only_exact_search_ranks_within_categories(shop: Shop, client: Client, trial: Trial) -> None:
    within = within_category(trial)
    for system in (indexed(shop), ServedSystem(client, "g-1")):
        with pytest.raises(InvalidConfig, match="ranks every search among all items: ask it of a bundle"):
            system.stages(within, K, silent)
    (stage,) = ExactSystem(encoder_of(shop)).stages(replace(within, examples=within.examples), K, silent)[1:]
    for search, rows in enumerate(stage.answers.rows):
        wanted = trial.items[trial.wanted[search][0]].category_path
        assert {trial.items[row].category_path for row in rows.tolist() if row >= 0} == {wanted}


def test_a_moment_of_a_request_is_checked_like_any_field(client: Client) -> None:
    with pytest.raises(Exception, match="at: is no time after 1970"):
        client.retrieve("shoes", at=datetime(1901, 1, 1, tzinfo=UTC))
