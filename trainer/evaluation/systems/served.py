"""A running server, asked as a backend asks it: what users get, and what each channel and relevance control did to it.

Every search is asked as of its own time, so the history is the server's own, from its feature store, cut there. It is
asked with relevance control off, for the channels and the fused list, and as users ask; in other modes where one wants
to see what each of them does.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from multigrain.answers import Answer
from multigrain.client import Client, Options
from multigrain.errors import Refused
from multigrain.types import Bools, Int64s, ItemId
from trainer.data.example import Example
from trainer.evaluation.systems.system import NOTHING, Answers, Stage, Tell, padded, require_no_pools
from trainer.evaluation.trial import Trial

FUSED, ANSWER = "fused", "answer"
AT_ONCE = 4
"""Requests in flight: a server that is being evaluated may be serving users."""
TIMEOUT_SECONDS = 30.0
"""For one request: what is measured here is what is found, so nothing may be late."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One search, asked in several modes."""

    unchecked: Answer
    beside: tuple[Answer, ...]
    checked: Answer

    @property
    def dropped(self) -> frozenset[str]:
        """What relevance control keeps from the user."""
        return frozenset(self.checked.dropped_item_ids)


class ServedSystem:
    """Retrieve on one address, of one generation; a server whose live one changes meanwhile is found out."""

    def __init__(
        self, client: Client, generation_id: str, *, named: bool = True, mode: str = "fill", beside: Sequence[str] = ()
    ) -> None:
        """`named`: each request names the generation, which the server must allow; else the live one is asked.
        `beside`: modes that have a stage each, too, before the answer of `mode`.
        """
        self._client, self._generation_id, self._named, self._mode = client, generation_id, named, mode
        self._beside = tuple(beside)
        self.name, self.bundle_id = f"{generation_id} at {client.address}", generation_id
        self._limit = 0
        """Of the searches asked last: an explanation of another limit would be of another answer."""

    def stages(self, trial: Trial, k: int, tell: Tell) -> Sequence[Stage]:
        """Raises InvalidConfig for a trial with pools, and Refused when an answer came of another generation or was
        degraded, which would count against the model what was the machine's fault.
        """
        require_no_pools(trial, self.name)
        self._limit = k
        asked: list[_Asked] = []
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="evaluate") as threads:
            for one in threads.map(lambda example: self._ask(example, k), trial.examples):
                asked.append(one)
                tell(len(asked), len(trial))
        return [*self._channels(trial, asked, k), *self._lists(trial, asked, k)]

    def why(self, trial: Trial, search: int, row: int) -> str:
        example = trial.examples[search]
        options = self._options(example, {"mode": self._mode, "limit": self._limit})
        item_id = trial.items[row].item_id
        return self._client.explain(
            item_id, example.query, example.user_id, timeout_seconds=TIMEOUT_SECONDS, **options
        ).summary

    def _ask(self, example: Example, k: int) -> _Asked:
        off, *beside, checked = (
            self._retrieve(example, {"limit": k, "mode": mode}) for mode in ("off", *self._beside, self._mode)
        )
        return _Asked(off, tuple(beside), checked)

    def _retrieve(self, example: Example, options: Options) -> Answer:
        answer = self._client.retrieve(
            example.query, example.user_id, timeout_seconds=TIMEOUT_SECONDS, **self._options(example, options)
        )
        if answer.generation_id != self._generation_id:
            raise Refused(f"{self._generation_id} was evaluated, and {answer.generation_id} answers now: begin again")
        spoilt = set(answer.degraded) - {"not_filled"}
        if spoilt:
            raise Refused(f"the answer to {example.query!r} was degraded ({', '.join(sorted(spoilt))}): mend it first")
        return answer

    def _options(self, example: Example, options: Options) -> Options:
        as_of = datetime.fromtimestamp(example.at_ms / 1000, UTC)
        named: Options = {"generation_id": self._generation_id} if self._named else {}
        return {**options, **named, "at": as_of, "debug": True}

    def _channels(self, trial: Trial, asked: Sequence[_Asked], k: int) -> Iterator[Stage]:
        for place, report in enumerate(asked[0].unchecked.reports):
            found = [_rows(trial, one.unchecked.reports[place].item_ids) for one in asked]
            passed = [(one.unchecked.reports[place].item_ids, one.dropped) for one in asked]
            says = f"what the {report.channel} channel of the server gave"
            yield Stage(f"{report.channel} channel", says, Answers(rows=padded(found, k), passed=_passed(passed, k)))

    def _lists(self, trial: Trial, asked: Sequence[_Asked], k: int) -> Iterator[Stage]:
        newest = np.array([_newest_ms(one.unchecked) for one in asked], np.int64)
        unchecked = [one.unchecked for one in asked]
        yield Stage(
            FUSED,
            "the channels' lists made one, relevance control off",
            replace(
                _answers(trial, unchecked, k, newest),
                passed=_passed([(one.unchecked.item_ids.tolist(), one.dropped) for one in asked], k),
            ),
        )
        for place, mode in enumerate(self._beside):
            says = f"the same, checked by relevance control ({mode})"
            yield Stage(f"{ANSWER}, {mode}", says, _answers(trial, [one.beside[place] for one in asked], k, newest))
        says = f"what a user gets: fused, checked by relevance control ({self._mode})"
        yield Stage(ANSWER, says, _answers(trial, [one.checked for one in asked], k, newest))


def _answers(trial: Trial, answers: Sequence[Answer], k: int, newest: Int64s) -> Answers:
    return Answers(
        rows=padded([_rows(trial, answer.item_ids) for answer in answers], k),
        channels=_columns(answers, k, lambda answer: answer.channels.astype(np.int64)),
        newest_used_ms=newest,
    )


def _passed(lists: Sequence[tuple[Sequence[str], frozenset[str]]], k: int) -> Bools:
    """[B, k]: which of the items in each list were not dropped, for lists of (items, dropped items)."""
    table = np.zeros((len(lists), k), bool)
    for search, (item_ids, dropped) in enumerate(lists):
        kept = [item_id not in dropped for item_id in item_ids[:k]]
        table[search, : len(kept)] = kept
    return table


def _rows(trial: Trial, item_ids: Iterable[str]) -> Int64s:
    """Items that the logs do not know keep their place: users saw them there."""
    return np.array([trial.row_of.get(ItemId(item_id), NOTHING) for item_id in item_ids], np.int64)


def _columns(answers: Sequence[Answer], k: int, column: Callable[[Answer], Int64s]) -> Int64s:
    table = np.zeros((len(answers), k), np.int64)
    for query, answer in enumerate(answers):
        values = column(answer)[:k]
        table[query, : len(values)] = values
    return table


def _newest_ms(answer: Answer) -> int:
    newest = answer.newest_behavior
    return NOTHING if newest is None else int(newest.timestamp() * 1000)
