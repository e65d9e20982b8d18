"""A training configuration is typed, and a misspelt key is not ignored."""

from pathlib import Path

import pytest

from multigrain.errors import InvalidConfig
from trainer.configs.config import load_config, shipped_configs


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text)
    return path


def test_shipped_configs_load_by_name() -> None:
    assert shipped_configs() == ("demo", "mgdspr", "mmse")
    assert load_config("demo").model.dims == 64


def test_mgdspr_has_the_papers_values() -> None:
    config = load_config("mgdspr")
    windows = config.windows
    assert (config.model.dims, config.model.heads, config.model.lstm_layers, config.model.dropout) == (128, 8, 2, 0.2)
    assert (windows.realtime_length, windows.short_length, windows.long_length) == (50, 100, 100)
    assert (windows.short_days, windows.long_days) == (10, 30)
    loss = config.loss
    assert (loss.temperature, loss.mixed, loss.mixed_low, loss.mixed_high) == (2.0, 684, 0.4, 0.6)
    optimizer = config.optimizer
    assert (optimizer.name, optimizer.learning_rate, optimizer.clip_norm) == ("adagrad", 0.1, 3.0)
    assert (config.run.batch_size, config.model.item_side_features) == (256, False)


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, "[run]\nepochs = 3\n"))
    assert (config.run.epochs, config.run.batch_size) == (3, 256)


def test_an_unknown_key_is_refused_with_the_nearest_known_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match=r"loss\.temprature: unknown key .*did you mean loss\.temperature\?"):
        load_config(write(tmp_path, "[loss]\ntemprature = 2.0\n"))


def test_an_unknown_section_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match=r"modle: unknown key .*did you mean model\?"):
        load_config(write(tmp_path, "[modle]\ndims = 64\n"))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[run]\nepochs = 0\n", r"run\.epochs"),
        ("[model]\ndims = 60\nheads = 8\n", "heads 8 does not divide dims 60"),
        ("[windows]\nshort_days = 40.0\n", "must not shrink"),
        ("[loss]\nmixed_low = 0.7\n", "mixed_low is above mixed_high"),
        ("[optimizer]\nname = 'sgd'\n", r"optimizer\.name"),
        ("[run\n", "not TOML"),
    ],
)
def test_a_value_that_cannot_work_is_refused_by_name(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(InvalidConfig, match=key):
        load_config(write(tmp_path, text))


def test_a_config_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(InvalidConfig, match="no such training config: name a TOML file, or one of demo, mgdspr"):
        load_config("nowhere.toml")
