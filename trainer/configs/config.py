"""What a training run may be told, with what goes wrong when a value is too high or too low.

Loaded from TOML; an unknown key is refused. Two files ship beside this one: demo.toml for a laptop, mgdspr.toml with
the paper's values.
"""

import difflib
import tomllib
from importlib import resources
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from multigrain.errors import InvalidConfig
from multigrain.features.inputs import TextLengths
from multigrain.features.windows import WindowConfig


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelConfig(_Section):
    """The shape of the towers."""

    name: Literal["mgdspr", "mmse", "dnn", "text", "bag"] = Field(
        "mgdspr",
        description="Which towers to train: of either paper; dnn and text are baselines to be compared with; bag, for "
        "shops with few searches, reads the words and characters of query and title alone.",
    )
    dims: int = Field(
        128, ge=8, le=1024, description="Width of everything. Too low: little fits; too high: slow search."
    )
    side_dims: int = Field(16, ge=2, description="Width of a category, brand or shop vector. The paper gives none.")
    heads: int = Field(8, ge=1, description="Attention heads; must divide dims.")
    transformer_layers: int = Field(
        1, ge=1, le=4, description="Over the query's words, of mmse over all text. MMSE has 4, MGDSPR does not say."
    )
    lstm_layers: int = Field(2, ge=1, le=4, description="Over real-time behaviour. Each costs a step a behaviour.")
    dropout: float = Field(0.2, ge=0, lt=1, description="Between LSTM layers, in training only. Too high: underfits.")
    item_side_features: bool = Field(
        False,
        description="Ours: category, brand and shop in the item tower. Off, an item nobody clicked has only a title.",
    )
    id_dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Ours: share of training items read as never seen. 0: new items' ids mean nothing; high: none do.",
    )
    grains: Literal["multi", "words"] = Field(
        "multi",
        description="The query's six grains, or, to be compared with, the mean of its words alone. dnn has words.",
    )
    fusion: Literal["cls", "concat"] = Field(
        "cls",
        description="Of mgdspr: [CLS] self-attention over all tokens, or, to be compared with, a map of their means.",
    )
    history: bool = Field(
        True, description="Of mgdspr and mmse: off, to be compared with, the user's past is not read at all."
    )
    post_fusion: Literal["late", "grains"] = Field(
        "late",
        description="Of mmse: one dot product of two vectors, or, ours, a weighted sum of those of text, id and "
        "personal grains, served as one.",
    )
    shared_encoder: bool = Field(
        True, description="Of mmse: off, titles have a Transformer of their own, which few logs do not teach."
    )
    item_ids: bool = Field(
        True, description="Of mmse: off, the item tower knows an item by title and side features alone."
    )

    @model_validator(mode="after")
    def _heads_divide_dims(self) -> Self:
        if self.dims % self.heads:
            raise ValueError(f"heads {self.heads} does not divide dims {self.dims}")
        return self


class WindowsConfig(_Section):
    """How history is split. Goes into the bundle: serving splits the same way."""

    realtime_hours: float = Field(24.0, gt=0, description="Too high: nothing is left for short-term.")
    short_days: float = Field(10.0, gt=0, description="Clicks older than that become long-term.")
    long_days: float = Field(30.0, gt=0, description="Older behaviour is not read at all.")
    realtime_length: int = Field(50, ge=1, le=500, description="Too high: each one is an LSTM step at query time.")
    short_length: int = Field(100, ge=1, le=500, description="Too low: active users lose their older clicks.")
    long_length: int = Field(100, ge=1, le=500, description="For each of click, order, collect.")
    queries_length: int = Field(10, ge=1, le=100, description="Earlier queries read.")

    @model_validator(mode="after")
    def _windows_follow_each_other(self) -> Self:
        if not self.realtime_hours / 24 <= self.short_days <= self.long_days:
            raise ValueError("realtime_hours, short_days and long_days must not shrink")
        return self

    def to_floor(self) -> WindowConfig:
        return WindowConfig(**self.model_dump())


