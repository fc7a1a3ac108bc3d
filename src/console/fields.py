"""Fields: what an address or a form says, some of it more than once."""

from collections.abc import Iterable, Iterator, Mapping


class Fields(Mapping[str, str]):
    """By its name the last of what is said so; ``every`` gives all of it. Nothing is empty."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

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
