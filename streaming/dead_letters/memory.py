"""Dead letters in a list, for embedded use."""

from collections.abc import Sequence

from streaming.dead_letter import DeadLetter


class MemoryDeadLetters:
    def __init__(self) -> None:
        self.letters: list[DeadLetter] = []

    def send(self, letters: Sequence[DeadLetter]) -> None:
        self.letters.extend(letters)

    def close(self) -> None:
        pass
