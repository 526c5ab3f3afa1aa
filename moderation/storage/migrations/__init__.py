"""The steps from one schema to the next, run by Alembic on a connection that is already in a transaction.

Knows neither the service nor its settings.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from moderation.storage.errors import NewerDatabase, OutdatedDatabase

_LOCK = 5_160_264_107_331_017  # any number that nothing else locks


def upgrade(connection: Connection) -> str:
    """Bring the schema up to date and give its revision. Processes that start together wait for each other."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    config = _config()
    head = str(ScriptDirectory.from_config(config).get_current_head())
    if _revision(connection, config) != head:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return head


def expect_current(connection: Connection) -> None:
    """Raise ``OutdatedDatabase`` or ``NewerDatabase`` unless the schema is this program's."""
    config = _config()
    if _revision(connection, config) != ScriptDirectory.from_config(config).get_current_head():
        raise OutdatedDatabase("the database is older than this program: run `moderation db upgrade`")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _revision(connection: Connection, config: Config) -> str | None:
    revision = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise NewerDatabase(
            f"the database has revision {revision}, which this program does not know: a newer program wrote it"
        )
    return revision
