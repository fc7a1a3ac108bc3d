"""Markup: what somebody wrote is text, wherever it stands in a page."""

from delivery.looks.markup import templates_of

HOSTILE = {"name": '<img src=x onerror="go()">'}


def test_json_in_an_attribute_stays_in_it():
    template = templates_of("console").from_string('<b data-copy="{{ told | tojson }}"></b>')

    shown = template.render(told=HOSTILE)

    assert shown.count('"') == 2
    assert "<img" not in shown
