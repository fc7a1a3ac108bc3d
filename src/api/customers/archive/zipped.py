"""ZIP archive, written on while it is sent: a text, a table for each part, and all of it as JSON.

Each part is read once. The tables leave at once; the JSON waits in a file, as the last of all.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from api.http.responses import to_json
from api.resources.export_files import CsvLines, batched

README: Final = "README.txt"
WHOLE: Final = "data.json"

_CHUNK_BYTES: Final = 65536


@dataclass(frozen=True)
class Part:
    """Rows of one kind; ``about`` says to people what they are, ``columns`` names all there is."""

    name: str
    about: str
    columns: Sequence[str]
    rows: Iterator[dict[str, Any]]

    @property
    def file(self) -> str:
        return f"{self.name}.csv"


def zipped(
    readme: str, head: Mapping[str, Any], parts: Sequence[Part], *, now: datetime
) -> Iterator[bytes]:
    """The archive, piece by piece; ``head`` begins the JSON."""
    sent = _Sent()
    with TemporaryFile() as whole, ZipFile(sent, "w", ZIP_DEFLATED) as archive:
        archive.writestr(_entry(README, now), readme, ZIP_DEFLATED)
        whole.write(to_json(head).removesuffix(b"}"))
        for part in parts:
            with _writing(archive, part.file, now) as table:
                for _ in _write(part, table, whole):
                    yield sent.taken()
        whole.write(b"}")
        with _writing(archive, WHOLE, now) as entry:
            whole.seek(0)
            while chunk := whole.read(_CHUNK_BYTES):
                entry.write(chunk)
                yield sent.taken()
    yield sent.taken()


def _write(part: Part, table: IO[bytes], whole: IO[bytes]) -> Iterator[None]:
    """One step of rows after the other, into both."""
    lines = CsvLines(part.columns)
    table.write(lines.first)
    whole.write(b',"%s":[' % part.name.encode())
    comma = b""
    for step in batched(part.rows):
        table.write(lines.of(step))
        whole.write(comma + b",".join(map(to_json, step)))
        comma = b","
        yield
    whole.write(b"]")
    yield


@contextmanager
def _writing(archive: ZipFile, name: str, now: datetime) -> Iterator[IO[bytes]]:
    with archive.open(_entry(name, now), "w", force_zip64=True) as entry:
        yield entry


def _entry(name: str, now: datetime) -> ZipInfo:
    entry = ZipInfo(name, (now.year, now.month, now.day, now.hour, now.minute, now.second))
    entry.compress_type = ZIP_DEFLATED
    # What is in it is for whoever unpacks it alone.
    entry.external_attr = 0o600 << 16
    return entry


class _Sent(io.RawIOBase):
    """What was written since it was last taken: a file that nobody goes back in."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
