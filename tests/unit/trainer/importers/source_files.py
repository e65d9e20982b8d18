"""Invented rows in the layouts of the public sets, as their folders hold them."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

Row = dict[str, object]


def write_table(folder: Path, file: str, rows: list[Row], schema: pa.Schema | None = None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / file)


def write_home_depot(folder: Path) -> None:
    titles = {1: "oak shelf 24 in.", 2: "steel bracket", 3: "garden hose"}
    write_table(folder, "products.parquet", [{"product_uid": uid, "product_title": titles[uid]} for uid in titles])
    judged = [(1, "oak shelf", 3.0), (2, "oak shelf", 2.33), (3, "oak shelf", 1.0), (2, "bracket", 2.75)]
    rows: list[Row] = [
        {"id": number, "product_uid": uid, "query": query, "relevance": relevance}
        for number, (uid, query, relevance) in enumerate(judged)
    ]
    write_table(folder, "judgments.parquet", rows)


def write_bestbuy(folder: Path) -> None:
    write_table(folder, "products.parquet", [{"sku": 11, "name": "Space Golf"}, {"sku": 12, "name": "Farm Racer"}])
    golf: Row = {
        "user": "ann",
        "sku": 11,
        "category": "abcat0701002",
        "query": "Space golf ",
        "click_time": datetime(2011, 9, 1, 10, 0, 30, 500_999),
        "query_time": datetime(2011, 9, 1, 10, 0, 0, 1_500),
    }
    racer: Row = {**golf, "sku": 12, "click_time": datetime(2011, 9, 1, 10, 1)}
    early: Row = {
        **golf,
        "user": "bob",
        "sku": 99,
        "click_time": datetime(2011, 8, 31, 9, 59),
        "query_time": datetime(2011, 8, 31, 10, 0),
    }
    write_table(folder, "clicks.parquet", [golf, racer, early])
    other: Row = {**golf, "query": "drums", "query_time": datetime(2011, 9, 2)}
    unlabelled = [{name: value for name, value in row.items() if name != "sku"} for row in (golf, other)]
    write_table(folder, "unlabelled_searches.parquet", unlabelled)


def write_retrotech(folder: Path) -> None:
    film: Row = {"upc": "0001", "name": "A Film - DVD", "manufacturer": "Studio"}
    write_table(folder, "products.parquet", [film, {**film, "name": "A Film (Director's Cut) - DVD"}])


def write_amazon_beauty(folder: Path) -> None:
    categories = {
        "p-comb": ["Beauty", "Combs", "Hair Care"],
        "p-brush": ["Beauty", "Brushes", "Hair Care"],
        "p-soap": ["Soaps", "Beauty"],
    }
    brands = {"p-comb": "Kammer", "p-brush": "", "p-soap": None}
    rows: list[Row] = [{"asin": asin, "brand": brands[asin], "categories": categories[asin]} for asin in categories]
    write_table(folder, "products.parquet", rows)
    bought = {"ann": ["p-soap", "p-comb", "p-brush"], "bob": ["p-soap"]}
    sequences: list[Row] = [{"user_id": user, "asins_in_time_order": asins} for user, asins in bought.items()]
    write_table(folder, "sequences.parquet", sequences)


def write_jdsearch(folder: Path, **changes: object) -> None:
    """One session with five entries of history, and one without any. `changes` are made to the first."""
    product: Row = {
        "wid": "501",
        "name": "71\x1872",
        "brand_id": "9",
        "brand_name": "81\x1882",
        "cate_id_1": "1",
        "cate_name_1": "61",
        "cate_id_2": "2",
        "cate_name_2": "62\x1863",
        "cate_id_3": "3",
        "cate_name_3": "64",
        "cate_id_4": "4",
        "cate_name_4": "64",
        "shop_id": "33",
    }
    nameless: Row = {**product, "wid": "502", "brand_name": "", "shop_id": "-1"}
    write_table(folder, "product_meta.parquet", [product, nameless])
    session: Row = {
        "query": "71\x1864",
        "candidate_wid_list": "501_502_503_504",
        "candidate_label_list": "3.0_2.0_1.0_0.0",
        "history_qry_list": "64\x1865_64\x1865_-1_64\x1865_64\x1865",
        "history_wid_list": "501_777_502_501_502",
        "history_type_list": "CART_CLICK_FLW_ORD_CLICK",
        "history_time_list": "0_60_100_200_4000_500",
    }
    empty: Row = {**session, **{name: "" for name in session if name.startswith("history")}}
    write_table(folder, "user_behavior.parquet", [{**session, **changes}, empty])


def write_wands(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "product.csv").write_text(
        "product_id\tproduct_name\tproduct_class\tcategory hierarchy\tproduct_description\tproduct_features\t"
        "rating_count\taverage_rating\treview_count\n"
        '0\toak bed 60"\tBeds\tFurniture / Bedroom Furniture / Beds/Bunks\t"two\tlines\nof text"\toak\t3\t4.5\t2\n'
        "7\tpine desk\tDesks|Tables\t\t\t\t\t\t\n"
        "8\todd thing\t\t\t\t\t\t\t\n",
        encoding="utf-8",
    )
    (folder / "query.csv").write_text("query_id\tquery\tquery_class\n5\toak bed\tBeds\n6\tdesk\tDesks\n")
    (folder / "label.csv").write_text(
        "id\tquery_id\tproduct_id\tlabel\n0\t5\t0\tExact\n1\t5\t7\tIrrelevant\n2\t6\t7\tPartial\n"
    )


def write_esci(folder: Path) -> None:
    product: Row = {
        "product_id": "B01",
        "product_title": "Red mug",
        "product_description": None,
        "product_bullet_point": "holds tea",
        "product_brand": "Kiln",
        "product_color": "Red",
        "product_locale": "us",
    }
    untitled: Row = {**product, "product_id": "B02", "product_title": None, "product_brand": None}
    taza: Row = {**product, "product_title": "Taza roja", "product_color": None, "product_locale": "es"}
    write_table(folder, "shopping_queries_dataset_products.parquet", [product, {**untitled, "product_color": ""}, taza])
    example: Row = {
        "example_id": 0,
        "query": "mug",
        "query_id": 3,
        "product_id": "B01",
        "product_locale": "us",
        "esci_label": "E",
        "small_version": 0,
        "large_version": 1,
        "split": "train",
    }
    others: list[Row] = [{"product_id": "B02", "esci_label": label} for label in ("S", "C", "I")]
    spanish: Row = {**example, "query": "taza", "product_locale": "es"}
    rows = [example, *({**example, **change} for change in others), spanish]
    write_table(folder, "shopping_queries_dataset_examples.parquet", rows)


WRITERS: dict[str, Callable[[Path], None]] = {
    "home-depot": write_home_depot,
    "bestbuy": write_bestbuy,
    "amazon-beauty": write_amazon_beauty,
    "jdsearch": write_jdsearch,
    "wands": write_wands,
    "esci": write_esci,
}
"""For each importer, what it is tested with."""
