"""Forms: what is written into a field is read from it again, whatever it holds."""

import pytest

from console.forms import pairs_as_text, pairs_in, words_as_text, words_in

TEXTS = ["plain", "with, a comma", '"quoted"', '5" wide', "two\nlines", "a: b", '"a": b', "\u2028"]


@pytest.mark.parametrize("text", TEXTS)
def test_words_are_read_as_they_were_written(text):
    words = [text, "between", text]

    assert words_in(words_as_text(words)) == [each.strip() for each in words if each.strip()]


@pytest.mark.parametrize("text", [*TEXTS, " around ", ""])
def test_pairs_are_read_as_they_were_written(text):
    pairs = {text: text, "between": text}

    assert pairs_in(pairs_as_text(pairs)) == pairs


def test_what_people_type_without_thinking_of_quotes_is_as_they_typed_it():
    assert words_in('small, 5" wide\r\n"half') == ["small", '5" wide', '"half']
    assert pairs_in('url: https://a.example:8080\r\n"open: 1\nkey: "b" and c') == {
        "url": "https://a.example:8080",
        '"open': "1",
        "key": '"b" and c',
    }
