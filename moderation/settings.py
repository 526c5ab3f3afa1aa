"""Every setting once: its type, its default and a line of help, read from the environment or ``moderation.toml``.

Knows nothing of what the settings are for: it checks form and range, and its users check the rest.
"""

import difflib
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

PREFIX = "MODERATION_"
TOML_NAME = "moderation.toml"
DATABASES = ("sqlite:///", "postgresql+psycopg://")


class SettingsError(ValueError):
    """A setting that is unknown or wrong. Its text is one line that says what is allowed, and never a secret."""


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("text")
    return value.strip()


def _path(value: object) -> Path:
    return Path(_text(value)).expanduser()


def _database_url(value: object) -> str:
    url = _text(value)
    if not url.startswith(DATABASES):
        raise ValueError(f"{DATABASES[0]}PATH or {DATABASES[1]}USER:PASSWORD@HOST/NAME")
    return url


def _whole_number(low: int, high: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        text = str(value)
        if isinstance(value, bool) or not text.isascii() or not text.isdigit() or not low <= int(text[:20]) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return read


def _networks(value: object) -> tuple[IPv4Network | IPv6Network, ...]:
    """Networks in a list or parted by commas; ``none`` for none."""
    given = value if isinstance(value, list) else [] if value == "none" else str(value).split(",")
    try:
        return tuple(ip_network(str(one).strip()) for one in given)
    except ValueError:
        raise ValueError("networks like 10.0.0.0/8 or fd00::/8, parted by commas, or none") from None


def _yes_or_no(value: object) -> bool:
    text = str(value).lower()
    if text not in ("yes", "no", "true", "false"):
        raise ValueError("yes or no")
    return text in ("yes", "true")


def _models_beside_the_code() -> Path:
    """``models/`` of a source tree, or the place where a wheel carries it."""
    package = Path(__file__).resolve().parent
    return package / "models" if (package / "models").is_dir() else package.parent / "models"


def _setting(read: Callable[[object], Any], default: Any, help: str, *, secret: bool = False) -> Any:
    metadata = {"read": read, "help": help, "secret": secret}
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata, repr=not secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one process. ``Settings()`` is the defaults; ``load`` reads what the operator wrote."""

    database_url: str = _setting(
        _database_url, "sqlite:///var/moderation.sqlite3", "Where records are kept, as an SQLAlchemy URL.", secret=True
    )
    models: Path = _setting(  # noqa: RUF009  # it returns a dataclass field, as the linter can see only for built-in types
        _path, _models_beside_the_code, "The directory of releases, with the file `current`."
    )
    host: str = _setting(_text, "127.0.0.1", "The address that the service listens on.")
    port: int = _setting(_whole_number(0, 65535), 8000, "The port that the service listens on; 0 takes a free one.")
    workers: int = _setting(_whole_number(1, 256), 1, "Processes that answer requests.")
    threads: int = _setting(_whole_number(1, 512), 64, "Threads of each process that answer requests.")
    proxies: int = _setting(
        _whole_number(0, 16), 0, "Proxies before the service, each of which adds to `X-Forwarded-For` whom it serves."
    )
    max_body_bytes: int = _setting(_whole_number(1024, 2**30), 8_000_000, "The longest request body that is read.")
    deliver: bool = _setting(_yes_or_no, True, "Whether `serve` delivers events and fetches articles itself.")
    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = _setting(
        _networks, (), "Private networks that events may be sent to and articles fetched from."
    )


def load(environ: Mapping[str, str] | None = None, directory: Path | None = None) -> Settings:
    """The settings from ``MODERATION_*`` variables, then ``moderation.toml`` in ``directory``, then the defaults.

    A variable ``MODERATION_NAME_FILE`` names a file that holds the value of a secret. Both arguments default to
    those of the process. Raises SettingsError.
    """
    found = _from_toml((directory or Path.cwd()) / TOML_NAME)
    found |= _from_environment(os.environ if environ is None else environ)
    return Settings(**{name: value for name, (_, value) in found.items()})


def known() -> dict[str, Field[Any]]:
    """Each setting by its name: its default, its help and whether it is a secret stand in the field."""
    return {item.name: item for item in fields(Settings)}


def _from_environment(environ: Mapping[str, str]) -> dict[str, tuple[str, Any]]:
    found: dict[str, tuple[str, Any]] = {}
    for variable in sorted(name for name in environ if name.startswith(PREFIX)):
        name, text = variable.removeprefix(PREFIX).lower(), environ[variable]
        secret = known().get(name.removesuffix("_file"))
        if name not in known() and name.endswith("_file") and secret is not None and secret.metadata["secret"]:
            name, text = secret.name, _secret_in(Path(text), variable)
        if name in found:
            raise SettingsError(f"{variable} and {found[name][0]} are both set: set one of them")
        found[name] = (variable, _checked(name, text, variable))
    return found


def _from_toml(path: Path) -> dict[str, tuple[str, Any]]:
    if not path.is_file():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read as TOML: {error}") from None
    return {name: (f"{name} in {path}", _checked(name, value, f"{name} in {path}")) for name, value in table.items()}


def _secret_in(path: Path, variable: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise SettingsError(f"{variable} names {path}, which cannot be read: {reason}") from None


def _checked(name: str, value: object, place: str) -> Any:
    setting = known().get(name)
    if setting is None:
        raise SettingsError(_unknown(name, place))
    try:
        return setting.metadata["read"](value)
    except ValueError as error:
        given = "" if setting.metadata["secret"] else f", not {str(value)[:80]!r}"
        raise SettingsError(f"{place} must be {error}{given}") from None


def _unknown(name: str, place: str) -> str:
    in_environment = place.startswith(PREFIX)
    allowed = [PREFIX + item.upper() if in_environment else item for item in known()]
    near = difflib.get_close_matches(place if in_environment else name, allowed, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"{place} is not a setting{hint}: allowed are {', '.join(allowed)}"