class TextConfig(_Section):
    """How many grains the towers read; longer text is cut."""

    query_unigrams: int = Field(40, ge=1, le=512, description="Characters, or character trigrams of Latin words.")
    query_bigrams: int = Field(20, ge=1, le=512, description="Too low: long queries lose their end.")
    query_words: int = Field(12, ge=1, le=128, description="Too high: the Transformer over words costs its square.")
    title_words: int = Field(30, ge=1, le=256, description="Too low: the end of long titles is not seen.")

    def to_floor(self) -> TextLengths:
        return TextLengths(**self.model_dump())


class VocabularyConfig(_Section):
    """Rows of the embedding tables: tokens with an id of their own, and buckets that all others share."""

    unigrams: int = Field(20_000, ge=1, description="Character grains.")
    unigram_buckets: int = Field(1_000, ge=1, description="Too few: unseen grains look alike.")
    bigrams: int = Field(200_000, ge=1, description="Too many: each is seen too rarely to be learnt.")
    bigram_buckets: int = Field(5_000, ge=1, description="As above.")
    words: int = Field(200_000, ge=1, description="Words of queries and titles; one table for both.")
    word_buckets: int = Field(5_000, ge=1, description="As above.")
    title_unigrams: bool = Field(
        False,
        description="Character grains of titles are known, too, and not only those of searches. For towers that spell "
        "titles (mmse, bag): off, a word that was never searched is spelt with shared buckets.",
    )
    items: int = Field(5_000_000, ge=1, description="The most clicked items; memory is dims x 4 bytes for each.")
    item_buckets: int = Field(10_000, ge=1, description="Rare and new items share these.")
    item_clicks: int = Field(
        1, ge=1, description="Fewer clicks, no id of its own. Too low: ids that nobody could learn."
    )
    sides: int = Field(100_000, ge=1, description="Categories, brands, shops: at most so many each.")
    side_buckets: int = Field(1_000, ge=1, description="For brands and shops that open tomorrow.")


class LossConfig(_Section):
    """What is minimised, and over which negatives."""

    kind: Literal["softmax", "hinge", "multi_stage", "multi_objective_softmax"] = Field(
        "softmax",
        description="The paper's is softmax. hinge compares pairs only; kept to be compared with. The other two learn "
        "from all that a search showed: multi_stage by [multi_stage], multi_objective_softmax by [multi_objective].",
    )
    positives: Literal["one", "many"] = Field(
        "one", description="many: other known positives among the candidates are learnt too. Ours: one masks them."
    )
    margin: float = Field(
        1.0, gt=0, description="Of the hinge alone. Too low: content at once; too high: it never rests. Ours."
    )
    temperature: float = Field(
        2.0, gt=0, description="Divides every logit. Below 1 it chases noisy clicks; high: flat."
    )
    pool: int = Field(1024, ge=0, description="Negatives shared by a batch, beside the batch's own items.")
    pool_popular: float = Field(
        0.0, ge=0, le=1, description="Share of the pool drawn by clicks^0.75. Too high: rare items are seldom seen."
    )
    negatives: Literal["all", "category"] = Field(
        "all", description="category: those of the positive's leaf category alone, to rank inside one. Ours."
    )
    half_life_days: float = Field(
        0.0, ge=0, description="An example so much older counts half; 0: age is nothing. Too low: forgets what is rare."
    )
    log_q: bool = Field(
        False, description="Corrects for popular items being negatives more often. Ours: not in the paper."
    )
    mixed: int = Field(
        0, ge=0, description="N hard negatives mixed with the positive; 0: none. More relevance, less recall."
    )
    mixed_low: float = Field(0.4, ge=0, le=1, description="a of alpha ~ U(a, b).")
    mixed_high: float = Field(0.6, ge=0, le=1, description="b; nearer 1 is harder.")
    mixed_moves_positive: bool = Field(
        True, description="Off: no gradient through the positive inside a mix, which otherwise pushes it down."
    )

    @property
    def reads_groups(self) -> bool:
        """Whether it learns from impression groups, and not from one positive drawn of each search."""
        return self.kind in ("multi_stage", "multi_objective_softmax")

    @model_validator(mode="after")
    def _low_below_high(self) -> Self:
        if self.mixed_low > self.mixed_high:
            raise ValueError("mixed_low is above mixed_high")
        return self

    @model_validator(mode="after")
    def _hinge_is_plain(self) -> Self:
        if self.kind == "hinge" and (self.mixed or self.log_q or self.positives == "many"):
            raise ValueError("a hinge has no denominator: mixed = 0, log_q = false and positives = 'one' go with it")
        return self


