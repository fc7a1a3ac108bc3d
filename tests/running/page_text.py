"""The text of a page, as somebody reads it who does not see how it looks."""

from html.parser import HTMLParser


class _Text(HTMLParser):
    def __init__(self):
        super().__init__()
        self.parts = []
        self._unread = 0

    def handle_starttag(self, tag, _attributes):
        self._unread += tag in {"script", "style"}

    def handle_endtag(self, tag):
        self._unread -= tag in {"script", "style"}

    def handle_data(self, data):
        if not self._unread:
            self.parts.append(data)


def text_of(html: str) -> str:
    """Words and figures with one space between them, whatever kind of space it was."""
    parser = _Text()
    parser.feed(html)
    return " ".join(" ".join(parser.parts).split())
