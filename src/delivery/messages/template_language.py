"""The language of templates: variables, a few filters, ``{% if %}``, and nothing else of Jinja.

What is listed here is let through, the rest is refused when a template is saved: there is no loop,
no attribute, no call and no arithmetic, so a template can neither reach anything nor run for long.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from typing import Any, Final

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from delivery.messages.variables import VARIABLES, is_known
from domain.errors import RuleBroken

_DEEPEST: Final = 20
_MOST_VARIABLES: Final = 1_000

_ALLOWED: Final = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Filter),
    *(nodes.If, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not),
    *(nodes.List, nodes.Tuple),
)
_COMPARED: Final = {"eq", "ne", "in", "notin"}


class BadTemplate(RuleBroken):
    """``field``: the part of the template at fault, ``subject`` or ``body``."""

    code = "invalid_template"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message, field=field)


def _first_word(value: str) -> str:
    return value.split(maxsplit=1)[0] if value.split() else value


def _truncate(value: str, length: int) -> str:
    return value if len(value) <= length else value[: max(length - 1, 0)].rstrip() + "…"


# Each with what it is given beside the value.
_FILTERS: Final[dict[str, tuple[Callable[..., str], tuple[type, ...]]]] = {
    "capitalize": (str.capitalize, ()),
    "default": (lambda value, other: value or other, (str,)),
    "first_word": (_first_word, ()),
    "lower": (str.lower, ()),
    "title": (str.title, ()),
    "trim": (str.strip, ()),
    "truncate": (_truncate, (int,)),
    "upper": (str.upper, ()),
}


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in sorted(names))


# Names stand between quotes, as they are written: whoever shows a reason leaves them as they are.
_INSTEAD: Final[dict[type[nodes.Node], str]] = {
    nodes.Getattr: "a variable has no parts: write 'customer_name', not 'customer.name'",
    nodes.Getitem: "a variable has no parts: write 'metadata_color', not \"metadata['color']\"",
    nodes.Sub: "nothing is calculated; in names of metadata every other sign is a _, as in "
    "'metadata_order_id'",
    nodes.For: "there are no loops",
    nodes.Call: "nothing can be called",
    nodes.Test: "write '{% if customer_name %}', which is so when it says something",
}
_OTHERWISE: Final = "there are variables, {% if %} and filters: " + _quoted(_FILTERS)


@cache
def environment(finalize: Callable[[Any], str]) -> ImmutableSandboxedEnvironment:
    """Where templates of this language run; ``finalize`` makes a value fit for where it stands."""
    sandbox = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, finalize=finalize, keep_trailing_newline=True, trim_blocks=True
    )
    sandbox.globals.clear()
    sandbox.filters.clear()
    sandbox.filters.update({name: filter_ for name, (filter_, _) in _FILTERS.items()})
    return sandbox


def names_in(source: str, *, field: str) -> frozenset[str]:
    """The variables of a template; raises BadTemplate for whatever is not of the language."""
    try:
        tree = environment(str).parse(source)
    except TemplateSyntaxError as error:
        raise BadTemplate(f"{_said(error)} (line {error.lineno})", field=field) from error
    except RecursionError:
        raise BadTemplate("it is nested too deeply", field=field) from None
    names = [node.name for node in _walk(tree, field) if isinstance(node, nodes.Name)]
    if len(names) > _MOST_VARIABLES:
        raise BadTemplate(f"it has more than {_MOST_VARIABLES:,} variables", field=field)
    if unknown := sorted({name for name in names if not is_known(name)}):
        raise BadTemplate(_unknown(unknown), field=field)
    return frozenset(names)


def _walk(node: nodes.Node, field: str, depth: int = 0) -> Iterator[nodes.Node]:
    if depth > _DEEPEST:
        raise BadTemplate("it is nested too deeply", field=field)
    if problem := _problem(node):
        raise BadTemplate(problem + (f" (line {node.lineno})" if node.lineno else ""), field=field)
    yield node
    for child in _read_children(node):
        yield from _walk(child, field, depth + 1)


def _problem(node: nodes.Node) -> str | None:
    problem = None
    match node:
        case nodes.Const(value=value) if not isinstance(value, str):
            problem = f"{value} is no text: write '{value}'"
        case nodes.Operand(op=op) if op not in _COMPARED:
            problem = "variables are texts: compare them with ==, != and in"
        case nodes.Operand(op="in" | "notin", expr=nodes.List() | nodes.Tuple()):
            pass
        case nodes.Operand(expr=part) | nodes.Compare(expr=part) if not _is_text(part):
            problem = "only texts are compared"
        case nodes.Output() if not all(map(_is_text, node.nodes)):
            problem = "only texts are written"
        case nodes.Filter():
            problem = _misused(node)
        case _ if not isinstance(node, _ALLOWED):
            problem = _INSTEAD.get(type(node), _OTHERWISE)
    return problem


def _is_text(node: nodes.Node | None) -> bool:
    """Whether it has a text for its value, whatever the variables say; others say what is wrong."""
    match node:
        case nodes.And(left=one, right=other) | nodes.Or(left=one, right=other):
            return _is_text(one) and _is_text(other)
        case nodes.CondExpr(expr1=one, expr2=other):
            return _is_text(one) and _is_text(other)
        case nodes.Not() | nodes.Compare() | nodes.List() | nodes.Tuple() | None:
            return False
    return True


def _misused(node: nodes.Filter) -> str | None:
    if node.name not in _FILTERS:
        return f"there is no filter '{node.name}'; {_OTHERWISE}"
    if not _is_text(node.node):
        return f"the filter {node.name} is of a text"
    _, wanted = _FILTERS[node.name]
    given = [getattr(each, "value", None) for each in node.args]
    plain = not (node.kwargs or node.dyn_args or node.dyn_kwargs)
    if plain and [type(value) for value in given] == list(wanted):
        return None
    needs = " and ".join("a text" if kind is str else "a number" for kind in wanted) or "nothing"
    return f"the filter {node.name} takes {needs}"


def _read_children(node: nodes.Node) -> Iterator[nodes.Node]:
    """What a filter is given has been looked at with it."""
    if isinstance(node, nodes.Filter) and node.node is not None:
        return iter((node.node,))
    return node.iter_child_nodes()


def _unknown(names: list[str]) -> str:
    said = [_with_hint(name) for name in names]
    return (
        f"there is no variable {', no '.join(said)}; there are {_quoted(VARIABLES)}, "
        "'metadata_<key>' and 'customer_metadata_<key>'"
    )


def _with_hint(name: str) -> str:
    near = get_close_matches(name, VARIABLES, n=1)
    return f"'{name}' (did you mean '{near[0]}'?)" if near else f"'{name}'"


def _said(error: TemplateSyntaxError) -> str:
    return re.sub(r"\s+", " ", error.message or "it cannot be read")[:300]
