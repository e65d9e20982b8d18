"""The shop owner's file in a running server, and in the command that checks it."""

import json
import logging
from pathlib import Path

import pytest

from commands.main import main
from multigrain import key_terms
from multigrain.client import Client
from multigrain.errors import InvalidConfig
from tests.flow.serving import TERMS, Shop, eventually, open_shop, serving


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return open_shop(tmp_path)


def brands_of(client: Client, query: str) -> tuple[str, ...]:
    return client.retrieve(query, limit=5).brands


def replace(path: Path, text: str) -> None:
    """In one piece: written in place, the file is empty for a moment, and may be read then."""
    draft = path.with_name("draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def test_the_owners_words_count_and_change_without_a_restart(
    shop: Shop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rules = tmp_path / "shop.rules"
    rules.write_text('"nikey" means brand nike\n', encoding="utf-8")
    with serving(shop, relevance_file=rules) as (_, client):
        assert brands_of(client, "nikey shoes") == ("nike",)
        replace(rules, '"nikey" means brand adidas\n')
        eventually(lambda: brands_of(client, "nikey shoes"), lambda brands: brands == ("adidas",))
        with caplog.at_level(logging.ERROR):
            replace(rules, '"nikey" mean brand nike\n')
            eventually(lambda: caplog.text, lambda text: "line 1: " in text)
        assert brands_of(client, "nikey shoes") == ("adidas",)


def test_a_query_that_must_not_show_a_brand_shows_none_of_it(shop: Shop, tmp_path: Path) -> None:
    rules = tmp_path / "shop.rules"
    rules.write_text('"running shoes" must not brand nike\n', encoding="utf-8")
    with serving(shop, relevance_file=rules) as (_, client):
        shown = shop.catalogue.get(client.retrieve("running shoes", limit=20).item_ids)
    assert shown
    assert "nike" not in {stored.item.brand for stored in shown.values()}


def test_a_server_does_not_start_on_a_broken_file(shop: Shop, tmp_path: Path) -> None:
    rules = tmp_path / "shop.rules"
    rules.write_text("nikey is nike\n", encoding="utf-8")
    with pytest.raises(InvalidConfig, match=r"server\.relevance_file: 1 mistake"), serving(shop, relevance_file=rules):
        pass


def test_check_tells_mistakes_and_names_that_no_item_has(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MULTIGRAIN_DATABASE_URL", f"sqlite:///{tmp_path / 'shop.db'}")
    rules = tmp_path / "shop.rules"
    rules.write_text(
        '"a" means brand nikey\n'
        '"b" mean brand nike\n'
        '"c" must category sports/shoes\n'
        '"d" means attribute colour = red\n',
        encoding="utf-8",
    )
    assert main(["understand", "--check", str(rules), "--json"]) == 2
    said = json.loads(capsys.readouterr().out)
    assert [(one["line"], one["cure"]) for one in said["mistakes"]] == [(2, "did you mean means?")]
    assert [(one["line"], one["problem"]) for one in said["warnings"]] == [
        (1, "no item of brand nikey: did you mean nike?"),
        (4, "no item of colour red"),
    ]


def test_check_leaves_nothing_behind_where_there_is_no_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rules = tmp_path / "shop.rules"
    rules.write_text('"a" means brand nike\n', encoding="utf-8")
    assert main(["understand", "--check", str(rules)]) == 0
    assert "1 phrases, 0 mistakes" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["shop.rules"]


def test_understand_tells_what_becomes_of_each_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    key_terms.save(TERMS, tmp_path)
    (tmp_path / "queries.txt").write_text("nike shoes not adidas\n\ndress\n", encoding="utf-8")
    argv = ["understand", "--dictionary", str(tmp_path / key_terms.FILE), "--file", "queries.txt"]
    assert main([*argv, "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)["queries"]
    assert [(one["value"], one["standing"], one["why"]) for one in first["spoken"]] == [
        ("nike", "demanded", ""),
        ("sports/shoes", "demanded", ""),
        ("adidas", "guarded", "not"),
    ]
    assert second["query"] == "dress"
    assert main(argv) == 0
    assert "brand adidas (guarded by not)" in capsys.readouterr().out
