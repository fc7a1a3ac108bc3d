"""Fields: what an address or a form says, some of it more than once."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from api.http.parsing import parse_pairs

# A text of 20,000 characters in any script.
_MOST_ESCAPES: Final = 60_000
# Of a form: beside a field that is empty, what of it was shown.
_COVERED: Final = "covered."
_SECRET: Final = frozenset({"api_key", "password", "old", "new", "again"})


class Fields(Mapping[str, str]):
    """By its name the last of what is said so; ``every`` gives all of it. Nothing is empty."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    @property
    def pairs(self) -> Iterator[tuple[str, str]]:
        """All of it."""
        return ((name, value) for name, every in self._values.items() for value in every)

    @property
    def sent_again(self) -> list[tuple[str, str]]:
        """All that a form which failed sends once more: no secret is written into a page."""
        return [] if _SECRET & set(self) else [*self.pairs]

    def every(self, name: str) -> list[str]:
        return self._values.get(name, [])

    def chosen(self, names: Iterable[str]) -> dict[str, str | list[str]]:
        """Those of these names that are there, as they are asked for again."""
        found = {name: self.every(name) for name in names if name in self}
        return {name: every[0] if len(every) == 1 else every for name, every in found.items()}

    def __getitem__(self, name: str) -> str:
        return self._values[name][-1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def read_query(text: bytes) -> Fields:
    return Fields(parse_pairs(text))


def read_form(text: bytes) -> Fields:
    """What was shown covered, and is left empty, is as it was shown."""
    pairs = parse_pairs(text, what="form", most_escapes=_MOST_ESCAPES)
    covered = [
        (name.removeprefix(_COVERED), value) for name, value in pairs if name.startswith(_COVERED)
    ]
    return Fields([*covered, *pairs])
