"""Demo key: a file of its owner's alone with the test key of the newest demo in it."""

from pathlib import Path

from commands.key_format import parse
from ledger.private_files import make_private_file, make_private_folder
from whence.first_run import keys_file
from whence.settings import Settings


def keep(settings: Settings, key: str) -> Path:
    """Where it is now, and nothing else."""
    file = _file(settings)
    make_private_folder(file.parent)
    file.unlink(missing_ok=True)
    make_private_file(file)
    file.write_text(f"{key}\n")
    return file


def forget(settings: Settings, org_id: str) -> None:
    """Takes the file away when it is the key of this organization."""
    file = _file(settings)
    key = parse(file.read_text().strip()) if file.exists() else None
    if key is not None and key.book.org_id == org_id:
        file.unlink(missing_ok=True)


def _file(settings: Settings) -> Path:
    return keys_file(settings).with_name("demo.key")
