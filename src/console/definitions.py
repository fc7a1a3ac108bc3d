"""Definitions: what each figure on a page is called and means, from ``definitions.toml``."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Definition:
    """``label``: a word or two; ``sentence``: shown when somebody points at the label."""

    label: str
    sentence: str


def definition_of(figure: str) -> Definition:
    """Raises KeyError for a figure that nobody defined: no page shows one."""
    return all_definitions()[figure]


@cache
def all_definitions() -> dict[str, Definition]:
    text = files("console").joinpath("definitions.toml").read_text("utf-8")
    return {name: Definition(*said) for name, said in tomllib.loads(text)["figures"].items()}
