"""Errors are an interface. Whose fault it is decides what follows.

    MultigrainError
    ├── Theirs                      the sender's fault: INVALID_ARGUMENT, a dead letter, exit code 2. Never retried.
    │   ├── InvalidRequest          a field of a gRPC request
    │   ├── InvalidEvent            a record on a topic or in an event file
    │   ├── InvalidConfig           a key of multigrain.toml, a MULTIGRAIN_* variable, a training config
    │   ├── InvalidLog              a row of a log or catalogue file
    │   └── InvalidSpec             an index kind, its parameters or a plan that cannot work
    ├── Refused                     what was asked is well formed, and must not be done
    │   ├── BundleRefused           a model bundle that is incomplete, changed, or does not reproduce its golden vectors
    │   ├── GateRefused             a generation that may not become ready or live
    │   ├── WrongState              a generation is not in the state that the step needs
    │   ├── NotFound                a generation, bundle or item that does not exist
    │   └── TooManyDeadLetters      so many bad records that the sender, or our decoder, must be broken: stop
    ├── Unavailable                 a part of ours is down or late: retried, then UNAVAILABLE
    │   ├── StoreUnavailable        SQL
    │   ├── IndexUnavailable        Milvus
    │   ├── LogUnavailable          Kafka
    │   └── NothingLive             no generation is live yet
    ├── Overloaded                  more work than we can take now, or than this client may ask for: RESOURCE_EXHAUSTED,
    │                               come back later
    ├── Unauthenticated             we do not know who asks: UNAUTHENTICATED
    ├── Forbidden                   we know who asks, and that they may not do this: PERMISSION_DENIED
    └── Missing                     a package, program or file that this command needs is not on the machine

A message says what happened, with which value, and what to do. `field` names the part of the input that is wrong.
"""


class MultigrainError(Exception):
    """The root of everything we raise on purpose."""


class Theirs(MultigrainError):
    """The sender's fault. `field` names what is wrong, `cure` what would be right."""

    def __init__(self, field: str, problem: str, *, cure: str) -> None:
        super().__init__(f"{field}: {problem}: {cure}")
        self.field = field
        self.problem = problem
        self.cure = cure


class InvalidRequest(Theirs):
    """A field of a gRPC request is wrong."""


class InvalidEvent(Theirs):
    """A record on a topic or in an event file is wrong."""


class InvalidConfig(Theirs):
    """A setting is unknown, or has a value that cannot work."""


class InvalidLog(Theirs):
    """A row of a log or catalogue file is wrong."""


class InvalidSpec(Theirs):
    """An index kind, its parameters or a plan cannot work."""


class Refused(MultigrainError):
    """Well formed, and must not be done."""


class BundleRefused(Refused):
    """The bundle is incomplete, was changed, or does not reproduce its golden vectors."""


class GateRefused(Refused):
    """The generation may not become ready or live."""


class WrongState(Refused):
    """The generation is not in the state that this step needs."""


class NotFound(Refused):
    """No such generation, bundle or item."""


class TooManyDeadLetters(Refused):
    """So many records are bad that going on would throw away good data after a broken sender or decoder."""


class Unavailable(MultigrainError):
    """A part of ours is down or late; the same call may work later."""


class StoreUnavailable(Unavailable):
    """SQL did not answer."""


class IndexUnavailable(Unavailable):
    """Milvus did not answer."""


class LogUnavailable(Unavailable):
    """Kafka did not answer."""


class NothingLive(Unavailable):
    """No generation is live."""


class Overloaded(MultigrainError):
    """More work than can be taken now, or than this client may ask for."""

    def __init__(self, message: str, *, retry_ms: int | None = None) -> None:
        super().__init__(message)
        self.retry_ms = retry_ms
        """How long to wait before asking again. None: nobody said."""


class Unauthenticated(MultigrainError):
    """No token came, or one that is not known."""


class Forbidden(MultigrainError):
    """The token is known, and has no scope for this."""


class Missing(MultigrainError):
    """A package, program or file that this command needs is not here."""
