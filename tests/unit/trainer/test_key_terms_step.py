"""The dictionary as a step of training, and what it understands of a simulated shop."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from multigrain import key_terms
from multigrain.key_terms import KeyTerm, TermKind
from server.understanding.tagger import FLOORS
from tests.key_terms_truth import Agreement, ShopTruth, agreements, dictionaries, split
from tests.small_training import small_config, small_logs
from trainer import steps
from trainer.data.key_terms.write import COUNTS
from trainer.data.logs import write_logs
from trainer.data.market import truth
from trainer.data.market.marketplace import Plan
from trainer.data.market.write import write_marketplace
from trainer.progress import Progress


def test_the_step_is_finished_once_and_again_by_another_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs, reports = small_logs(), list[Progress]()
    write_logs(tmp_path / "logs", logs)
    config = small_config()
    here = steps.Steps(tmp_path / "work", config, "logs", reporter=reports.append, clock=lambda: 0.0)
    examples = here.examples(tmp_path / "logs")

    folder = here.key_terms(logs, examples)
    begun = [report.step for report in reports if report.done == 0]
    assert begun == ["examples", "key_terms"]
    terms, counts = key_terms.load(folder), json.loads((folder / COUNTS).read_text())
    assert sum(count for sources in counts.values() for count in sources.values()) == len(terms)
    assert counts["brand"]["catalogue"] == Counter((term.kind, term.source) for term in terms)["brand", "catalogue"]
    written = (folder / key_terms.FILE).read_bytes()

    here.key_terms(logs, examples)
    assert [report.step for report in reports if report.done == 0] == begun

    monkeypatch.setattr(steps, "RULE", "another")
    here.key_terms(logs, examples)
    assert [report.step for report in reports if report.done == 0] == [*begun, "key_terms"]
    assert (folder / key_terms.FILE).read_bytes() == written, "the same logs give the same bytes"


def test_the_dictionary_understands_what_queries_mean(tmp_path: Path) -> None:
    """Floors, well below what docs/relevance-dictionary.md measures on a larger shop."""
    write_marketplace(tmp_path, Plan(items=3000, users=500, days=5, seed=5), lambda done, total: None)
    before_ms, searches = split(tmp_path, 24)
    shop = ShopTruth(tmp_path / truth.FOLDER)

    def found(terms: Sequence[KeyTerm], floors: Mapping[TermKind, float]) -> dict[str, Agreement]:
        return agreements(terms, shop, searches, floors)

    names, titles, clicks = (terms for _, terms in dictionaries(tmp_path, before_ms))
    before, after = found(names, FLOORS), found(clicks, FLOORS)
    assert after["brand"].precision > 0.97
    assert after["brand"].recall > 0.9
    assert after["category"].precision > 0.97
    assert after["category"].recall > 0.8
    assert after["category"].recall > before["category"].recall + 0.2
    # That a colour is meant is known; whether people insist on it is for their clicks to say.
    known = found(clicks, dict.fromkeys(TermKind, 0.0))
    assert known["colour"].precision > 0.95
    assert known["colour"].recall > 0.9
    assert found(titles, FLOORS)["colour"].recall > 0.9
    assert after["colour"].recall < 0.5, "in this shop six clicks of ten go to another colour"
