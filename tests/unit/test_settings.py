"""Settings: what wins, what is refused, what is never printed."""

from pathlib import Path

import pytest

from multigrain.errors import InvalidConfig
from multigrain.settings_in_force import explain_settings, load_settings


def a_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "multigrain.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_anything_set_the_stores_are_embedded_ones_in_the_data_folder() -> None:
    settings = load_settings({})
    assert settings.database_url == "sqlite:///multigrain-data/multigrain.db"
    assert settings.milvus_uri == "multigrain-data/milvus.db"
    assert settings.server.host == "127.0.0.1"


def test_a_file_overrides_a_default_and_the_environment_overrides_the_file(tmp_path: Path) -> None:
    path = a_file(tmp_path, "[server]\nport = 6000\nmax_concurrent = 5\n")
    settings = load_settings({"MULTIGRAIN_SERVER_PORT": "7000"}, file=path)
    assert settings.server.port == 7000
    assert settings.server.max_concurrent == 5


def test_config_file_named_by_the_environment_is_read(tmp_path: Path) -> None:
    path = a_file(tmp_path, "[server]\nport = 6000\n")
    assert load_settings({"MULTIGRAIN_CONFIG": str(path)}).server.port == 6000


def test_unknown_key_in_a_file_is_refused_with_the_nearest_known_one(tmp_path: Path) -> None:
    path = a_file(tmp_path, "[server]\nprt = 6000\n")
    with pytest.raises(InvalidConfig, match=r"server\.prt: unknown key in .*: did you mean server\.port\?") as caught:
        load_settings({}, file=path)
    assert caught.value.field == "server.prt"


def test_unknown_section_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match=r"servr: unknown section .* did you mean server\?"):
        load_settings({}, file=a_file(tmp_path, "[servr]\nport = 1\n"))


def test_misspelt_variable_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(InvalidConfig, match=r"SERVER_PRT: unknown variable: did you mean MULTIGRAIN_SERVER_PORT"):
        load_settings({"MULTIGRAIN_SERVER_PRT": "1"})


@pytest.mark.parametrize(
    ("variable", "value", "field"),
    [
        ("MULTIGRAIN_SERVER_PORT", "ninety", "server.port"),
        ("MULTIGRAIN_SERVER_PORT", "70000", "server.port"),
        ("MULTIGRAIN_TELEMETRY_LOG_LEVEL", "LOUD", "telemetry.log_level"),
        ("MULTIGRAIN_GENERATION_CANARY_RECALL_FLOOR", "98", "generation.canary_recall_floor"),
    ],
)
def test_value_that_cannot_work_names_its_key_and_where_it_stands(variable: str, value: str, field: str) -> None:
    with pytest.raises(InvalidConfig, match=f"mend it in {variable}") as caught:
        load_settings({variable: value})
    assert caught.value.field == field


def test_file_that_is_not_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match=r"not TOML: .*line 1"):
        load_settings({}, file=a_file(tmp_path, "[server\n"))


def test_config_file_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="no file nowhere"):
        load_settings({"MULTIGRAIN_CONFIG": "nowhere.toml"})


def test_secret_can_be_read_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql+psycopg://me:hidden@db/shop\n")
    assert load_settings({"MULTIGRAIN_DATABASE_URL_FILE": str(secret)}).database_url.endswith("hidden@db/shop")


def test_secrets_are_masked_wherever_settings_are_shown() -> None:
    environ = {"MULTIGRAIN_DATABASE_URL": "postgresql://me:hidden@db/shop", "MULTIGRAIN_MILVUS_TOKEN": "hidden"}
    assert "hidden" not in repr(load_settings(environ))
    shown = {row.key: row for row in explain_settings(environ)}
    assert shown["database.url"].value == "********"
    assert shown["milvus.token"].source == "MULTIGRAIN_MILVUS_TOKEN"
    assert not any("hidden" in row.value for row in shown.values())


def test_every_setting_says_what_it_is() -> None:
    assert [row.key for row in explain_settings({}) if len(row.description) < 15] == []
