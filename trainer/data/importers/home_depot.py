"""Home Depot: queries and products whose relevance people graded. Titles are English and written by the shop.

The grade of a pair is the mean of its raters, published with two decimals; it is a third or a quarter, which is
restored, and 1..3 becomes 0..3: relevance 2.33 (seven thirds) is grade 2 exactly. There is no brand, category, price,
user or time in the set, and nobody searched or clicked: searches and events are empty tables, unless the judged queries
are wanted as searches, for towers to learn from them.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trainer.data.importers.importer import AS_SEARCHES, Imported, Importer, Source
from trainer.data.importers.judged_searches import searches_of
from trainer.data.importers.log_tables import catalog_table, judgments_table
from trainer.data.importers.source_tables import TEXT, known_in, read_parquet
from trainer.data.log_checks import column_check
from trainer.data.log_marks import not_in_range
from trainer.data.logs import EVENTS_SCHEMA, SEARCHES_SCHEMA, Logs

PRODUCTS = "products.parquet"
PRODUCTS_SCHEMA = pa.schema(
    [pa.field("product_uid", pa.int64(), nullable=False), pa.field("product_title", TEXT, nullable=False)]
)
JUDGMENTS = "judgments.parquet"
JUDGMENTS_SCHEMA = pa.schema(
    [
        pa.field("product_uid", pa.int64(), nullable=False),
        pa.field("query", TEXT, nullable=False),
        pa.field("relevance", pa.float64(), nullable=False),
    ]
)


def _run(source: Source) -> Imported:
    products = read_parquet(source.folder, PRODUCTS, PRODUCTS_SCHEMA)
    judged = read_parquet(
        source.folder,
        JUDGMENTS,
        JUDGMENTS_SCHEMA,
        column_check("relevance", "is not a relevance", "1 (irrelevant) to 3 (perfect)", not_in_range(1, 3)),
        known_in("product_uid", products["product_uid"], PRODUCTS),
    )
    catalog = catalog_table(
        item_id=pc.cast(products["product_uid"], TEXT),
        title=products["product_title"],
        shop=pa.repeat("home-depot", len(products)),
    )
    # Twelfths hold thirds and quarters; 24 of them lie between 1 and 3, eight to a grade.
    twelfths = np.rint(judged["relevance"].to_numpy() * 12) - 12
    judgments = judgments_table(
        query=judged["query"], item_id=pc.cast(judged["product_uid"], TEXT), grade=pa.array(twelfths / 8)
    )
    searches, events = SEARCHES_SCHEMA.empty_table(), EVENTS_SCHEMA.empty_table()
    if source.judged_as == AS_SEARCHES:
        searches, events = searches_of(judgments)
    return Imported(Logs(catalog=catalog, searches=searches, events=events, judgments=judgments))


IMPORTER = Importer(
    name="home-depot",
    summary="query-product pairs graded by people (Home Depot)",
    reads=(PRODUCTS, JUDGMENTS),
    options=frozenset({"judged_as"}),
    run=_run,
)
