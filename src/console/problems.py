"""Problems: why what was sent in a form was not done, said beside the field it is about."""

from dataclasses import dataclass
from typing import Final

from api.http.errors import ApiError
from console.failures import is_about_the_past, is_unrecorded, unrecorded
from console.wording import form_field, sentence_of

# What other words in the same form may mend.
_MENDED_IN_THE_FORM: Final = (400, 404, 409, 422)


@dataclass(frozen=True)
class Problem:
    """``field``: what it is about, as the API calls it; None: the whole."""

    field: str | None = None
    sentence: str = ""

    def of(self, field: str) -> str:
        """The sentence, if it is about this field."""
        return self.sentence if field == self.field else ""

    def beside(self, *fields: str) -> str:
        """The sentence, if none of these fields shows it."""
        return "" if self.field in fields else self.sentence


def problem_of(error: ApiError, **fields: str) -> Problem:
    """What is wrong with what was sent; raises what no other words would mend.

    ``fields``: what the form calls otherwise than the API does.
    """
    if is_unrecorded(error):
        return Problem(None, unrecorded(error))
    if error.status not in _MENDED_IN_THE_FORM or is_about_the_past(error):
        raise error
    details = error.details or {}
    field, reason = details.get("field"), details.get("reason") or error.message
    if not field:
        return Problem(None, sentence_of(str(reason), beside=False))
    name = form_field(str(field))
    return Problem(fields.get(name, name), sentence_of(str(reason)))