class MultiStageConfig(_Section):
    """The four terms of MMSE's objective. Which they are is verified, their formulas and values here are inferred."""

    clicked: float = Field(1.0, ge=0, description="Weight of clicked against negatives. 0: nothing is retrieved.")
    unclicked: float = Field(
        1.0, ge=0, description="Of unclicked against negatives. Too high: seen items end as high as clicked ones."
    )
    clicked_pairs: float = Field(1.0, ge=0, description="Of clicked above unclicked. 0: what is seen is what is liked.")
    ordered_pairs: float = Field(1.0, ge=0, description="Of ordered above unclicked. 0: an order is a click.")
    pairs: Literal["hinge", "softplus"] = Field(
        "hinge", description="How a pair is judged; softplus is the hinge without its corner, and never quite rests."
    )
    clicked_margin: float = Field(
        0.1, ge=0, description="Asked between clicked and unclicked, in the scale of the scores: 0.1 is of cosines."
    )
    ordered_margin: float = Field(0.2, ge=0, description="Between ordered and unclicked; above the other margin.")


class MultiObjectiveConfig(_Section):
    """Weights of the levels of the multi-objective softmax. Only its idea is known: all of it is inferred."""

    exposed: float = Field(1.0, ge=0, description="What was shown, against what was not. Too high: taste is lost.")
    clicked: float = Field(1.0, ge=0, description="What was clicked, against all below it. 0: nobody's taste counts.")
    ordered: float = Field(1.0, ge=0, description="What was ordered, against all below it. Too high: few rows decide.")


class OptimizerConfig(_Section):
    """How parameters move."""

    name: Literal["adagrad", "adam"] = Field(
        "adagrad", description="The paper's is adagrad; adam is faster on few logs."
    )
    learning_rate: float = Field(0.1, gt=0, description="Too high: the loss becomes NaN; too low: nothing is learnt.")
    decay: Literal["none", "linear"] = Field(
        "none", description="linear: the rate falls to zero over the run. Ours; with few logs the last steps settle it."
    )
    clip_norm: float = Field(3.0, gt=0, description="Gradients longer than this are shortened to it.")


class RobotsConfig(_Section):
    """Who counts as a robot, in any clock hour (UTC). Their searches give no examples."""

    searches_an_hour: int = Field(60, ge=1, description="More is a robot. Too low: eager people are lost.")
    actions_an_hour: int = Field(200, ge=1, description="As above, for clicks, collects, carts and orders together.")


class GroupsConfig(_Section):
    """How many items of a search stand in each impression group. The paper gives no caps; these are inferred."""

    ordered: int = Field(1, ge=1, description="Further orders stand as clicks. Too high: mostly padding.")
    clicked: int = Field(2, ge=1, description="The ordered ones included. Too low: clicks are lost.")
    unclicked: int = Field(4, ge=1, description="Seen and left alone, best rank first. Too high: mostly padding.")

    @model_validator(mode="after")
    def _orders_are_clicks(self) -> Self:
        if self.ordered > self.clicked:
            raise ValueError("ordered is above clicked, and every ordered item is a clicked one")
        return self


class TitleSpansConfig(_Section):
    """Pieces of titles that are learnt as searches wanting the item, among the real ones. Ours."""

    per_item: int = Field(
        0, ge=0, le=1000, description="Spans of each title; 0: none. Too many: real searches hardly count."
    )
    words_min: int = Field(2, ge=1, description="Fewer words in a span than people type teach little.")
    words_max: int = Field(5, ge=1, description="As above, for more words.")
    misspelt: float = Field(
        0.0, ge=0, le=1, description="Share of the words with a typing error. Too high: words lose their meaning."
    )
    seed: int = Field(0, ge=0, description="One seed, the same spans.")

    @model_validator(mode="after")
    def _min_below_max(self) -> Self:
        if self.words_min > self.words_max:
            raise ValueError("words_min is above words_max")
        return self


