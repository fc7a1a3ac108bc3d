"""Event catalogue: docs/events.md says what the code says."""

from pathlib import Path

from domain.catalogue import events_page

PAGE = Path(__file__).parents[2] / "docs" / "events.md"


def test_the_page_of_facts_is_what_the_classes_say():
    assert PAGE.read_text(encoding="utf-8") == events_page()
