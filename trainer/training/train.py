"""Examples in, towers out: what training is made of, put together. The steps themselves are in loop.py."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from multigrain.errors import InvalidConfig
from multigrain.features.inputs import Inputs, Vocabularies, item_inputs
from multigrain.types import Int64s, Item
from trainer.configs.config import TrainingConfig
from trainer.data.batches import Batches, BatchShape
from trainer.data.encoded_shards import EncodedShards, Encoder
from trainer.data.held_out import held_out, held_out_from_ms
from trainer.data.pool import Pool
from trainer.losses.objective import check_objective
from trainer.models.model import Model, make_model
from trainer.progress import Clock, Reporter
from trainer.training.aged_examples import AgedEncoder
from trainer.training.batch_losses import make_batch_loss
from trainer.training.checkpoints import named
from trainer.training.held_out_recall import HeldOutRecall
from trainer.training.loop import Kept, Loop
from trainer.training.optimizers import make_optimizer
from trainer.training.spread import Spread, check_shares, make_spread
from trainer.training.step import make_step

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """Towers, and how the loss came down."""

    model: Model
    losses: tuple[float, ...]
    """Mean loss between one report and the next, in order."""
    recall: float | None
    """Recall@100 of the held-out examples at the end. None: too few examples to hold any out."""
    steps: int


def train(
    examples: Path,
    items: Sequence[Item],
    clicks: Int64s,
    vocabularies: Vocabularies,
    config: TrainingConfig,
    *,
    kept: Kept,
    reporter: Reporter,
    clock: Clock,
    model: Model | None = None,
    spread: Spread | None = None,
) -> Trained:
    """Trains towers on the examples of a folder, from the newest checkpoint on if `kept` has one.

    `clicks` [M]: of each item, before the test part. `model`: towers to start from, made in the scope of `spread`;
    None: fresh ones. `spread`: None: made as the configuration has it.
    Raises InvalidConfig when the loss is no number any more, or when there are too few examples for one batch;
    Stopped, when Ctrl-C was pressed and everything is kept.
    """
    check_objective(config)
    spread = make_spread(config.run) if spread is None else spread
    check_shares(config, spread.replicas)
    from_ms = held_out_from_ms(examples, config.run.held_out)
    encoder = _make_encoder(items, vocabularies, config, now_ms=from_ms)
    pool = Pool(clicks, popular=config.loss.pool_popular)
    batches = _make_batches(examples, encoder, pool, config, before_ms=from_ms)

    with spread.scope():
        model = make_model(config, vocabularies) if model is None else model
        optimizer = make_optimizer(config.optimizer, model.trainable_variables)
    catalogue = item_inputs(items, vocabularies, config.text.to_floor())
    spread.check_alike(lambda: _fingerprint(config, batches, catalogue))
    draws = pool.expected(config.loss.pool, config.run.batch_size)
    loop = Loop(
        step=make_step(model, optimizer, make_batch_loss(model, catalogue, draws, config), config, spread),
        batches=batches,
        state=named(model.variables, "model") | named(optimizer.variables, "optimizer"),
        recall=HeldOutRecall(model, encoder.encode(held_out(examples, from_ms)), catalogue, seed=config.run.seed),
        config=config,
        kept=replace(kept, checkpoints=spread.checkpoints(kept.checkpoints)),
        clock=clock,
    )
    loop.run(reporter)
    return Trained(model=model, losses=tuple(loop.position.losses), recall=loop.recall_now, steps=loop.position.step)


def _make_encoder(items: Sequence[Item], vocabularies: Vocabularies, config: TrainingConfig, *, now_ms: int) -> Encoder:
    if config.loss.half_life_days:
        return AgedEncoder(items, vocabularies, config, now_ms=now_ms)
    groups = config.groups if config.loss.reads_groups else None
    lengths, windows = config.text.to_floor(), config.windows.to_floor()
    return Encoder(items, vocabularies, lengths=lengths, windows=windows, groups=groups)


def _make_batches(examples: Path, encoder: Encoder, pool: Pool, config: TrainingConfig, *, before_ms: int) -> Batches:
    run = config.run
    shape = BatchShape(size=run.batch_size, pool=config.loss.pool, epochs=run.epochs, seed=run.seed)
    memory = run.examples_memory_mb * MEGABYTE
    batches = Batches(EncodedShards(examples, encoder, before_ms=before_ms, memory_bytes=memory), pool, shape)
    if batches.steps == 0:
        problem = f"all examples of {examples} do not fill one batch of {run.batch_size}"
        raise InvalidConfig("run.batch_size", problem, cure="choose a smaller one, or bring more logs")
    return batches


def _fingerprint(config: TrainingConfig, batches: Batches, catalogue: Inputs) -> float:
    """A number that differs, all but certainly, where what is trained, on which examples or how long, does."""
    told = f"{config.model_dump_json(exclude={'run'})} {batches.steps}"
    digest = hashlib.sha256(told.encode())
    for arrays in (next(iter(batches)), catalogue):
        for name in sorted(arrays):
            digest.update(arrays[name].tobytes())
    # Six bytes are an integer that a float64 holds to the last digit.
    return float(int.from_bytes(digest.digest()[:6], "big"))
