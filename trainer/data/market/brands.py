"""Invented brands: a shop of a million items sells more brands than a file should list. A third of them are Chinese."""

from collections.abc import Iterator

from trainer.data.market.numbers import Rng
from trainer.data.market.words import Brand

CHINESE_SHARE = 1 / 3
TRANSLATED_SHARE = 0.3
"""Of the other brands: how many have a Chinese name beside."""

_SYLLABLES = "ba bel bri ca cor da del dor el fa fen gal go ha il ka kel lan lor lu ma mer mi nor nu or pa"
_ENDINGS = "bo da dell dia do go la lia lo lux mi na nex nia no ra rix ro sa ta tek tis to va via vo wear zo"
_CHARACTERS = "鑫嘉悦佳宝康德华盛恒瑞祥泰丰明远达金银星海天云雅诗兰香凤龙虎飞鸿福"
_SOUNDS = (
    "xin jia yue jia bao kang de hua sheng heng rui xiang tai feng ming yuan da jin yin xing hai tian yun ya shi lan "
    "xiang feng long hu fei hong fu"
)
"""How the characters are spelt in Latin letters."""


def invented_brands(tops: tuple[str, ...], rng: Rng, *, taken: frozenset[str]) -> Iterator[Brand]:
    """One brand for each of `tops`, that sells there; no name twice and none of `taken`."""
    used = set(taken)
    for top in tops:
        name, also = _name(rng)
        while name in used or any(other in used for other in also):
            name, also = _name(rng)
        used |= {name, *also}
        yield Brand(name=name, synonyms=also, tops=(top,), level=int(rng.integers(1, 6)))


def _name(rng: Rng) -> tuple[str, tuple[str, ...]]:
    chinese, spelt = _chinese(rng)
    if rng.random() < CHINESE_SHARE:
        return chinese, (spelt,)
    name = "".join((*rng.choice(_SYLLABLES.split(), rng.integers(1, 3)), rng.choice(_ENDINGS.split())))
    return name, (chinese,) if rng.random() < TRANSLATED_SHARE else ()


def _chinese(rng: Rng) -> tuple[str, str]:
    """A name of two or three characters, and how it is spelt."""
    chosen = rng.integers(len(_CHARACTERS), size=rng.integers(2, 4))
    sounds = _SOUNDS.split()
    return "".join(_CHARACTERS[i] for i in chosen), "".join(sounds[i] for i in chosen)