class PretrainingConfig(TitleSpansConfig):
    """How `multigrain pretrain` learns from the catalogue alone. The paper says only that its encoder is pre-trained on
    e-commerce data; pieces of titles are its authors' way elsewhere, and the numbers are ours."""

    per_item: int = Field(
        20, ge=1, le=1000, description="Pieces of each title. Too few: words stay what they began as."
    )
    words_min: int = Field(1, ge=1, description="Too high: queries of one word are new to it.")
    words_max: int = Field(5, ge=1, description="Too high: every piece is told by its rarest word.")
    misspelt: float = Field(
        0.15, ge=0, le=1, description="Share of the words with a typing error. 0: it never learns to read past one."
    )
    named: float = Field(
        0.3,
        ge=0,
        le=1,
        description="Share of the pieces that name a category of the item, or its brand, beside words or alone. 0: a "
        "category that titles do not say is never found by its name.",
    )
    temperature: float = Field(
        0.05, gt=0, description="Divides the cosines. Too low: it learns rare words by heart; too high: flat."
    )
    learning_rate: float = Field(
        0.001, gt=0, description="Of Adam, falling to zero. Too high: the layers never settle."
    )
    epochs: int = Field(1, ge=1, description="Passes over the pieces. More pieces teach more than more passes.")


class NeighborsConfig(_Section):
    """Which items are neighbours, because the same users chose them. Ours."""

    per_item: int = Field(
        100, ge=0, le=1000, description="Kept of each item; 0: no neighbours at all. Too many: 6 bytes each, of no use."
    )
    per_user: int = Field(
        100, ge=2, le=10_000, description="Newest items of a user that are read. Too many: work grows with its square."
    )
    within_hours: float = Field(
        168.0,
        gt=0,
        le=8784,
        description="Between two choices that belong together. Too low: hardly any do; too high: tastes of last year.",
    )


class CutOffConfig(_Section):
    """The cut-off that a bundle may have, fitted after training (`trainer/cut_off/`). [inferred]"""

    searches: int = Field(
        0, ge=0, le=1_000_000, description="Training searches that it is fitted on; 0: no cut-off. Too few are refused."
    )
    negatives: int = Field(
        20, ge=1, le=1000, description="Random items beside a search's clicked ones. Too few: a jumpy curve."
    )
    keep: float = Field(
        0.99,
        gt=0,
        lt=1,
        description="Share of the held-out clicked items that stays. Too low: wanted items go; too high: nothing does.",
    )
    good_grade: float = Field(
        2.0,
        ge=0,
        le=3,
        description="From this grade on a judged item is wanted, where logs hold judgments. Too high: good items go.",
    )
    seed: int = Field(0, ge=0, description="One seed, the same random items.")


class RunConfig(_Section):
    """How long, and on what."""

    batch_size: int = Field(256, ge=2, description="Also the number of in-batch negatives. Too low: noisy.")
    epochs: int = Field(1, ge=1, description="Passes over the training examples. Too many: it learns them by heart.")
    seed: int = Field(0, ge=0, description="One seed, one order of batches and one start.")
    test_hours: float = Field(24.0, gt=0, description="The end of the logs, kept for testing.")
    leave_out_hours: float = Field(
        0.0, ge=0, description="Of the end of the logs, not read at all: choose what to train without a look at them."
    )
    shards: int = Field(4, ge=1, description="Files of each part, at least; large logs are cut finer.")
    golden: int = Field(8, ge=1, le=1000, description="Queries and items kept in the bundle with their vectors.")
    held_out: int = Field(
        256,
        ge=0,
        description="Newest training examples that only measure recall, at most one in 20. Too low: a jumpy number.",
    )
    recall_steps: int = Field(500, ge=1, description="Between looks at recall. Too low: time goes into measuring.")
    checkpoint_minutes: float = Field(
        10.0, gt=0, description="Between checkpoints; each pass ends with one, too. Too high: more to do again."
    )
    examples_memory_mb: int = Field(
        2000, ge=0, description="Room for encoded examples. Too low: they are encoded anew in every pass."
    )
    xla: bool = Field(
        False, description="Compiles the step, for GPUs: on a processor it is slower. Each batch size compiles again."
    )
    spread: Literal["one", "mirrored", "workers"] = Field(
        "one",
        description="Over one device, all devices of this machine, or machines by TF_CONFIG. Too wide: mostly talk.",
    )
    products: Literal["float32", "bfloat16"] = Field(
        "float32",
        description="What linear maps multiply in while training. bfloat16 pays where the hardware has it, on a GPU "
        "above all. Weights, losses and the exported towers stay float32. No float16: it would need a scaled loss.",
    )


