"""What others said is kept as text, whatever it was."""

import pytest

from delivery.messages.results import SendResult
from delivery.webhooks.sender import Result


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("250 accept\udce9", "250 accept?"),
        ("250 ok\0", "250 ok"),
        ("250 接受", "250 接受"),
        ("x" * 5_000, "x" * 2_000),
    ],
)
def test_what_cannot_be_recorded_is_not_in_a_result(said, kept):
    sent = SendResult("sent", said, said)
    told = Result("https://shop.example", 200, said, said, 7)

    assert {sent.response, sent.error, told.response, told.error} == {kept}
