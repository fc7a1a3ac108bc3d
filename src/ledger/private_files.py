"""Private files: what holds people's data is made for its owner alone, whatever the umask."""

import os
from contextlib import suppress
from pathlib import Path


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
