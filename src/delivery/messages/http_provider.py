"""Any provider that is spoken to over HTTP, as a template of its request describes it.

``{{name}}`` stands for what the message says or the credentials hold, in the address, in headers
and in each text of the body; the body is an object, sent as JSON or as a form. So nothing that a
message says can be anything but a value of it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal
from urllib.parse import quote, urlencode

import orjson
from pydantic import Field, RootModel, field_validator

from delivery.http_client import HttpClient, SendingFailed
from delivery.messages.channels import Message, Notification, Sms, SmsSettings
from delivery.messages.emails import Email
from delivery.messages.http_results import failure_of, result_of
from delivery.messages.results import SendResult
from domain.book import Mode

_BLANK: Final = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,100}")
_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f]+")

SAID: Final[Mapping[type, tuple[str, ...]]] = {
    Sms: ("to", "text", "key", "segments"),
    Notification: ("text", "key"),
    Email: ("to", "to_name", "from_name", "subject", "text", "html", "key"),
}


class HttpConfig(SmsSettings):
    """``reference``: where its answer names the message, such as ``data.id``.

    Without a ``body`` it is sent all that the message says.
    """

    url: str = Field(max_length=2048)
    method: Literal["POST", "PUT", "GET"] = "POST"
    headers: dict[str, str] = Field(default_factory=dict, max_length=20)
    body: dict[str, Any] = Field(default_factory=dict, max_length=100)
    format: Literal["json", "form"] = "json"
    reference: str | None = Field(default=None, max_length=200)

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not _HEADER_NAME.fullmatch(name) or _BREAKS.search(value) or len(value) > 2000:  # noqa: PLR2004
                raise ValueError(f"{name!r} is not a header of one line")
        return headers

    def blanks(self) -> set[str]:
        """The names that are to be filled in."""
        texts = (self.url, *self.headers.values(), *_texts(self.body))
        return {name for text in texts for name in _BLANK.findall(text)}


class HttpCredentials(RootModel[dict[str, str]]):
    """Whatever the request needs, by names of one's own."""


async def send_over_http(
    client: HttpClient,
    config: HttpConfig,
    credentials: HttpCredentials,
    message: Message,
    *,
    mode: Mode,
) -> SendResult:
    said = {name: str(getattr(message, name) or "") for name in SAID[type(message)]}
    values = credentials.root | said
    try:
        answer = await client.request(
            config.method,
            _filled(config.url, values, quoted=True),
            mode=mode,
            body=_body(config, said, values),
            headers=_headers(config, values),
        )
    except SendingFailed as failed:
        return failure_of(failed, repeatable=not isinstance(message, Sms))
    result = result_of(answer)
    if result.status != "sent":
        return result
    return SendResult("sent", result.response, reference=_reference(answer.text, config.reference))


def _headers(config: HttpConfig, values: Mapping[str, str]) -> dict[str, str]:
    usual = {"Idempotency-Key": values["key"]}
    if config.method != "GET":
        form = config.format == "form"
        usual["Content-Type"] = "application/x-www-form-urlencoded" if form else "application/json"
    stated = {name: _filled(value, values) for name, value in config.headers.items()}
    return usual | {name: _BREAKS.sub(" ", value) for name, value in stated.items()}


def _body(config: HttpConfig, said: Mapping[str, str], values: Mapping[str, str]) -> bytes:
    if config.method == "GET":
        return b""
    filled = _filled_body(config.body, values) if config.body else dict(said)
    return urlencode(filled).encode() if config.format == "form" else orjson.dumps(filled)


def _filled_body(part: Any, values: Mapping[str, str]) -> Any:
    match part:
        case str():
            return _filled(part, values)
        case dict():
            return {name: _filled_body(each, values) for name, each in part.items()}
        case list():
            return [_filled_body(each, values) for each in part]
    return part


def _filled(text: str, values: Mapping[str, str], *, quoted: bool = False) -> str:
    def fill(blank: re.Match[str]) -> str:
        value = values.get(blank[1], "")
        return quote(value, safe="") if quoted else value

    return _BLANK.sub(fill, text)


def _texts(part: Any) -> Iterator[str]:
    match part:
        case str():
            yield part
        case dict():
            yield from (text for each in part.values() for text in _texts(each))
        case list():
            yield from (text for each in part for text in _texts(each))


def _reference(text: str, path: str | None) -> str | None:
    if path is None:
        return None
    try:
        found: Any = orjson.loads(text)
        for name in path.split("."):
            found = found[int(name)] if isinstance(found, list) else found[name]
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, ValueError):
        return None
    return str(found)[:255]
