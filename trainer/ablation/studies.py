"""What can be compared, study by study. The first variant of a study is what the others are held against.

MMSE's studies are in mmse_studies.py; here are MGDSPR's, and the list of both.
"""

from collections.abc import Mapping

from trainer.ablation.mmse_studies import MMSE
from trainer.ablation.variant import Variant

_BARE: Mapping[str, Mapping[str, str | int | float | bool]] = {
    "model": {"grains": "words", "fusion": "concat"},
    "loss": {"temperature": 1.0, "mixed": 0},
}
"""Without the paper's four parts. What stands in their place is ours: the paper does not say."""
MIXED = 128
"""N of the mixed negatives here: the paper's 684 belongs to a pool wider than a laptop's."""
TAU = 2.0


def _bare_and(name: str, *, model: Mapping[str, str] = {}, loss: Mapping[str, float] = {}) -> Variant:  # read only
    return Variant(name=name, changes={"model": {**_BARE["model"], **model}, "loss": {**_BARE["loss"], **loss}})


_MGS, _TRM = {"grains": "multi"}, {"fusion": "cls"}
GRID = (
    _bare_and("bare"),
    _bare_and("+ mgs", model=_MGS),
    _bare_and("+ trm", model=_TRM),
    _bare_and("+ tau", loss={"temperature": TAU}),
    _bare_and("+ mgs + trm + tau", model=_MGS | _TRM, loss={"temperature": TAU}),
    _bare_and("+ I_mix", loss={"mixed": MIXED}),
    _bare_and("+ all", model=_MGS | _TRM, loss={"temperature": TAU, "mixed": MIXED}),
)
"""The rows of the paper's ablation [V], in its order."""

BASELINES = (
    Variant(name="mgdspr", changes={}),
    Variant(name="mgdspr, trained without history", changes={"model": {"history": False}}),
    Variant(name="dnn", changes={"model": {"name": "dnn"}}),
    Variant(name="text only", changes={"model": {"name": "text"}}),
)
LOSSES = (
    Variant(name="softmax", changes={"loss": {"kind": "softmax"}}),
    Variant(name="hinge", changes={"loss": {"kind": "hinge", "mixed": 0, "log_q": False, "positives": "one"}}),
)
TEMPERATURES = tuple(
    Variant(name=f"tau = {tau:g}", changes={"loss": {"temperature": tau}}) for tau in (1.0, 0.5, 1.5, 2.0, 3.0)
)
HARD_NEGATIVES = tuple(Variant(name=f"N = {count}", changes={"loss": {"mixed": count}}) for count in (0, 32, 128, 512))
MIXES = (
    *(
        Variant(
            name=f"alpha in ({low:g}, {high:g})",
            changes={"loss": {"mixed": MIXED, "mixed_low": low, "mixed_high": high}},
        )
        for low, high in ((0.4, 0.6), (0.0, 0.2), (0.2, 0.4), (0.6, 0.8))
    ),
    Variant(
        name="alpha in (0.4, 0.6), no gradient into the positive",
        changes={"loss": {"mixed": MIXED, "mixed_moves_positive": False}},
    ),
)
COLD_START = (
    Variant(name="id and title, as in the paper", changes={"model": {"item_side_features": False, "id_dropout": 0.0}}),
    Variant(name="+ id dropout", changes={"model": {"item_side_features": False, "id_dropout": 0.1}}),
    Variant(name="+ side features", changes={"model": {"item_side_features": True, "id_dropout": 0.0}}),
    Variant(name="+ both", changes={"model": {"item_side_features": True, "id_dropout": 0.1}}),
)

MGDSPR: Mapping[str, tuple[Variant, ...]] = {
    "baselines": BASELINES,
    "grid": GRID,
    "losses": LOSSES,
    "tau": TEMPERATURES,
    "hard": HARD_NEGATIVES,
    "mix": MIXES,
    "cold": COLD_START,
}

STUDIES: Mapping[str, Mapping[str, tuple[Variant, ...]]] = {"mgdspr": MGDSPR, "mmse": MMSE}
"""The one list: whose studies they are, then the name that the command takes."""
