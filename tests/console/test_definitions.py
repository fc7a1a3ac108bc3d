"""Definitions: every figure has one, in words that are no code."""

import pytest

from console.definitions import all_definitions, definition_of


@pytest.mark.parametrize("name", all_definitions())
def test_a_definition_is_a_short_label_and_a_sentence_without_code(name):
    known = definition_of(name)

    assert 0 < len(known.label) <= 24
    assert known.sentence.endswith(".")
    assert not set(known.sentence) & set("`_<>")


def test_a_figure_that_nobody_defined_is_not_shown():
    with pytest.raises(KeyError):
        definition_of("happiness")
