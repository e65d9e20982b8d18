"""Python's collector, kept from what is never garbage.

From time to time it looks at every object there is, and nobody is answered meanwhile. TensorFlow alone brings 300,000
that stay for ever: a third of a second on the machine this was measured on, against a few hundredths for the rest.
"""

import gc

from multigrain.saved_towers import import_runtime


def spare_what_stays() -> None:
    """Call it once, before anything is loaded that may go again: what is there now is never looked at any more."""
    import_runtime()
    gc.collect()
    gc.freeze()
