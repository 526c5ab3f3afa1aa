"""The settings: where they come from, and what a wrong one says."""

from pathlib import Path

import pytest

from moderation.settings import Settings, SettingsError, known, load


def test_defaults_stand_without_any_source(tmp_path: Path) -> None:
    assert load({}, tmp_path) == Settings()


def test_environment_overrides_file_and_default(tmp_path: Path) -> None:
    (tmp_path / "moderation.toml").write_text('port = 9001\nhost = "0.0.0.0"\n')
    settings = load({"MODERATION_PORT": "9002", "PATH": "/bin"}, tmp_path)
    assert (settings.host, settings.port, settings.workers) == ("0.0.0.0", 9002, 1)


def test_unknown_variable_names_the_near_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"MODERATION_PROT is not a setting .did you mean MODERATION_PORT") as wrong:
        load({"MODERATION_PROT": "1"}, tmp_path)
    assert "\n" not in str(wrong.value)
    assert all(f"MODERATION_{name.upper()}" in str(wrong.value) for name in known())


def test_unknown_name_in_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "moderation.toml").write_text("worker = 2\n")
    with pytest.raises(SettingsError, match=r"worker in .*moderation.toml is not a setting .did you mean workers"):
        load({}, tmp_path)


@pytest.mark.parametrize("value", ["", "eight", "-1", "65536", "1.5", "²", "9" * 5000])
def test_wrong_port_says_the_range(tmp_path: Path, value: str) -> None:
    with pytest.raises(SettingsError, match="MODERATION_PORT must be a whole number from 0 to 65535") as caught:
        load({"MODERATION_PORT": value}, tmp_path)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("line", ["port = true", "port = [1]", "host = 5", 'database_url = ""', "models = {a = 1}"])
def test_wrong_type_in_file_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "moderation.toml").write_text(line)
    with pytest.raises(SettingsError, match="must be"):
        load({}, tmp_path)


def test_broken_file_is_named_in_error(tmp_path: Path) -> None:
    (tmp_path / "moderation.toml").write_bytes(b"port = \xff")
    with pytest.raises(SettingsError, match=r"moderation.toml cannot be read as TOML"):
        load({}, tmp_path)


def test_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql+psycopg://me:pass@host/name\n")
    settings = load({"MODERATION_DATABASE_URL_FILE": str(tmp_path / "url")}, tmp_path)
    assert settings.database_url == "postgresql+psycopg://me:pass@host/name"


def test_missing_secret_file_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"MODERATION_DATABASE_URL_FILE names .*none, which cannot be read"):
        load({"MODERATION_DATABASE_URL_FILE": str(tmp_path / "none")}, tmp_path)


def test_secret_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("sqlite:///a")
    both = {"MODERATION_DATABASE_URL": "sqlite:///b", "MODERATION_DATABASE_URL_FILE": str(tmp_path / "url")}
    with pytest.raises(SettingsError, match="are both set"):
        load(both, tmp_path)


def test_ordinary_settings_have_no_file_form(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="MODERATION_PORT_FILE is not a setting"):
        load({"MODERATION_PORT_FILE": str(tmp_path)}, tmp_path)


def test_wrong_secret_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="MODERATION_DATABASE_URL must be sqlite:///PATH or postgresql") as caught:
        load({"MODERATION_DATABASE_URL": "mysql://root:hunter2@db/x"}, tmp_path)
    assert "hunter2" not in str(caught.value)


def test_printed_settings_hide_the_secret() -> None:
    assert "hunter2" not in repr(Settings(database_url="postgresql+psycopg://root:hunter2@db/x"))


@pytest.mark.parametrize(
    ("text", "networks"),
    [("none", ()), ("10.0.0.0/8", ("10.0.0.0/8",)), ("fd00::/8, 192.168.1.5", ("fd00::/8", "192.168.1.5/32"))],
)
def test_networks_are_read(tmp_path: Path, text: str, networks: tuple[str, ...]) -> None:
    assert tuple(map(str, load({"MODERATION_ALLOWED_NETWORKS": text}, tmp_path).allowed_networks)) == networks
    (tmp_path / "moderation.toml").write_text('allowed_networks = ["10.0.0.0/8"]\ndeliver = false\n')
    settings = load({}, tmp_path)
    assert (str(settings.allowed_networks[0]), settings.deliver) == ("10.0.0.0/8", False)


@pytest.mark.parametrize("text", ["all", "10.0.0.1/8", "10.0.0.0/8,", "", "10.0.0.0-10.0.0.9"])
def test_wrong_network_says_what_is_allowed(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="MODERATION_ALLOWED_NETWORKS must be networks like"):
        load({"MODERATION_ALLOWED_NETWORKS": text}, tmp_path)


def test_wrong_choice_says_yes_or_no(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="MODERATION_DELIVER must be yes or no"):
        load({"MODERATION_DELIVER": "maybe"}, tmp_path)


def test_every_setting_has_its_help() -> None:
    assert all(setting.metadata["help"].endswith(".") for setting in known().values())
