"""Logging: one event a line, without secrets or personal data."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

# Keys, client secrets, passwords in addresses, email addresses and phone numbers.
_HIDDEN = re.compile(
    r"\b[ps]f?k_(?:test|sandbox|live)_[!-~]+"
    r"|\bpay_\w+_secret_\w+"
    r"|\bwhsec_[\w+/=\-]+"
    r"|(?<=://)[^\s:/@]+:[^\s/@]+(?=@)"
    r"|(?<![\w.+\-])[\w.+\-]+(?:@|%40)[\w\-]+(?:\.[\w\-]+)+"
    r"|(?:\+|%2B)[1-9]\d{6,14}\b"
)


# Nothing above is without one of these; most texts are, and need no closer look.
_SIGNS = ("_test_", "_sandbox_", "_live_", "_secret_", "whsec_", "@", "%40", "+", "%2B")


def configure(level: str, style: Literal["auto", "json", "text"]) -> None:
    """Sends every log line of the process, libraries included, to stderr in one form.

    ``auto`` is text for people on a terminal and JSON everywhere else.
    """
    as_text = style == "text" or (style == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    rendering: Any = (
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        if as_text
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_colors,
                structlog.processors.format_exc_info,
                without_secrets,
                rendering,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(_LEVELS[level])
    # What these say at this level is how they do it, not what happens.
    for chatty in ("uvicorn", "alembic", "sqlalchemy"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def without_secrets(
    _logger: object, _method: str, entry: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replaces every secret and every email address or phone number in an entry by "…"."""
    for name, value in entry.items():
        entry[name] = _hidden(value)
    return entry


def _hidden(value: Any) -> Any:
    match value:
        case str():
            return _HIDDEN.sub("…", value) if any(sign in value for sign in _SIGNS) else value
        case dict():
            return {name: _hidden(one) for name, one in value.items()}
        case list() | tuple() | set():
            return [_hidden(one) for one in value]
        case Exception():
            return _hidden(repr(value))
        case _:
            return value


# uvicorn says everything twice: once plainly, once with terminal colours.
def _without_colors(
    _logger: object, _method: str, entry: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    entry.pop("color_message", None)
    return entry
