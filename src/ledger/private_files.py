"""Private files: what holds people's data is made for its owner alone, whatever the umask."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

# What SQLite may have made for one database, by the ends of their names.
DATABASE_FILES = ("", "-wal", "-shm", "-journal")


def make_private_folder(folder: Path) -> None:
    """The folder, and those above it that are missing; one that is there stays as it is."""
    for missing in [each for each in (*reversed(folder.parents), folder) if not each.exists()]:
        with suppress(FileExistsError):
            missing.mkdir(mode=0o700)
            missing.chmod(0o700)


def make_private_file(file: Path) -> None:
    """An empty file, and the folder it is in; one that is there stays as it is.

    What SQLite makes beside a database gets the rights of the database.
    """
    make_private_folder(file.parent)
    with suppress(FileExistsError):
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        os.fchmod(descriptor, 0o600)
        os.close(descriptor)


def write_private_file(file: Path, text: str) -> None:
    """A file that is found whole or not at all; one that is there stays as it is."""
    make_private_folder(file.parent)
    if file.exists():
        return
    descriptor, draft = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    try:
        with os.fdopen(descriptor, "w") as written:
            written.write(text)
            written.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            file.hardlink_to(draft)
        _settle(file.parent)
    finally:
        Path(draft).unlink()


@contextmanager
def drafted(file: Path) -> Iterator[Path]:
    """A name beside that of a database that is to be made: whoever finds the file finds it whole.

    Whatever goes wrong meanwhile leaves nothing. Raises FileExistsError: nothing is overwritten.
    """
    _must_be_new(file)
    draft = file.with_name(f".{file.name}-{uuid4().hex[:8]}.partial")
    try:
        yield draft
        _must_be_new(file)
        draft.rename(file)
        _settle(file.parent)
    finally:
        for end in DATABASE_FILES:
            draft.with_name(draft.name + end).unlink(missing_ok=True)


def _must_be_new(file: Path) -> None:
    if file.exists():
        raise FileExistsError(f"{file} is there already: nothing is overwritten")


def _settle(folder: Path) -> None:
    """The names in a folder survive a power cut from now on."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
