"""Values: what somebody has said of themselves, made fit for the place in a message it comes to.

Whatever it is, it stays a value: one line of text, no markup, no link and no call to everybody.
"""

import re
from typing import Any, Final

from markupsafe import escape

# Control characters, what turns the direction of writing, and the marks of ours below.
_UNFIT: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ue000\ue001]+"
)
_TO_EVERYBODY: Final = re.compile(r"@(?=(?:channel|here|everyone|all)\b)", re.IGNORECASE)

# Around a value in a text that becomes HTML: private use, so nothing else has them.
BEGINS, ENDS = "\ue000", "\ue001"


def for_text(value: Any) -> str:
    return _UNFIT.sub(" ", str(value))


def for_html(value: Any) -> str:
    return str(escape(for_text(value)))


def for_notifications(value: Any) -> str:
    """As Slack wants it; Mattermost, Discord and Slack call everybody with a word after an @."""
    text = for_text(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _TO_EVERYBODY.sub("@\N{ZERO WIDTH SPACE}", text)


def marked(value: Any) -> str:
    return f"{BEGINS}{for_text(value)}{ENDS}"
