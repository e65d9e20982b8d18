"""The user's history, within its time. Late or failing: the answer is for a user we do not know, and says so.

Requests that come while READS are under way are read together by the next one: fifty users in one statement cost the
database little more than one, and each waits for at most the read before.
"""

import asyncio
import logging
from collections.abc import Mapping

from multigrain.features.state_reader import StateReader
from multigrain.telemetry import LOG_FIELDS
from multigrain.types import UserId, UserState
from server.result import Degraded
from server.timing.stages import step

log = logging.getLogger(__name__)

READS = 2
"""At once."""
Read = dict[UserId, "asyncio.Future[UserState | None]"]
"""One statement: whose states, and who waits for each."""
NOBODY = UserState(user_id=UserId(""))


class Users:
    """Whose request it is, by what they did before."""

    def __init__(self, states: StateReader) -> None:
        self._states = states
        self._reading: set[asyncio.Future[Mapping[UserId, UserState]]] = set()
        self._waiting: Read = {}

    async def get(self, user_id: UserId | None, *, seconds: float) -> tuple[UserState, Degraded | None]:
        """The state and None, or an empty state and why it is empty. A user never seen is empty and all is well."""
        if user_id is None:
            return NOBODY, None
        try:
            with step("read_state"):
                async with asyncio.timeout(seconds):
                    # Others may wait for the same read: it goes on when this request is late or cancelled.
                    state = await asyncio.shield(self._asked(user_id))
        except TimeoutError:
            log.warning("features are late", extra={LOG_FIELDS: {"user": user_id, "milliseconds": seconds * 1000}})
            return UserState(user_id=user_id), Degraded.USER_FEATURES
        except Exception:  # whatever a store can raise: the query is answered all the same
            log.warning("features failed", exc_info=True, extra={LOG_FIELDS: {"user": user_id}})
            return UserState(user_id=user_id), Degraded.USER_FEATURES
        return state or UserState(user_id=user_id), None

    def close(self) -> None:
        self._states.close()

    def _asked(self, user_id: UserId) -> asyncio.Future[UserState | None]:
        """Of the next read, never of one under way: what was written before the request came is seen by it."""
        future = self._waiting.get(user_id)
        if future is None:
            future = self._waiting[user_id] = asyncio.get_running_loop().create_future()
            if len(self._reading) < READS:
                self._begin()
        return future

    def _begin(self) -> None:
        read, self._waiting = self._waiting, {}
        states = asyncio.ensure_future(self._states.get_many(tuple(read)))
        self._reading.add(states)
        states.add_done_callback(lambda _: self._done(read, states))

    def _done(self, read: Read, states: asyncio.Future[Mapping[UserId, UserState]]) -> None:
        self._reading.discard(states)
        if self._waiting and not states.cancelled():
            self._begin()
        for user_id, future in read.items():
            if states.cancelled():
                future.cancel()
            elif (error := states.exception()) is not None:
                future.set_exception(error)
                future.exception()  # its request may have given up: then nobody else looks at it
            else:
                future.set_result(states.result().get(user_id))
