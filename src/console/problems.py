"""Problems: why what was sent in a form was not done, in words, beside the fields it is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from api.http.errors import ApiError
from console.failures import is_about_the_past, is_unrecorded, unrecorded
from console.pages import Page
from console.wording import form_field, sentence_of

# What other words in the same form may mend.
_MENDABLE: Final = frozenset({400, 404, 409, 410})
_INVALID: Final = 422


@dataclass(frozen=True)
class Problems:
    """What is wrong with the fields of a form; nothing, until something is.

    ``said``: of each field, as its form calls it, or of the whole (""). ``status``: of the page.
    """

    said: Mapping[str, str] = field(default_factory=dict)
    status: int = 200

    def of(self, name: str) -> str:
        """Of a field, or of a part of it: ``events[0]`` is about ``events``."""
        return next((said for field, said in self.said.items() if _is_of(name, field)), "")

    def beside(self, *names: str) -> str:
        """What is about none of these fields."""
        return " ".join(
            said
            for field, said in self.said.items()
            if not any(_is_of(name, field) for name in names)
        )

    def __bool__(self) -> bool:
        return bool(self.said)


NONE: Final = Problems()


def problem(field: str, sentence: str) -> Problems:
    """One that was found before anything was asked."""
    return Problems({field: sentence}, _INVALID)


def problems_of(error: ApiError | None, *, within: str = "", **fields: str) -> Problems:
    """What is wrong with what was sent; raises what nobody mends by filling it in otherwise.

    ``within``: what the whole form is a part of, in what was asked; ``fields``: what the form calls
    otherwise than the API does.
    """
    if error is None:
        return NONE
    if is_unrecorded(error):
        return Problems({"": unrecorded(error)}, error.status)
    if error.status not in _MENDABLE or is_about_the_past(error):
        raise error
    said = {
        _field_of_form(name.removeprefix(f"{within}."), fields): sentence_of(
            reason, beside=bool(name)
        )
        for name, reason in _reasons(error).items()
    }
    return Problems(said, error.status)


def not_typed(page: Page, name: str, wrong: str = "This is not its name.") -> Problems:
    """What is wrong with the name that is typed to confirm what cannot be undone."""
    typed = page.form.get("typed", "").strip()
    return NONE if typed.casefold() == name.strip().casefold() else problem("typed", wrong)


def _is_of(name: str, field: str) -> bool:
    return field == name or field.startswith((f"{name}.", f"{name}["))


def _reasons(error: ApiError) -> Mapping[str, str]:
    """A refusal by a rule of the domain names its field among the details."""
    details = error.details or {}
    field, reason = details.get("field"), details.get("reason")
    if error.problems or not isinstance(field, str):
        return error.problems or {"": error.message}
    return {field: str(reason or error.message)}


def _field_of_form(name: str, fields: Mapping[str, str]) -> str:
    return fields.get(form_field(name), name)
