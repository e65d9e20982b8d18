"""The settings in force, read once at the start.

Where a value comes from, the later one wins: default, `multigrain.toml` (or the file named by MULTIGRAIN_CONFIG),
the environment (MULTIGRAIN_<SECTION>_<FIELD>, or MULTIGRAIN_<SECTION>_<FIELD>_FILE for a secret kept in a file).
An unknown key is refused, wherever it stands: a misspelt setting that is ignored is found in production.
"""

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from multigrain.errors import InvalidConfig
from multigrain.settings import Settings

PREFIX = "MULTIGRAIN_"
NOT_SETTINGS = ("MULTIGRAIN_CONFIG", "MULTIGRAIN_TOKEN", "MULTIGRAIN_REQUIRE_SERVICES", "MULTIGRAIN_SERVICES_CACHE")
"""Variables with our prefix that other parts read. Those that begin with MULTIGRAIN_TEST_ belong to the tests."""


@dataclass(frozen=True, slots=True)
class Origin:
    """One setting in force, and where its value came from."""

    key: str
    value: str
    source: str
    description: str


def current_settings() -> Settings:
    """Settings of this process's environment and folder."""
    return load_settings(os.environ)


def load_settings(environ: Mapping[str, str], *, file: Path | None = None) -> Settings:
    """Settings in force. Raises InvalidConfig with the key, the value and what would be right."""
    return _read(environ, file)[0]


def explain_settings(environ: Mapping[str, str], *, file: Path | None = None) -> list[Origin]:
    """Every setting with its value (secrets masked) and its source, in order of declaration."""
    settings, sources = _read(environ, file)
    rows = []
    for section, name in _fields():
        key = f"{section}.{name}"
        value = getattr(getattr(settings, section), name)
        shown = "" if value is None else "********" if isinstance(value, SecretStr) else str(value)
        description = _section_model(section).model_fields[name].description or ""
        rows.append(Origin(key, shown, sources.get(key, "default"), description))
    return rows


def _read(environ: Mapping[str, str], file: Path | None) -> tuple[Settings, dict[str, str]]:
    values: dict[str, dict[str, Any]] = {}  # Any: TOML and environment values before validation
    sources: dict[str, str] = {}
    path = file or (Path(environ["MULTIGRAIN_CONFIG"]) if environ.get("MULTIGRAIN_CONFIG") else None)
    if path is not None and not path.is_file():
        raise InvalidConfig("MULTIGRAIN_CONFIG", f"no file {path}", cure="name a file that exists, or leave it unset")
    path = path or (Path("multigrain.toml") if Path("multigrain.toml").is_file() else None)
    if path is not None:
        for section, name, value in _file_values(path):
            values.setdefault(section, {})[name] = value
            sources[f"{section}.{name}"] = str(path)
    for section, name, value, variable in _environment_values(environ):
        values.setdefault(section, {})[name] = value
        sources[f"{section}.{name}"] = variable
    try:
        return Settings.model_validate(values), sources
    except ValidationError as error:
        raise _as_invalid_config(error, sources) from None


def _file_values(path: Path) -> Iterator[tuple[str, str, object]]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidConfig(str(path), f"not TOML: {error}", cure="mend that line") from None
    known = {f"{section}.{name}" for section, name in _fields()}
    sections = {section for section, _ in _fields()}
    for section, entries in document.items():
        if section not in sections or not isinstance(entries, dict):
            raise InvalidConfig(section, f"unknown section in {path}", cure=_did_you_mean(section, sections))
        for name, value in entries.items():
            key = f"{section}.{name}"
            if key not in known:
                raise InvalidConfig(key, f"unknown key in {path}", cure=_did_you_mean(key, known))
            yield section, name, value


def _environment_values(environ: Mapping[str, str]) -> Iterator[tuple[str, str, str, str]]:
    known = {f"{PREFIX}{section}_{name}".upper(): (section, name) for section, name in _fields()}
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in NOT_SETTINGS or variable.startswith(PREFIX + "TEST_"):
            continue
        if variable in known:
            yield *known[variable], environ[variable], variable
        elif variable.endswith("_FILE") and variable.removesuffix("_FILE") in known:
            try:
                secret = Path(environ[variable]).read_text(encoding="utf-8").strip()
            except OSError as error:
                problem = f"cannot read {environ[variable]}: {error.strerror}"
                raise InvalidConfig(variable, problem, cure="name a readable file") from None
            yield *known[variable.removesuffix("_FILE")], secret, variable
        else:
            raise InvalidConfig(variable, "unknown variable", cure=_did_you_mean(variable, set(known)))


def _as_invalid_config(error: ValidationError, sources: Mapping[str, str]) -> InvalidConfig:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    secret = any(
        key == f"{s}.{n}" and "Secret" in str(_section_model(s).model_fields[n].annotation) for s, n in _fields()
    )
    shown = "" if secret else f" (is {first['input']!r})"
    return InvalidConfig(key, f"{first['msg']}{shown}", cure=f"mend it in {sources.get(key, 'the settings')}")


def _fields() -> Iterator[tuple[str, str]]:
    for section in Settings.model_fields:
        for name in _section_model(section).model_fields:
            yield section, name


def _section_model(section: str) -> type[BaseModel]:
    model = Settings.model_fields[section].annotation
    assert isinstance(model, type)
    assert issubclass(model, BaseModel)
    return model


def _did_you_mean(word: str, known: set[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else "`multigrain config` lists what can be set"
