"""Text is kept trimmed and composed, and compared by what there is to see of it."""

import pytest

from domain.text import seen, tidied

ZOE, ZOE_IN_PARTS = "zo\u00e9", "zoe\u0301"
FAMILY = "\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  usr_1\t", "usr_1"),
        ("\ufeffusr_1\u200b \u200b", "usr_1"),
        (ZOE_IN_PARTS, ZOE),
        (FAMILY, FAMILY),
        ("\u2764\ufe0f", "\u2764\ufe0f"),
        ("a  b", "a  b"),
        (" \u200b\ufeff", ""),
    ],
)
def test_text_is_kept_composed_and_without_what_clings_to_it(typed, kept):
    assert tidied(typed) == kept
    assert tidied(kept) == kept


@pytest.mark.parametrize(
    "written",
    [
        ZOE,
        ZOE_IN_PARTS,
        f" {ZOE}",
        "z\u200bo\u00ade\u034f\u0301",
        "\u202azo\u2060\u00e9\u202c",
        "zo\x07\u00e9",
    ],
)
def test_texts_that_nobody_can_tell_apart_are_one(written):
    assert seen(written) == ZOE
    assert seen(tidied(written)) == ZOE


def test_texts_that_look_different_are_two():
    texts = ["zoe", ZOE, "Zo\u00e9", "zo e", "zo\u0435", "\u06ddzoe", "\u0600zoe"]

    assert len({seen(text) for text in texts}) == len(texts)
