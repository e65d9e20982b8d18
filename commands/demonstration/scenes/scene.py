"""The shape of a scene: it asks the running server as any client would, and shows what came back."""

from dataclasses import dataclass

from commands.demonstration.casting import Cast
from commands.demonstration.shop import Shop
from commands.output import Output
from multigrain.client import Client
from multigrain.figures import Figure
from multigrain.types import Item, ItemId


@dataclass(frozen=True, slots=True)
class Stage:
    """What every scene plays on."""

    shop: Shop
    client: Client
    cast: Cast
    output: Output

    def item(self, item_id: str) -> Item:
        """From the catalogue as it is now."""
        return self.shop.catalogue.get([ItemId(item_id)])[ItemId(item_id)].item


Figures = list[Figure]
"""What a scene measured."""
