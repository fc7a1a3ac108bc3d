"""Parts: what pages are made of, the macros of ``templates/parts``, as ``ui`` of every template.

They are not imported by templates, because a block that is rendered alone, as a fragment, would
miss what its template imports.
"""

from collections.abc import Callable
from itertools import count
from types import SimpleNamespace
from typing import Any, Final

from jinja2 import Environment

from console.charts import drawings
from console.definitions import definition_of
from console.masking import is_covered
from console.states import invoice_state, state_of, tone_of, word_of
from console.triggers import TRIGGER_WORDS
from console.writing import Writer, missing_decimals
from delivery.looks.accents import legible_on

_FILES: Final = (
    *("icons", "figures", "tables", "forms", "messages", "timelines", "charts", "places"),
)


def parts_of(
    environment: Environment,
    writer: Writer,
    *,
    fragment: str = "",
    once: str = "",
    may_export: bool = True,
) -> SimpleNamespace:
    """All macros, which write as ``writer`` does; ``ui.write`` is that writer itself.

    ``fragment``: the name of the block that is rendered alone, so that the ids in it are others
    than those on the page it becomes a part of. ``once`` goes along with every form. Without
    ``may_export`` nothing is offered as a file.
    """
    ui = SimpleNamespace(write=writer)
    known: dict[str, Any] = {
        "ui": ui,
        "write": writer,
        "once": once,
        "may_export": may_export,
        "legible_on": legible_on,
        "new_id": _ids(fragment),
        "draw": drawings,
        "definition_of": definition_of,
        "is_covered": is_covered,
        "missing_decimals": missing_decimals,
        "invoice_state_of": invoice_state,
        "state_of": state_of,
        "tone_of": tone_of,
        "trigger_words": TRIGGER_WORDS,
        "word_of": word_of,
    }
    for each in _FILES:
        module = environment.get_template(f"parts/{each}.html").make_module(known)
        macros = {name: value for name, value in vars(module).items() if name[0] != "_"}
        vars(ui).update(macros)
    return ui


def _ids(fragment: str) -> Callable[[str], str]:
    """Ids that no other element of the same page has."""
    numbers = count(1)
    return lambda name: "-".join(filter(None, (fragment, name, str(next(numbers)))))
