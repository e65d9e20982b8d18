"""The query tower in ONNX Runtime and in LiteRT, to be held against XLA. Neither is a dependency: who wants to compare
installs them, and a bench without them says what to install.
"""

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.paper_bundle import PaperBundle
from multigrain.bundle import QUERY_TOWER
from multigrain.saved_towers import VECTOR, WHOLE, Arrays
from multigrain.types import Float32s
from trainer.models.layers.layer import Tensor

Tower = Callable[[Arrays], Float32s]
"""Inputs of one query -> its vector, [1, dims]."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """Another way to run a tower."""

    name: str
    modules: tuple[str, ...]
    """What must be installed, by the name it is imported by."""
    packages: str
    """The same for pip."""
    load: Callable[[PaperBundle, Arrays], Tower]
    """The query tower of a bundle, for single queries of the shapes of these. Takes seconds."""

    @property
    def installed(self) -> int:
        """How many of the modules are there."""
        return sum(importlib.util.find_spec(module) is not None for module in self.modules)


def _onnx(made: PaperBundle, example: Arrays) -> Tower:
    import tensorflow as tf

    # Not by an import statement: the type checker would want them installed.
    onnxruntime, convert = importlib.import_module("onnxruntime"), importlib.import_module("tf2onnx").convert
    loaded = tf.saved_model.load(str(made.bundle.path / QUERY_TOWER))
    single, specs = _single(lambda inputs: loaded.signatures[WHOLE](**inputs)[VECTOR], example)
    model, _ = convert.from_function(single, input_signature=specs)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [given.name for given in session.get_inputs()]
    return lambda inputs: np.asarray(session.run(None, {name: inputs[name.split(":")[0]] for name in names})[0])


def _litert(made: PaperBundle, example: Arrays) -> Tower:
    import tensorflow as tf

    interpreter_of = importlib.import_module("ai_edge_litert.interpreter").Interpreter
    # The towers in memory and not the exported ones: LiteRT takes no loop over rows of an open batch.
    single, specs = _single(made.model.query, example)
    concrete = single.get_concrete_function(*specs)
    content = tf.lite.TFLiteConverter.from_concrete_functions([concrete], made.model).convert()
    tower = interpreter_of(model_content=content).get_signature_runner()
    return lambda inputs: np.asarray(next(iter(tower(**{name: inputs[name] for name in example}).values())))


def _single(tower: Callable[[Mapping[str, Tensor]], Tensor], example: Arrays) -> tuple[Tensor, list[Tensor]]:
    """The tower as a graph for a batch of one, and the shapes of its inputs.

    With an open batch the shapes would have to be worked out at every call.
    """
    import tensorflow as tf

    specs = [tf.TensorSpec(array.shape, tf.int32, name=name) for name, array in example.items()]
    return tf.function(lambda *inputs: tower(dict(zip(example, inputs, strict=True))), autograph=False), specs


RUNTIMES = (
    Runtime("ONNX Runtime", ("onnxruntime", "tf2onnx"), "onnxruntime tf2onnx", _onnx),
    Runtime("LiteRT", ("ai_edge_litert",), "ai-edge-litert", _litert),
)
