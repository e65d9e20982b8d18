"""Ways to find candidates, asked side by side. ALL of them are listed here; a file a channel."""

from server.channels.channel import Channel
from server.channels.lexical import LexicalChannel, Titles
from server.channels.neighbours import NeighboursChannel
from server.channels.vector import VectorChannel


def all_channels(titles: Titles) -> tuple[Channel, ...]:
    """Every channel there is, in the order in which reports name them."""
    return (
        VectorChannel(),
        LexicalChannel(titles),
        NeighboursChannel(),
    )
