"""Training over several devices and machines moves as training over one does, and what cannot be shared is refused."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from multigrain.errors import InvalidConfig
from tests.small_training import small_config
from tests.unit.trainer.conftest import SmallRun
from tests.unit.trainer.spread_run import LEARNT, Run, learn
from trainer.flow import make_candidate
from trainer.losses.mixed_negatives import draw_alphas
from trainer.progress import Progress
from trainer.randomness import dropout, dropout_from
from trainer.replicas import WHOLE, Part
from trainer.training.cluster import cluster_of
from trainer.training.spread import check_shares, make_spread

WITHIN = 5e-6
"""Floats summed in another order."""
MOVED = 2e-3
"""How far, at least, each table and layer went meanwhile."""
Learnt = Mapping[str, np.ndarray]

PATIENCE_SECONDS = 300
"""Graphs are made on two processors that others may use, too."""


@pytest.fixture(scope="module")
def told(small_run: SmallRun, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """What every run here needs of the small one, and a folder for them all."""
    examples, vocabulary = small_run.candidate.examples, small_run.bundle.path / "vocabulary"
    places = (small_run.logs_folder, examples, vocabulary, tmp_path_factory.mktemp("spread"))
    logs, examples, vocabulary, folder = map(str, places)
    return Run(logs=logs, examples=examples, vocabulary=vocabulary, folder=folder)


def in_folder(told: Run, name: str, **changes: Any) -> Run:  # Any: fields of Run
    folder = Path(told.folder) / name
    folder.mkdir()
    return replace(told, folder=str(folder), **changes)


def start(
    folder: str, *runs: Run, devices: int = 1, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """A process that does one run after the other; what it says goes into `folder`."""
    command = [sys.executable, "-m", "tests.unit.trainer.spread_run", str(devices)]
    with Path(folder, "said").open("w") as said:
        return subprocess.Popen(
            [*command, *(json.dumps(asdict(run)) for run in runs)],
            env={**os.environ, **(environment or {})},
            stderr=said,
        )


def finish(*processes: subprocess.Popen[bytes]) -> list[int]:
    """Exit codes. No process is left behind, whatever happens."""
    try:
        return [process.wait(PATIENCE_SECONDS) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [opened.getsockname()[1] for opened in sockets]


def tf_config(workers: Sequence[str], task: Mapping[str, object], chief: Sequence[str] = ()) -> str:
    cluster = {"worker": list(workers)} | ({"chief": list(chief)} if chief else {})
    return json.dumps({"cluster": cluster, "task": task})


def learnt(run: Run) -> Learnt:
    with np.load(Path(run.folder) / LEARNT, allow_pickle=False) as arrays:
        return dict(arrays)


def weights(of: Learnt) -> list[np.ndarray]:
    return [array for name, array in of.items() if name.startswith("weight.")]


def bits(of: Learnt) -> list[bytes]:
    return [array.tobytes() for array in weights(of)]


def assert_alike(some: Learnt, others: Learnt) -> None:
    """But for the order in which numbers are summed."""
    assert len(some["by_step"]) >= 5
    np.testing.assert_allclose(some["by_step"], others["by_step"], rtol=1e-6)
    np.testing.assert_allclose(some["losses"], others["losses"], rtol=1e-6)
    assert some["moved"].min() > MOVED
    assert_same_weights(some, others)


def assert_same_weights(some: Learnt, others: Learnt) -> None:
    for mine, theirs in zip(weights(some), weights(others), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=WITHIN)


@pytest.fixture(scope="module")
def alone(told: Run) -> Learnt:
    """One replica with the whole batch."""
    run = in_folder(told, "alone")
    learn(run)
    return learnt(run)


@pytest.fixture(scope="module")
def mirrored(told: Run) -> dict[str, Run]:
    """Runs on two devices: a whole one, one that stops in the middle, and one that goes on from there."""
    of_two = partial(in_folder, told, spread="mirrored")
    broken = of_two("broken", stop_after=3)
    runs = {"whole": of_two("whole"), "broken": broken, "resumed": of_two("resumed", goes_on_from=broken.folder)}
    # One process for all three: TensorFlow takes longer to start than they take to learn.
    process = start(told.folder, *runs.values(), devices=2)
    assert finish(process) == [0], Path(told.folder, "said").read_text()
    return runs


@pytest.mark.slow
def test_two_devices_learn_what_one_learns(alone: Learnt, mirrored: dict[str, Run]) -> None:
    two = learnt(mirrored["whole"])
    assert (alone["replicas"], two["replicas"]) == (1, 2)
    assert_alike(alone, two)


@pytest.mark.slow
def test_two_devices_learn_from_impression_groups_what_one_learns(told: Run) -> None:
    alone = in_folder(told, "alone-by-stages", objective="multi_stage")
    two = in_folder(told, "mirrored-by-stages", objective="multi_stage", spread="mirrored")
    # A process of its own: TensorFlow remembers the shapes that two devices first exchanged.
    process = start(two.folder, two, devices=2)
    learn(alone)
    assert finish(process) == [0], Path(two.folder, "said").read_text()
    assert learnt(two)["replicas"] == 2
    assert_alike(learnt(alone), learnt(two))


@pytest.mark.slow
def test_a_run_that_stopped_on_two_devices_goes_on_as_if_it_had_not(mirrored: dict[str, Run]) -> None:
    assert not Path(mirrored["broken"].folder, LEARNT).exists(), "it was to stop in the middle"
    whole, resumed = learnt(mirrored["whole"]), learnt(mirrored["resumed"])
    np.testing.assert_array_equal(whole["by_step"][3:], resumed["by_step"])
    assert bits(whole) == bits(resumed)


@pytest.mark.slow
def test_a_checkpoint_of_two_devices_is_gone_on_from_on_one(told: Run, alone: Learnt, mirrored: dict[str, Run]) -> None:
    run = in_folder(told, "on-one", goes_on_from=mirrored["broken"].folder)
    learn(run)
    resumed = learnt(run)
    np.testing.assert_allclose(alone["by_step"][3:], resumed["by_step"], rtol=1e-6)
    assert_same_weights(alone, resumed)


@pytest.mark.slow
def test_two_machines_learn_what_one_learns_and_the_chief_alone_keeps_it(
    told: Run, alone: Learnt, mirrored: dict[str, Run]
) -> None:
    of_two = partial(in_folder, told, spread="workers")
    by_adam = {"optimizer": "adam", "learning_rate": 0.01}
    alone_by_adam = in_folder(told, "alone-by-adam", **by_adam)
    learn(alone_by_adam)
    whole = [of_two(f"worker-{index}", **by_adam) for index in range(2)]
    # Only the chief has the checkpoint: the other one is to learn from it where they go on, and with which weights.
    resumed = [of_two("chief-resumed", goes_on_from=mirrored["broken"].folder), of_two("other-resumed")]
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    processes = [
        start(
            whole[index].folder,
            whole[index],
            resumed[index],
            environment={"TF_CONFIG": tf_config(addresses, {"type": "worker", "index": index})},
        )
        for index in range(2)
    ]
    assert finish(*processes) == [0, 0], "\n".join(Path(run.folder, "said").read_text() for run in whole)

    chief, other = map(learnt, whole)
    assert (chief["replicas"], chief["chief"], other["chief"]) == (2, True, False)
    assert_alike(learnt(alone_by_adam), chief)
    assert_same_weights(alone, learnt(resumed[0]))
    for run in (whole, resumed):
        chief, other = map(learnt, run)
        assert all(
            one.tobytes() == another.tobytes() for one, another in zip(weights(chief), weights(other), strict=True)
        )
        assert [Path(each.folder, "checkpoints").is_dir() for each in run] == [True, False]


WORKERS = ("host-a:2222", "host-b:2222")
FIRST = {"type": "worker", "index": 0}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("", "TF_CONFIG: is not set, and run.spread"),
        ("{cluster", r"TF_CONFIG: Invalid JSON"),
        ('{"cluster": {"worker": ["a:1"]}}', r"TF_CONFIG\.task: Field required"),
        (tf_config((), FIRST), r"TF_CONFIG\.cluster\.worker: Tuple should have at least 1 item"),
        (tf_config(("host-a",), FIRST), r"TF_CONFIG\.cluster: .*'host-a' is no host:port"),
        (tf_config(WORKERS, {"type": "ps", "index": 0}), r"TF_CONFIG\.task\.type: Input should be"),
        (tf_config(WORKERS, {"type": "worker", "index": 2}), r"task worker 2 is not among the 2 of the cluster"),
        (tf_config(WORKERS, {"type": "chief", "index": 0}), r"task chief 0 is not among the 0 of the cluster"),
    ],
)
def test_machines_that_cannot_be_read_are_refused_by_name_and_with_the_cure(given: str, problem: str) -> None:
    config = small_config(run={"spread": "workers"})
    with pytest.raises(InvalidConfig, match=rf"{problem}.*: set it for each worker"):
        make_spread(config.run, {"TF_CONFIG": given})


def test_one_machine_is_the_chief() -> None:
    tasks = [{"type": "worker", "index": index} for index in range(2)]
    assert [cluster_of({"TF_CONFIG": tf_config(WORKERS, task)}).is_chief for task in tasks] == [True, False]
    tasks.insert(0, {"type": "chief", "index": 0})
    read = [cluster_of({"TF_CONFIG": tf_config(WORKERS, task, chief=("host-c:2222",))}) for task in tasks]
    assert [cluster.is_chief for cluster in read] == [True, False, False]
    assert {cluster.machines for cluster in read} == {3}


@pytest.mark.parametrize("spread", ["mirrored", "workers"])
def test_a_compiled_step_cannot_be_spread(spread: str) -> None:
    with pytest.raises(InvalidConfig, match=r"run\.xla: .* set it to false, or run\.spread to \"one\""):
        make_spread(small_config(run={"spread": spread, "xla": True}).run, {})


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"run": {"batch_size": 16}}, r"run\.batch_size: 16 .* over 3 replicas: set it to 18, or .* multiple of 3"),
        ({"run": {"batch_size": 18}}, r"loss\.pool: 32 .* over 3 replicas: set it to 33"),
    ],
)
def test_a_batch_that_does_not_divide_is_refused(changes: dict[str, dict[str, object]], problem: str) -> None:
    with pytest.raises(InvalidConfig, match=problem):
        check_shares(small_config(**changes), 3)
    check_shares(small_config(run={"batch_size": 18}, loss={"pool": 33}), 3)


def test_parts_make_up_the_whole_and_each_puts_its_own_positives_first() -> None:
    rows, candidates = tf.range(6), tf.range(10)
    parts = [Part(number, 3) for number in range(3)]
    np.testing.assert_array_equal(tf.concat([part.take(rows) for part in parts], 0), rows)
    for part in parts:
        turned = part.own_first(candidates, rows=2).numpy()
        np.testing.assert_array_equal(turned[:2], part.take(rows))
        assert sorted(turned) == list(range(10))
    assert sum(part.share(3.0) for part in parts) == 3.0
    assert WHOLE.take(rows) is rows


def test_mixed_negatives_of_the_parts_are_those_of_the_batch() -> None:
    drawn = partial(draw_alphas, seed=tf.constant([3, 8]), low=0.4, high=0.6)
    joined = drawn(tf.zeros([6, 4]))
    parts = [drawn(tf.zeros([2, 4]), part=Part(number, 3)) for number in range(3)]
    np.testing.assert_array_equal(tf.concat(parts, 0), joined)


def test_each_part_of_a_batch_loses_other_numbers() -> None:
    def dropped(part: Part) -> list[float]:
        with dropout_from(tf.constant([3, 8]), part):
            drawn: list[float] = dropout(tf.ones([100]), 0.5).numpy().tolist()
            return drawn

    first, second = dropped(Part(0, 2)), dropped(Part(1, 2))
    assert first != second
    assert first == dropped(Part(0, 2)), "and the same ones when it goes on"


def test_what_was_trained_on_one_device_is_not_trained_again_for_two(small_run: SmallRun) -> None:
    config = small_run.config.model_copy(update={"run": small_run.config.run.model_copy(update={"spread": "mirrored"})})
    reports: list[Progress] = []
    make_candidate(
        small_run.logs_folder,
        small_run.work,
        config,
        reporter=reports.append,
        clock=lambda: 0.0,
        clock_ms=lambda: 1234,
    )
    assert [report.step for report in reports if report.done == 0] == []
