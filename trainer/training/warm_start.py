"""Towers that start from those of an earlier run: what was known keeps its vectors, what is newly seen starts fresh.

Tables grow with their vocabulary, and rows are copied by token, for a token's row may be another one today. Hash
buckets are copied as they are. The optimiser starts fresh: its memory of squared gradients is of other data.
"""

from dataclasses import fields

import numpy as np

from multigrain.errors import InvalidConfig
from multigrain.features.inputs import Vocabularies
from multigrain.text.vocabulary import Vocabulary
from multigrain.types import Float32s
from trainer.configs.config import TrainingConfig
from trainer.models.layers.layer import Tensor
from trainer.training.towers import Towers

SHAPELESS = ("dropout", "id_dropout", "item_ids", "history")
"""Keys of the model that may change from one run to the next: no weight has their shape."""


def warm_start(fresh: Towers, earlier: Towers) -> None:
    """Fills `fresh` from `earlier`. Raises InvalidConfig naming the field that makes them differ in shape."""
    ours, theirs = fresh.model.trainable_variables, earlier.model.trainable_variables
    if [variable.name for variable in ours] != [variable.name for variable in theirs]:
        raise _other_shape(fresh.config, earlier.config, "the parts of the towers")
    filled = [_filled(variable, before, fresh, earlier) for variable, before in zip(ours, theirs, strict=True)]
    # Assigned last: towers that are refused stay as they were.
    for variable, values in zip(ours, filled, strict=True):
        variable.assign(values)


def _filled(variable: Tensor, before: Tensor, fresh: Towers, earlier: Towers) -> Float32s:
    """What `variable` is to hold."""
    name = variable.name.split(":")[0]
    kind = name.removesuffix("_table")
    if kind != name and kind in {entry.name for entry in fields(Vocabularies)}:
        now, then = getattr(fresh.vocabularies, kind), getattr(earlier.vocabularies, kind)
        if now.buckets == then.buckets and variable.shape[1:] == before.shape[1:]:
            return _grown(variable.numpy(), before.numpy(), now, then)
    elif variable.shape == before.shape:
        values: Float32s = before.numpy()
        return values
    raise _other_shape(fresh.config, earlier.config, f"{name} ({before.shape} before, {variable.shape} now)")


def _grown(fresh: Float32s, before: Float32s, now: Vocabulary, then: Vocabulary) -> Float32s:
    rows = np.array([now.id_of(token) for token in then.tokens], np.int64)
    still_known = rows <= len(now.tokens)
    grown = fresh.copy()
    grown[0] = before[0]
    grown[rows[still_known]] = before[1 : 1 + len(then.tokens)][still_known]
    grown[1 + len(now.tokens) :] = before[1 + len(then.tokens) :]
    return grown


def _other_shape(now: TrainingConfig, then: TrainingConfig, what: str) -> InvalidConfig:
    """Names the first key that differs among those that give the towers their shape."""
    for section in ("model", "text", "vocabulary"):
        ours, theirs = getattr(now, section), getattr(then, section)
        for key in type(ours).model_fields:
            mine, other = getattr(ours, key), getattr(theirs, key)
            # How many tokens at most, and from how many clicks, may change: tables grow.
            if mine != other and (section != "vocabulary" or key.endswith("_buckets")) and key not in SHAPELESS:
                problem = f"is {mine}, and {other} in the towers to start from: {what} cannot be copied"
                return InvalidConfig(f"{section}.{key}", problem, cure=f"set it to {other}, or leave out --from")
    return InvalidConfig("model", f"{what} cannot be copied", cure="leave out --from")