class TrainingConfig(_Section):
    """Everything that a training run can be told."""

    model: ModelConfig = ModelConfig()  # type: ignore[call-arg]  # pydantic fills defaults; mypy has no plugin here
    windows: WindowsConfig = WindowsConfig()  # type: ignore[call-arg]  # as above
    text: TextConfig = TextConfig()  # type: ignore[call-arg]  # as above
    vocabulary: VocabularyConfig = VocabularyConfig()  # type: ignore[call-arg]  # as above
    loss: LossConfig = LossConfig()  # type: ignore[call-arg]  # as above
    multi_stage: MultiStageConfig = MultiStageConfig()  # type: ignore[call-arg]  # as above
    multi_objective: MultiObjectiveConfig = MultiObjectiveConfig()  # type: ignore[call-arg]  # as above
    optimizer: OptimizerConfig = OptimizerConfig()  # type: ignore[call-arg]  # as above
    robots: RobotsConfig = RobotsConfig()  # type: ignore[call-arg]  # as above
    groups: GroupsConfig = GroupsConfig()  # type: ignore[call-arg]  # as above
    title_spans: TitleSpansConfig = TitleSpansConfig()  # type: ignore[call-arg]  # as above
    pretraining: PretrainingConfig = PretrainingConfig()  # type: ignore[call-arg]  # as above
    neighbors: NeighborsConfig = NeighborsConfig()  # type: ignore[call-arg]  # as above
    cut_off: CutOffConfig = CutOffConfig()  # type: ignore[call-arg]  # as above
    run: RunConfig = RunConfig()  # type: ignore[call-arg]  # as above

    @model_validator(mode="after")
    def _distinct_words_are_not_compiled(self) -> Self:
        name = self.model.name
        if name in ("bag", "mmse") and self.run.xla:
            raise ValueError(
                f"model.name '{name}' looks for the distinct words of a batch, which XLA cannot: xla = false"
            )
        return self

    def with_run(self, **said: float | None) -> "TrainingConfig":
        """With these keys of [run] instead of its own; None: not said. Raises InvalidConfig for what cannot be."""
        changes = {key: value for key, value in said.items() if value is not None}
        try:
            run = RunConfig.model_validate({**self.run.model_dump(), **changes})
        except ValidationError as error:
            raise _as_invalid_config(error, "the command line") from None
        return self.model_copy(update={"run": run})


def shipped_configs() -> tuple[str, ...]:
    """Names of the configurations that ship: `load_config('demo')`."""
    files = resources.files("trainer.configs").iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


def load_config(path: Path | str) -> TrainingConfig:
    """The configuration in a TOML file, or a shipped one by name. Raises InvalidConfig naming the key and the cure."""
    if str(path) in shipped_configs():
        text = (resources.files("trainer.configs") / f"{path}.toml").read_text(encoding="utf-8")
    elif Path(path).is_file():
        text = Path(path).read_text(encoding="utf-8")
    else:
        cure = f"name a TOML file, or one of {', '.join(shipped_configs())}"
        raise InvalidConfig(str(path), "no such training config", cure=cure)
    try:
        return TrainingConfig.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InvalidConfig(str(path), f"not TOML: {error}", cure="mend that line") from None
    except ValidationError as error:
        raise _as_invalid_config(error, str(path)) from None


def _as_invalid_config(error: ValidationError, path: str) -> InvalidConfig:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return InvalidConfig(key, f"unknown key in {path}", cure=_did_you_mean(key))
    return InvalidConfig(key, f"{first['msg']} (is {first['input']!r})", cure=f"mend it in {path}")


def _did_you_mean(key: str) -> str:
    known = [
        name if field.annotation is None else f"{name}.{entry}"
        for name, field in TrainingConfig.model_fields.items()
        for entry in getattr(field.annotation, "model_fields", {})
    ]
    near = difflib.get_close_matches(key, [*known, *TrainingConfig.model_fields], n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"sections are {', '.join(TrainingConfig.model_fields)}"
