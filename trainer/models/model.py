"""What training, export and evaluation need of a model, whichever it is; and the one place that chooses it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from multigrain.features.inputs import Vocabularies
from trainer.configs.config import TrainingConfig
from trainer.models.bag import Bag
from trainer.models.dnn import Dnn
from trainer.models.layers.layer import State, Tensor
from trainer.models.mgdspr import Mgdspr
from trainer.models.mmse import Mmse
from trainer.models.text import Text


class QueryTower(Protocol):
    """Query and user -> a vector, in two halves, so that serving may keep what depends on the user alone."""

    def encode_user(self, inputs: Mapping[str, Tensor], *, training: bool = False) -> State:
        """history_words, realtime, short and long, as multigrain.features.inputs makes them -> the user's state.

        At least one tensor [B, ...] of floats. Names and shapes are those of the model and its configuration; no name
        is that of an input.
        """
        ...

    def encode_query(self, unigrams: Tensor, bigrams: Tensor, words: Tensor, state: State) -> Tensor:
        """Ids [B, U], [B, G], [B, W] and states of as many users -> [B, d]"""
        ...

    def __call__(self, inputs: Mapping[str, Tensor], *, training: bool = False) -> Tensor:
        """The second half of the first: all inputs -> [B, d]. Names that no tower reads may be among them."""
        ...


class ItemTower(Protocol):
    """An item -> a vector that any query vector is multiplied with."""

    def __call__(self, item: Tensor, title_words: Tensor, side: Tensor, *, training: bool = False) -> Tensor:
        """ids [B], [B, T], [B, 4] -> [B, d]"""
        ...


class Model(Protocol):
    """Two towers. Training calls them inside `trainer.randomness.dropout_from`."""

    @property
    def query(self) -> QueryTower: ...

    @property
    def item(self) -> ItemTower: ...

    @property
    def trainable_variables(self) -> Sequence[Tensor]:
        """In the same order in every process."""
        ...

    @property
    def variables(self) -> Sequence[Tensor]: ...


def make_model(config: TrainingConfig, vocabularies: Vocabularies) -> Model:
    """Fresh towers; the same seed gives the same ones."""
    seed = config.run.seed
    match config.model.name:
        case "mgdspr":
            return Mgdspr(config.model, vocabularies, query_words=config.text.query_words, seed=seed)
        case "mmse":
            return Mmse(config.model, vocabularies, seed=seed)
        case "dnn":
            return Dnn(config.model, vocabularies, seed=seed)
        case "bag":
            return Bag(config.model, vocabularies, seed=seed)
        case "text":
            return Text(config.model, vocabularies, query_words=config.text.query_words, seed=seed)
