"""The user's history, within its time. Late or failing: the answer is for a user we do not know, and says so."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from multigrain.features.feature_store import FeatureStore
from multigrain.telemetry import LOG_FIELDS
from multigrain.types import UserId, UserState
from server.result import Degraded

log = logging.getLogger(__name__)

THREADS = 6
"""Reads at once: fewer than database.pool_size, so that a hung read leaves connections for the watch."""
NOBODY = UserState(user_id=UserId(""))


class Users:
    """The feature store blocks, so it is read in threads of its own."""

    def __init__(self, features: FeatureStore) -> None:
        self._features = features
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="features")

    async def get(self, user_id: UserId | None, *, seconds: float) -> tuple[UserState, Degraded | None]:
        """The state and None, or an empty state and why it is empty. A user never seen is empty and all is well."""
        if user_id is None:
            return NOBODY, None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                state = await loop.run_in_executor(self._threads, self._features.get, user_id)
        except TimeoutError:
            log.warning("features are late", extra={LOG_FIELDS: {"user": user_id, "milliseconds": seconds * 1000}})
            return UserState(user_id=user_id), Degraded.USER_FEATURES
        except Exception:  # whatever a store can raise: the query is answered all the same
            log.warning("features failed", exc_info=True, extra={LOG_FIELDS: {"user": user_id}})
            return UserState(user_id=user_id), Degraded.USER_FEATURES
        return state or UserState(user_id=user_id), None

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
