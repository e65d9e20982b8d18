"""What the training of a teacher may be told, with what goes wrong when a value is too high or too low."""

import tomllib
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from multigrain.errors import InvalidConfig


class TeacherConfig(BaseModel):
    """The defaults were chosen on the development part of Home Depot's judgments."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dims: int = Field(48, ge=2, le=512, description="Of a word's vector. Too high: rare company is taken for meaning.")
    word_units: int = Field(32, ge=4, le=512, description="Width of what is read of a word. Too high: learnt by heart.")
    pair_units: int = Field(64, ge=4, le=1024, description="Width of what is read of a pair. As above.")
    dropout: float = Field(0.2, ge=0, lt=1, description="In training only. Too high: underfits.")
    seeds: int = Field(3, ge=1, le=20, description="Networks whose scores are averaged. More: steadier and slower.")
    rounds: int = Field(6, ge=1, le=100, description="Looks at the development part; the best one is kept.")
    round_steps: int = Field(100, ge=1, description="Between looks. Too many in all: learnt by heart.")
    batch_queries: int = Field(64, ge=1, description="Queries a step, each with all that was judged for it.")
    learning_rate: float = Field(0.002, gt=0, description="Of Adam; falls to zero over the run. Too high: it jumps.")
    order_weight: float = Field(
        1.0, ge=0, description="Of the order within a query, beside the grades themselves. Too high: P is off."
    )
    train_share: float = Field(0.6, gt=0, lt=1, description="Of the queries. Too high: too few to choose and score on.")
    development_share: float = Field(0.2, gt=0, lt=1, description="Too low: what is chosen on it is chosen by luck.")
    seed: int = Field(0, ge=0, description="One seed, one teacher.")

    @model_validator(mode="after")
    def _something_is_held_out(self) -> Self:
        if self.train_share + self.development_share >= 1:
            raise ValueError("train_share and development_share leave nothing to be held out")
        return self


def load_teacher_config(path: Path | None) -> TeacherConfig:
    """The configuration in a TOML file; None: the defaults. Raises InvalidConfig naming the key."""
    if path is None:
        return TeacherConfig.model_validate({})
    if not path.is_file():
        raise InvalidConfig(str(path), "no such teacher config", cure="name a TOML file, or leave it out")
    try:
        return TeacherConfig.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise InvalidConfig(str(path), f"not TOML: {error}", cure="mend that line") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or str(path)
        known = ", ".join(TeacherConfig.model_fields)
        raise InvalidConfig(key, first["msg"], cure=f"mend it in {path}; keys are {known}") from None
