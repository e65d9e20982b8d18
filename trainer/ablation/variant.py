"""The shape of a variant: a name, and what it changes in a training config."""

from collections.abc import Mapping
from dataclasses import dataclass

from trainer.configs.config import TrainingConfig

Value = str | int | float | bool
Changes = Mapping[str, Mapping[str, Value]]
"""Section -> key -> value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One row of a table of results."""

    name: str
    changes: Changes
    pretrained: bool = False
    """Whether its towers start from pre-trained ones of the same configuration and seed."""

    def of(self, config: TrainingConfig, *, seed: int) -> TrainingConfig:
        """`config` with the changes and the seed; refused as any other config would be."""
        sections = config.model_dump()
        for name, values in {**self.changes, "run": {**self.changes.get("run", {}), "seed": seed}}.items():
            sections[name] = {**sections[name], **values}
        return TrainingConfig.model_validate(sections)
