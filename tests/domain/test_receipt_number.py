"""The number of a receipt: short enough to be read out, and understood however it is written."""

import pytest

from domain.receipt_number import end_of_id, receipt_number

PAYMENT = "pay_01hxa2b3c4d5e6zn1sfxw2sq0x"


def test_the_number_of_a_receipt_is_in_three_groups_of_four():
    assert receipt_number(PAYMENT) == "ZN1S-FXW2-SQ0X"


@pytest.mark.parametrize(
    "typed",
    ["ZN1S-FXW2-SQ0X", "zn1sfxw2sq0x", " Zn1S FxW2  sq0x ", "ZNIS-FXW2-SQOX", "ZNlS-FXW2-SQoX"],
)
def test_letters_that_no_id_has_are_the_figures_they_look_like(typed):
    assert PAYMENT.endswith(end_of_id(typed))


@pytest.mark.parametrize("typed", ["", "SQ0X", "ZN1S-FXW2", PAYMENT, "subscription", "ORDER-7"])
def test_what_is_not_the_whole_of_a_number_is_none(typed):
    assert end_of_id(typed) is None
