"""The one list of sets that can be imported."""

from trainer.data.importers import amazon_beauty, bestbuy, esci, home_depot, jdsearch, wands
from trainer.data.importers.importer import Importer

IMPORTERS: tuple[Importer, ...] = (
    home_depot.IMPORTER,
    bestbuy.IMPORTER,
    amazon_beauty.IMPORTER,
    jdsearch.IMPORTER,
    wands.IMPORTER,
    esci.IMPORTER,
)
