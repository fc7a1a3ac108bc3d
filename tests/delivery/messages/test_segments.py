"""Segments: of how many parts a text message is sent."""

import pytest

from delivery.messages.segments import plainer, segments_of


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 0),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        # An escape and what it is for stay together.
        ("a" * 152 + "€" + "a" * 152, 3),
        ("ß£èΩ_@" * 26, 1),
        ("₵" * 70, 1),
        ("₵" * 71, 2),
        ("₵" * 135, 3),
        ("☕" * 70, 1),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        # A pair of surrogates is not parted either.
        ("a" * 66 + "😀" + "a" * 66, 3),
        ("line\nbreak\r\n", 1),
    ],
)
def test_a_text_is_sent_in_so_many_parts(text, segments):
    assert segments_of(text) == segments


def test_a_typographic_sign_does_not_double_the_price():
    left, right = "\N{LEFT DOUBLE QUOTATION MARK}", "\N{RIGHT DOUBLE QUOTATION MARK}"

    written = f"GHS\N{NO-BREAK SPACE}1,250 \N{EN DASH} {left}Ama{right}..."

    assert plainer(written) == 'GHS 1,250 - "Ama"...'
