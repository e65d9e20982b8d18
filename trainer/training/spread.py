"""Training spread over several devices or machines by tf.distribute, so that it moves as one replica would.

Every process makes the same joined batches, and each replica takes its part of the rows and of the candidates. The
candidates' vectors are gathered, so a row has the negatives of the joined batch; gradients are summed, so all replicas
move by those of the joined batch. What differs is dropout, which each replica draws on its own, and the order of sums.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import cache

import tensorflow as tf

from multigrain.errors import InvalidConfig, Unavailable
from trainer.configs.config import RunConfig, TrainingConfig
from trainer.models.layers.layer import Tensor
from trainer.replicas import gathered, on_every_copy, part_now, summed
from trainer.training.checkpoints import Keeper, Position
from trainer.training.cluster import cluster_of

LEFT = "Collective ops is aborted"
"""What TensorFlow says, under several classes of errors, when a machine does not answer any more."""


class Spread:
    """Where the replicas of a step are. One of them: TensorFlow's default strategy, which adds nothing to a graph."""

    def __init__(self, strategy: Tensor, *, machines: int = 1, chief: bool = True) -> None:
        """`chief`: this process, of those on all machines, keeps what outlives the run."""
        self._strategy, self._machines = strategy, machines
        self.chief = chief
        self.replicas: int = strategy.num_replicas_in_sync

    def scope(self) -> AbstractContextManager[object]:
        """Variables made inside the block have a copy on each device."""
        block: AbstractContextManager[object] = self._strategy.scope()
        return block

    def watched(self, step: Callable[..., tuple[Tensor, ...]]) -> Callable[..., tuple[Tensor, ...]]:
        """The same step; raises Unavailable when another machine has left."""
        if self._machines == 1:
            return step

        def watched(*arguments: Tensor) -> tuple[Tensor, ...]:
            try:
                return step(*arguments)
            except tf.errors.OpError as error:
                if LEFT not in str(error):
                    raise
                cure = "start all of them again: the same commands go on from the chief's newest checkpoint"
                raise Unavailable(f"another machine has left the training: {cure}") from error

        return watched

    def run(self, replica: Callable[[], tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
        """`replica` called for each one of this process. What they answer must be the same: the first's is given."""
        answers = self._strategy.run(replica)
        return tuple(self._strategy.experimental_local_results(answer)[0] for answer in answers)

    def check_alike(self, fingerprint: Callable[[], float]) -> None:
        """Raises InvalidConfig on every machine when one of them trains from something else than the others do.

        `fingerprint` of what this machine trains from, asked only where there are several.
        """
        if self._machines == 1:
            return
        mine = [fingerprint()]
        (all_of_them,) = self._once(lambda: (gathered(tf.constant(mine, tf.float64)),))
        if len(set(all_of_them.numpy().tolist())) > 1:
            problem = "the workers do not train from the same examples, catalogue and configuration"
            raise InvalidConfig("run.spread", problem, cure="give each of them the same logs and the same file")

    def checkpoints(self, kept: Keeper) -> Keeper:
        """On several machines the chief's are those of all."""
        return kept if self._machines == 1 else _OfTheChief(kept, self)

    def as_the_chief(self, step: int, state: Mapping[str, Tensor]) -> int:
        """Fills `state` on every machine with what the chief has, and says at which step the chief is."""
        variables = list(state.values())

        def replica() -> tuple[Tensor]:
            values = [tf.constant(step, tf.float64), *(tf.identity(variable) for variable in variables)]
            if part_now().number > 0:
                # The first replica is the chief's: a sum with nothing else in it is what that one has.
                values = [tf.zeros_like(value) for value in values]
            # One by one: summed together they would be copied into one array first, all tables of it.
            at, *alike = [alone for value in values for alone in summed([value])]
            on_every_copy(_assign, variables, alike)
            return (at,)

        (at,) = self._once(replica)
        return int(at)

    def _once(self, replica: Callable[[], tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
        # In a graph: replicas that talk to each other would wait for ever if they were called one after the other.
        answers: tuple[Tensor, ...] = tf.function(lambda: self.run(replica), autograph=False)()
        return answers


def make_spread(run: RunConfig, environment: Mapping[str, str] = os.environ) -> Spread:
    """Before the first variable, for the machines must find each other first. They wait for one another here.

    Raises InvalidConfig when what is asked for cannot be had.
    """
    if run.spread == "one":
        return Spread(tf.distribute.get_strategy())
    if run.xla:
        problem = f'a step with run.spread = "{run.spread}" cannot be compiled: it reaches over several devices'
        raise InvalidConfig("run.xla", problem, cure='set it to false, or run.spread to "one"')
    if run.spread == "mirrored":
        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        return Spread(tf.distribute.MirroredStrategy([device.name for device in devices]))
    cluster = cluster_of(environment)
    try:
        return Spread(_joined_machines(), machines=cluster.machines, chief=cluster.is_chief)
    except RuntimeError as error:
        problem = f"the machines cannot be joined: {error}"
        raise InvalidConfig(
            "run.spread", problem, cure="start each worker in a process that has not trained yet"
        ) from None


@cache
def _joined_machines() -> Tensor:
    """Once a process: machines that have found each other stay joined, and cannot do it a second time."""
    return tf.distribute.MultiWorkerMirroredStrategy()


def check_shares(config: TrainingConfig, replicas: int) -> None:
    """Raises InvalidConfig when replicas would get parts of different sizes."""
    for key, number in (("run.batch_size", config.run.batch_size), ("loss.pool", config.loss.pool)):
        if number % replicas:
            above = number + -number % replicas
            problem = f"{number} cannot be shared out evenly over {replicas} replicas"
            raise InvalidConfig(key, problem, cure=f"set it to {above}, or to another multiple of {replicas}")


class _OfTheChief:
    """Written and read by the chief alone; the other machines get from it what it has read."""

    def __init__(self, kept: Keeper, spread: Spread) -> None:
        self._kept, self._spread = kept, spread

    def save(self, position: Position, variables: Mapping[str, Tensor]) -> None:
        if self._spread.chief:
            self._kept.save(position, variables)

    def load(self, variables: Mapping[str, Tensor]) -> Position:
        position = self._kept.load(variables) if self._spread.chief else Position()
        position.step = self._spread.as_the_chief(position.step, variables)
        return position


def _assign(variable: Tensor, value: Tensor) -> None:
    variable.assign(value)
