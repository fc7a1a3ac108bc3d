"""A walk through the console: the address of a page of every kind, found as people find them.

From page to page, by what stands on them: a page that no other leads to is found by nobody.
"""

import html
import re
from collections import Counter, deque
from dataclasses import dataclass, field

import httpx

_LINK = re.compile(r'href="(/console[^"#]*)"')
# An id stands in the place of which any other might.
_ID = re.compile(r"(?<=/)[^/]*\d[^/]*")
_FILES = re.compile(r"/assets/|\.csv$|\.zip$|\.svg$|\.json$|\.html$")
# What one thing has nothing to say of, another may.
_OF_A_KIND = 2


def kind_of(address: str) -> str:
    """``/console/customers/{}`` of any customer."""
    return _ID.sub("{}", address.partition("?")[0])


@dataclass
class Walk:
    """A page of each kind, by its kind; and where links led nowhere, with what was said there."""

    pages: dict[str, str] = field(default_factory=dict)
    nowhere: dict[str, int] = field(default_factory=dict)


def walk(browser: httpx.Client, start: str = "/console") -> Walk:
    """Nothing but pages, none of the past."""
    walked, seen = Walk(), Counter({kind_of(start): 1})
    ahead, known = deque([start]), {start}
    while ahead:
        for each in _links_of(browser, ahead.popleft(), walked):
            if each not in known and _is_new(each, seen):
                known.add(each)
                seen[kind_of(each)] += 1
                ahead.append(each)
    return walked


def _links_of(browser: httpx.Client, address: str, walked: Walk) -> list[str]:
    answer = browser.get(address, headers={"Accept": "text/html"})
    if answer.is_redirect:
        return [answer.headers["location"]]
    if answer.status_code != 200:
        walked.nowhere[address] = answer.status_code
    elif "text/html" in answer.headers["content-type"]:
        walked.pages.setdefault(kind_of(address), address)
        return [html.unescape(each) for each in _LINK.findall(answer.text)]
    return []


def _is_new(address: str, seen: Counter[str]) -> bool:
    is_page = not _FILES.search(address.partition("?")[0]) and "as_of=" not in address
    return is_page and seen[kind_of(address)] < _OF_A_KIND
