"""Linear maps that begin near nothing, so that what they add to is all that counts until they have learnt something.

Not from nothing: a map of zeros would let no gradient through to what stands before it.
"""

from trainer.models.layers.layer import Linear

QUIET = 0.01
"""Of the usual length of a fresh map's weights."""


def quieten(linear: Linear) -> None:
    """Shortens its weights. Before the first step, of a map whose output is added to something."""
    linear.weight.assign(linear.weight * QUIET)
