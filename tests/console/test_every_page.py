"""Every page of the console in a real browser: for everybody, in both themes, on a phone, safely.

What a page is like is looked at once and told apart in tests; what stands on it, its own tests say.
"""

from dataclasses import dataclass, field

import pytest
from axe import SOURCE, serious
from browser import PERSON, started
from console_browser import signed_in
from console_walk import walk
from lived_in import ama, go_on, lived_in
from nonsense import is_of_the_api, said_to_nonsense

pytestmark = pytest.mark.takes_long

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}
# What every page has around it is looked at on the first of them.
SHELL = (".rail", ".tabs", "#keys")
# What was drawn for a desk is drawn again for a phone, a moment later.
TOO_WIDE = """async () => {
  const by = () => document.documentElement.scrollWidth - innerWidth;
  for (let tries = 0; by() > 0 && tries < 30; tries++) await new Promise(go => setTimeout(go, 100));
  return by();
}"""
# What is being renewed is pale for as long as that takes: longer on a busy machine.
STANDS = "() => !document.querySelector('.htmx-request')"


@dataclass
class Look:
    """What is wrong with one page."""

    inaccessible: list[str] = field(default_factory=list)
    too_wide: int = 0
    said: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    rivals: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with lived_in(tmp_path_factory.mktemp("shop"), customers=30, payments=300) as shop:
        go_on(shop)
        ama(shop)
        yield shop


@pytest.fixture(scope="module")
def walked(shop):
    with signed_in(shop.url, shop.key) as browser:
        return walk(browser)


@pytest.fixture(scope="module")
def looks(shop, walked):
    """Each page once, one after another: in a window of its own each takes twice as long."""
    with started() as browser:
        context = browser.new_context(user_agent=PERSON)
        context.add_cookies(shop.cookies)
        page, said = context.new_page(), []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        found = {
            kind: looked_at(page, shop.url + address, said, without=SHELL if number else ())
            for number, (kind, address) in enumerate(walked.pages.items())
        }
        context.clear_cookies()
        found["/console/login"] = looked_at(page, f"{shop.url}/console/login", said)
        context.close()
        return found


def looked_at(page, address, said, *, without=()):
    look = Look()
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    said.clear()
    page.goto(address)
    if page.title() == "hacked":
        look.said.append("a script of somebody's ran")
    look.unexplained = page.locator(".figure dt:not(:has(.defined))").all_inner_texts()
    first = page.locator("main .button.first:visible").all_inner_texts()
    look.rivals = first if len(first) > 1 else []
    page.evaluate(SOURCE)
    page.wait_for_function(STANDS)
    look.inaccessible += serious(page, without=without)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.wait_for_function(STANDS)
    look.inaccessible += serious(page, "color-contrast", without=without)
    page.set_viewport_size(PHONE)
    look.too_wide = page.evaluate(TOO_WIDE)
    look.said += said
    return look


def wrong(looks, aspect):
    return {kind: getattr(look, aspect) for kind, look in looks.items() if getattr(look, aspect)}


def test_every_page_is_for_everybody_in_both_themes(looks):
    assert wrong(looks, "inaccessible") == {}


def test_no_page_is_wider_than_a_phone(looks):
    assert {kind: by for kind, by in wrong(looks, "too_wide").items() if by > 0} == {}


def test_no_page_runs_what_somebody_wrote_or_wants_what_the_policy_forbids(looks):
    assert wrong(looks, "said") == {}


def test_every_figure_says_what_it_means(looks):
    assert wrong(looks, "unexplained") == {}


def test_no_page_has_two_buttons_that_stand_out(looks):
    assert wrong(looks, "rivals") == {}


def test_no_link_leads_nowhere(walked):
    assert walked.nowhere == {}


@pytest.mark.usefixtures("looks")
def test_nonsense_in_any_form_is_refused_in_words_that_are_not_the_api_s(shop, walked):
    """After all pages were looked at: some of it is done."""
    with signed_in(shop.url, shop.key) as browser:
        said = {name: [*said_to_nonsense(browser, each)] for name, each in walked.pages.items()}

    assert [each for told in said.values() for each in told if is_of_the_api(each[-1])] == []
    assert all(said[f"/console/{each}/new"] for each in ("customers", "links", "subscriptions"))


def test_every_section_is_found_and_a_page_of_each_thing(walked):
    sections = {"customers", "payments", "links", "subscriptions", "invoices"}

    assert {f"/console/{section}" for section in sections} <= set(walked.pages)
    assert {f"/console/{section}/{{}}" for section in sections} <= set(walked.pages)
