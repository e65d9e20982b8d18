"""What the catalogue promises, on both SQL stores."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from multigrain.catalog.catalog import SqlCatalogue
from multigrain.events import ItemPatched, ItemRemoved
from multigrain.types import Item, ItemId, ItemStatus
from tests.builders import NOON_MS, an_item, an_upsert
from tests.contract.stores import rolled_back


@pytest.fixture
def catalogue(engine: sa.Engine) -> SqlCatalogue:
    return SqlCatalogue(engine)


def a_patch(
    version: int,
    *,
    item_id: str = "sku-1",
    price: float | None = None,
    stock: int | None = None,
    status: ItemStatus | None = None,
) -> ItemPatched:
    return ItemPatched(
        event_id=f"patch-{item_id}-{version}",
        at_ms=NOON_MS,
        item_id=ItemId(item_id),
        source_version=version,
        price=price,
        stock=stock,
        status=status,
    )


def a_removal(version: int, *, item_id: str = "sku-1") -> ItemRemoved:
    return ItemRemoved(
        event_id=f"remove-{item_id}-{version}", at_ms=NOON_MS, item_id=ItemId(item_id), source_version=version
    )


def stored_item(catalogue: SqlCatalogue, item_id: str = "sku-1") -> Item:
    return catalogue.get([ItemId(item_id)])[ItemId(item_id)].item


def test_an_empty_catalogue_is_at_revision_0(catalogue: SqlCatalogue) -> None:
    assert (catalogue.revision(), catalogue.count()) == (0, 0)
    assert catalogue.get([ItemId("sku-1")]) == {}
    assert list(catalogue.scan(10)) == []
    assert catalogue.changed_since(0, 10) == []
    assert catalogue.apply([]) == []


def test_a_new_item_comes_back_whole(catalogue: SqlCatalogue) -> None:
    item = an_item(title="红色连衣裙 👗", attributes={"colour": "red", "größe": "M"}, price=19.99, stock=2**40)

    (change,) = catalogue.apply([an_upsert(item)])

    assert stored_item(catalogue) == item
    assert change.stored == catalogue.get([item.item_id])[item.item_id]
    assert (change.item_id, change.kind) == ("sku-1", "new")
    assert (change.tower_inputs_changed, change.hard_fields_changed) == (True, True)


def test_item_numbers_are_dense_from_1_and_never_given_again(catalogue: SqlCatalogue) -> None:
    catalogue.apply([an_upsert(an_item(n)) for n in (5, 6)])
    catalogue.apply([a_removal(2, item_id="sku-6")])
    catalogue.apply([an_upsert(an_item(7)), an_upsert(an_item(6, source_version=3))])

    numbers = {
        item_id: found.item_no for item_id, found in catalogue.get([ItemId(f"sku-{n}") for n in (5, 6, 7)]).items()
    }
    assert numbers == {"sku-5": 1, "sku-6": 2, "sku-7": 3}


@pytest.mark.parametrize("version", [4, 5])
def test_an_older_or_equal_version_changes_nothing(catalogue: SqlCatalogue, version: int) -> None:
    catalogue.apply([an_upsert(an_item(title="kept", source_version=5))])

    changes = [
        *catalogue.apply([an_upsert(an_item(title="late", source_version=version))]),
        *catalogue.apply([a_patch(version, price=1.0)]),
        *catalogue.apply([a_removal(version)]),
    ]

    assert [change.kind for change in changes] == ["stale", "stale", "stale"]
    assert not any(change.tower_inputs_changed or change.hard_fields_changed for change in changes)
    assert stored_item(catalogue) == an_item(title="kept", source_version=5)
    assert catalogue.revision() == 1


def test_events_of_one_item_in_one_batch_are_one_change(catalogue: SqlCatalogue) -> None:
    changes = catalogue.apply(
        [
            an_upsert(an_item(1, title="first", source_version=1)),
            an_upsert(an_item(2)),
            an_upsert(an_item(1, title="second", source_version=2)),
            a_patch(3, price=7.5),
        ]
    )

    assert [(change.item_id, change.kind) for change in changes] == [("sku-1", "new"), ("sku-2", "new")]
    assert stored_item(catalogue) == an_item(1, title="second", price=7.5, source_version=3)
    assert catalogue.revision() == 2


def test_an_event_that_came_late_within_a_batch_changes_nothing(catalogue: SqlCatalogue) -> None:
    catalogue.apply([an_upsert(an_item(title="new", source_version=5)), an_upsert(an_item(source_version=4))])

    assert stored_item(catalogue).title == "new"


@pytest.mark.parametrize(
    ("changed", "tower", "hard"),
    [
        ({"title": "another"}, True, False),
        ({"brand": "puma"}, True, True),
        ({"shop": "shop-2"}, True, True),
        ({"category_path": ("sports", "shoes")}, True, True),
        ({"status": ItemStatus.INACTIVE}, False, True),
        ({"price": 1.0}, False, False),
        ({"stock": 0}, False, False),
        ({"attributes": {"colour": "red"}}, False, False),
        ({}, False, False),
    ],
)
def test_a_change_says_whether_vector_and_filters_follow(
    catalogue: SqlCatalogue, changed: dict[str, Any], tower: bool, hard: bool
) -> None:
    catalogue.apply([an_upsert()])

    (change,) = catalogue.apply([an_upsert(source_version=2, **changed)])

    assert change.kind == "changed"
    assert (change.tower_inputs_changed, change.hard_fields_changed) == (tower, hard)


def test_a_category_that_moves_its_border_is_another_category(catalogue: SqlCatalogue) -> None:
    catalogue.apply([an_upsert(category_path=("ab", "c"))])

    (change,) = catalogue.apply([an_upsert(category_path=("a", "bc"), source_version=2)])

    assert change.tower_inputs_changed


def test_a_patch_changes_what_it_names(catalogue: SqlCatalogue) -> None:
    catalogue.apply([an_upsert(price=100.0, stock=10)])

    (priced,) = catalogue.apply([a_patch(2, price=80.0)])
    (hidden,) = catalogue.apply([a_patch(3, status=ItemStatus.INACTIVE, stock=0)])

    assert (priced.kind, priced.hard_fields_changed) == ("patched", False)
    assert (hidden.kind, hidden.hard_fields_changed) == ("patched", True)
    assert stored_item(catalogue) == an_item(price=80.0, stock=0, status=ItemStatus.INACTIVE, source_version=3)


def test_what_a_patch_does_not_name_stays_to_the_letter(catalogue: SqlCatalogue) -> None:
    item = an_item(title="a 'quoted' \\ {title}, \"red\"", attributes={"größe": 'M, "L"', "note": "a\\b{}"})
    catalogue.apply([an_upsert(item)])

    catalogue.apply([a_patch(2, price=1.0)])

    assert stored_item(catalogue) == replace(item, price=1.0, source_version=2)


def test_new_changed_patched_and_removed_items_of_one_batch_each_end_as_their_event_says(
    catalogue: SqlCatalogue,
) -> None:
    catalogue.apply([an_upsert(an_item(number)) for number in (1, 2, 3)])
    changed = an_item(2, title="{wool}, 'scarf'", brand="", attributes={"colour": "NULL"}, source_version=2)

    changes = catalogue.apply(
        [a_patch(2, item_id="sku-1", stock=0), an_upsert(changed), a_removal(2, item_id="sku-3"), an_upsert(an_item(4))]
    )

    assert [change.kind for change in changes] == ["patched", "changed", "removed", "new"]
    assert stored_item(catalogue, "sku-1") == an_item(1, stock=0, source_version=2)
    assert stored_item(catalogue, "sku-2") == changed
    assert stored_item(catalogue, "sku-3") == an_item(3, status=ItemStatus.REMOVED, source_version=2)
    assert stored_item(catalogue, "sku-4") == an_item(4)
    assert [change.stored.revision for change in changes if change.stored] == [4, 5, 6, 7]


def test_a_patch_after_an_upsert_tells_nothing_of_the_tower(catalogue: SqlCatalogue) -> None:
    catalogue.apply([an_upsert(title="red scarf")])
    catalogue.apply([a_patch(2, price=1.0)])

    (same,) = catalogue.apply([an_upsert(title="red scarf", source_version=3)])
    (other,) = catalogue.apply([an_upsert(title="green hat", source_version=4)])

    assert (same.tower_inputs_changed, other.tower_inputs_changed) == (False, True)


def test_a_patch_of_an_unknown_item_is_told_and_harms_nobody(catalogue: SqlCatalogue) -> None:
    changes = catalogue.apply([a_patch(1, item_id="sku-9", price=1.0), an_upsert(an_item(1))])

    assert [(change.item_id, change.kind) for change in changes] == [("sku-9", "unknown"), ("sku-1", "new")]
    assert changes[0].stored is None
    assert catalogue.count() == 1


def test_a_removed_item_leaves_a_tombstone_that_a_late_upsert_cannot_pass(catalogue: SqlCatalogue) -> None:
    catalogue.apply([an_upsert(source_version=1)])

    (removed,) = catalogue.apply([a_removal(5)])
    (late,) = catalogue.apply([an_upsert(source_version=4)])

    assert (removed.kind, removed.tower_inputs_changed, removed.hard_fields_changed) == ("removed", False, True)
    assert late.kind == "stale"
    assert stored_item(catalogue).status is ItemStatus.REMOVED
    assert catalogue.count() == 0


def test_an_item_that_was_never_seen_can_be_removed(catalogue: SqlCatalogue) -> None:
    (removed,) = catalogue.apply([a_removal(5)])
    (late,) = catalogue.apply([an_upsert(source_version=4)])

    assert (removed.kind, late.kind) == ("removed", "stale")
    assert catalogue.count() == 0


def test_a_removed_item_that_comes_back_is_new_to_the_index(catalogue: SqlCatalogue) -> None:
    catalogue.apply([an_upsert(source_version=1)])
    catalogue.apply([a_removal(2)])

    (back,) = catalogue.apply([an_upsert(source_version=3)])

    assert (back.kind, back.tower_inputs_changed, back.hard_fields_changed) == ("new", True, True)


def test_a_patch_does_not_bring_a_removed_item_back(catalogue: SqlCatalogue) -> None:
    catalogue.apply([an_upsert(source_version=1)])
    catalogue.apply([a_removal(2)])

    (change,) = catalogue.apply([a_patch(3, status=ItemStatus.ACTIVE)])

    assert change.kind == "unknown"
    assert stored_item(catalogue).status is ItemStatus.REMOVED


def test_a_scan_gives_what_is_there_by_number(catalogue: SqlCatalogue) -> None:
    catalogue.apply([an_upsert(an_item(n)) for n in range(1, 8)])
    catalogue.apply([a_removal(2, item_id="sku-3"), a_patch(2, item_id="sku-4", status=ItemStatus.INACTIVE)])

    batches = list(catalogue.scan(4))

    assert [[found.item_no for found in batch] for batch in batches] == [[1, 2, 4, 5], [6, 7]]
    assert catalogue.count() == 6


def test_what_changed_since_a_revision_comes_in_pages_without_a_gap(catalogue: SqlCatalogue) -> None:
    catalogue.apply([an_upsert(an_item(n)) for n in range(1, 6)])
    catalogue.apply([a_patch(2, item_id="sku-2", price=1.0), a_removal(2, item_id="sku-4")])

    seen, revision = [], 0
    while page := catalogue.changed_since(revision, 2):
        seen += [found.item.item_id for found in page]
        revision = page[-1].revision

    assert seen == ["sku-1", "sku-3", "sku-5", "sku-2", "sku-4"]
    assert revision == catalogue.revision() == 7
    assert [found.item.item_id for found in catalogue.changed_since(6, 10)] == ["sku-4"]


def test_more_items_than_one_statement_takes_are_applied(catalogue: SqlCatalogue) -> None:
    changes = catalogue.apply([an_upsert(an_item(n)) for n in range(2500)])
    again = catalogue.apply([an_upsert(an_item(n, source_version=2)) for n in range(2500)])

    assert {change.kind for change in changes} == {"new"}
    assert {change.kind for change in again} == {"changed"}
    assert catalogue.count() == 2500


def test_inside_a_transaction_of_its_owner_nothing_stays_when_that_is_rolled_back(engine: sa.Engine) -> None:
    with rolled_back(engine) as connection:
        inside = SqlCatalogue(connection)
        inside.apply([an_upsert()])
        assert (inside.count(), inside.revision()) == (1, 1)

    assert (SqlCatalogue(engine).count(), SqlCatalogue(engine).revision()) == (0, 0)


def test_a_sample_by_number_holds_what_is_there_and_nothing_else(catalogue: SqlCatalogue) -> None:
    assert (catalogue.last_item_no(), catalogue.sample([1])) == (0, [])
    catalogue.apply([an_upsert(an_item(n)) for n in range(1, 6)])
    catalogue.apply([a_removal(2, item_id="sku-3")])

    assert catalogue.last_item_no() == 5
    assert [found.item_no for found in catalogue.sample([5, 3, 99, 2])] == [2, 5]
    assert catalogue.sample([2]) == [catalogue.get([ItemId("sku-2")])[ItemId("sku-2")]]
    assert catalogue.sample([]) == []


def test_a_range_of_numbers_holds_what_is_there_in_order(catalogue: SqlCatalogue) -> None:
    catalogue.apply([an_upsert(an_item(n)) for n in range(1, 8)])
    catalogue.apply([a_removal(2, item_id="sku-3")])

    assert [found.item_no for found in catalogue.numbered(2, 6)] == [2, 4, 5]
    assert catalogue.numbered(8, 100) == []


def test_an_item_that_has_a_number_is_known_though_it_was_removed(catalogue: SqlCatalogue) -> None:
    catalogue.apply([an_upsert(an_item(1)), a_removal(1, item_id="sku-2")])

    assert catalogue.known(ItemId(f"sku-{n}") for n in range(2_000)) == {"sku-1", "sku-2"}
    assert catalogue.known([]) == set()


def test_writers_at_once_give_every_item_one_number_and_every_change_one_revision(catalogue: SqlCatalogue) -> None:
    def write(thread: int) -> None:
        for version in range(1, 4):
            catalogue.apply([an_upsert(an_item(n, source_version=version * 10 + thread)) for n in range(10)])

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))

    found = [stored for batch in catalogue.scan(100) for stored in batch]
    assert sorted(stored.item_no for stored in found) == list(range(1, 11))
    assert {stored.item.source_version for stored in found} == {33}
    assert len({stored.revision for stored in found}) == 10


def test_a_reader_who_follows_the_revisions_misses_nothing_while_others_write(catalogue: SqlCatalogue) -> None:
    def write(thread: int) -> None:
        for n in range(15):
            catalogue.apply([an_upsert(an_item(thread * 100 + n))])

    seen: set[str] = set()
    revision = 0
    with ThreadPoolExecutor(4) as threads:
        writers = [threads.submit(write, thread) for thread in range(4)]
        while True:
            done = all(writer.done() for writer in writers)
            page = catalogue.changed_since(revision, 7)
            if page:
                seen |= {found.item.item_id for found in page}
                revision = page[-1].revision
            elif done:
                break
    for writer in writers:
        writer.result()

    assert len(seen) == 4 * 15
