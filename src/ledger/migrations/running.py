"""Running migrations: what brings tables to the revision of this release, with alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def run(connection: Connection) -> None:
    """In the transaction at hand."""
    found = migrations()
    found.attributes["connection"] = connection
    command.upgrade(found, "head")


def known_revisions() -> list[str]:
    """The newest first."""
    scripts = ScriptDirectory.from_config(migrations())
    return [each.revision for each in scripts.walk_revisions()]


def migrations() -> Config:
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent))
    found.set_main_option("path_separator", "os")
    return found
