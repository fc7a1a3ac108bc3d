"""Wording: what the API refuses, in the words of whoever fills in a form."""

import re
from typing import Final

# What was found wrong, in the order in which it is looked for, and how people say it.
_SAID: Final = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"String should have at most (\d+) characters?", r"must have at most \1 characters"),
        (r"String should have at least 1 character", "must not be empty"),
        (r"String should have at least (\d+) characters?", r"must have at least \1 characters"),
        (r"String should match pattern .*", "has a sign that cannot be kept"),
        (r"must not contain NUL characters", "has a sign that cannot be kept"),
        (r"^is not UTF-8", "has signs that cannot be read"),
        (r"List should have at least 1 item.*", "needs at least one"),
        (r"List should have at least (\d+) items?.*", r"needs at least \1"),
        (r"List should have at most (\d+) items?.*", r"must be at most \1"),
        (r"Input should be a valid (?:integer|number).*", "must be a number"),
        (r"Input should be a valid string", "must be a text"),
        (r"Input should be greater than or equal to (\S+)", r"must be \1 or more"),
        (r"Input should be less than or equal to (\S+)", r"must be \1 or less"),
        (r"Decimal input should have no more than (\d+) digits.*", r"must have at most \1 digits"),
        (r"Decimal input should have .*", "must be a number with fewer digits"),
        (r"Input should be ", "must be "),
        (
            r"must be a date or an RFC 3339 date and time",
            "must be a date, such as 2026-11-28, with a time or without",
        ),
        (r"is not an RFC 3339 date and time", "must be a date, with a time"),
        (
            r"is not an ISO 4217 currency payments are made in",
            "is not a currency payments are made in: write it like GHS",
        ),
        (
            r"^send_\w+ needs a template_id, config\.body or config\.receipt$",
            "choose one: a template, words of its own, or the receipt",
        ),
        (r"^\w+_tag needs config\.tag$", "say which tag"),
        (r"^is required$", "is needed"),
    )
)
_ALTERNATIVE: Final = "; or "
# What somebody wrote stands between quotes, or is the id of what there is none of; it stays so.
_WRITTEN: Final = re.compile(r"('[^']*'|\"[^\"]*\"|^no [a-z ]+ [^\s,:]*_[^\s,:]*)")
_INSIDE: Final = re.compile(r"\bconfig\.(?=[a-z])")
# The name of an event, such as webhook_endpoint.failing, is what people type: it stays as it is.
_JOINED: Final = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b(?!\.\w)")
_ABOUT_THE_FIELD: Final = ("is ", "must ", "has ", "needs ", "names ")
_AREAS: Final = {
    "api_keys": "API keys",
    "users": "people",
    "organization": "the organization",
    "system": "the system",
}
_VERBS: Final = {
    "read": "see",
    "write": "change",
    "operate": "work on",
    "export": "take away all data of",
}
_LABELS: Final = {
    "tz": "Zone",
    "customer_id": "Customer",
    "as_of": "As of",
    "known_at": "Known at",
    "q": "Search",
    "query": "Address",
}


def sentence_of(reason: str, *, beside: bool = True) -> str:
    """A whole sentence; ``beside``: it stands beside its field, which is called "this"."""
    words = " or ".join(dict.fromkeys(map(_in_words, reason.split(_ALTERNATIVE)))).rstrip(".")
    if beside and words.startswith(_ABOUT_THE_FIELD):
        words = f"this {words}"
    return f"{words[:1].upper()}{words[1:]}."


def label_of(field: str) -> str:
    """How people call a field of the API: of ``events[0].created_after``, Created after."""
    name = re.sub(r"\[\d+\]", "", field).rpartition(".")[2]
    return _LABELS.get(name) or name.removesuffix("_id").replace("_", " ").capitalize()


def about(field: str, reason: str) -> str:
    """A sentence that names the field, where it stands beside none."""
    said = sentence_of(reason, beside=False)
    return f"{label_of(field)}: {said[:1].lower()}{said[1:]}"


def area_of(scope: str) -> str:
    """What a scope is about: of ``payment_links:write``, payment links."""
    area = scope.partition(":")[0]
    return _AREAS.get(area) or area.replace("_", " ")


def refusal_of(scope: str, role: str | None = None) -> str:
    """That it is lacking, to somebody with a role or, without one, with a key."""
    what = f"{_VERBS[scope.rpartition(':')[2]]} {area_of(scope)}"
    if role:
        return f"As {role.lower()} you may not {what}."
    return f"With this key you may not {what}: it lacks the scope {scope}."


def form_field(field: str) -> str:
    """The field of a form in which something is mended: of ``tags[1]``, tags."""
    return re.split(r"[\[.]", field)[0]


def _in_words(reason: str) -> str:
    for pattern, words in _SAID:
        reason, found = pattern.subn(words, reason)
        if found:
            break
    parts = _WRITTEN.split(reason)
    return "".join(each if at % 2 else _as_people_call(each) for at, each in enumerate(parts))


def _as_people_call(text: str) -> str:
    return _JOINED.sub(lambda found: found[0].replace("_", " "), _INSIDE.sub("", text))
