"""An address and a number are kept in one form, and identify who has them by one rule."""

import pytest

from domain.contact import ImpossiblePhone, Phone, e164, email_address, mailbox, placed


@pytest.mark.parametrize(
    "typed",
    [
        "+233244123456",
        "+233 024 412 3456",
        "+2330244123456",
        "+233 (0)24-412-3456",
        " +233.24.412.3456\u200b",
        "\uff0b\u0662\u0663\u0663 244 123456",
        "00233 24 412 3456",
        "tel:+233-24-412-3456",
    ],
)
def test_an_international_number_is_one_number_however_it_is_typed(typed):
    assert placed(typed) == Phone("+233244123456", is_international=True, identifies=True)
    assert e164(typed) == "+233244123456"


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("612 345 678", "ES", "+34612345678"),
        ("0244123456", "GH", "+233244123456"),
        ("233244123456", "GH", "+233244123456"),
        ("01 97 12 34 56", "BJ", "+2290197123456"),
        ("0244123456", "US", None),
        ("06 12 34 56 78", "GH", None),
        ("0244123456", "XX", None),
        ("0244123456", None, None),
        ("97 12 34 56", "BJ", None),
        ("97 12 34 56", "CI", None),
    ],
)
def test_a_national_number_is_placed_where_it_is_valid_and_somebody_said_so(typed, country, number):
    right = Phone(number or typed, is_international=bool(number), identifies=bool(number))

    assert placed(typed, country) == right


@pytest.mark.parametrize(
    "typed", ["+22997123456", "+22507123456", "+5215512345678", "+23379123456"]
)
def test_a_number_that_is_possible_and_not_valid_identifies_nobody(typed):
    assert placed(typed) == Phone(typed, is_international=True, identifies=False)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "+",
        "call me",
        "+999123456789",
        "+1234567",
        "+233 12",
        "123",
        "0" * 18,
        "+2332441234567890",
    ],
)
def test_a_number_that_nobody_can_have_is_refused(typed):
    for country in (None, "GH"):
        with pytest.raises(ImpossiblePhone, match="for example \\+233201234567"):
            placed(typed, country)


def test_a_number_without_its_country_is_no_international_one():
    with pytest.raises(ImpossiblePhone):
        e164("0244123456")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ama@Example.com", "AMA@EXAMPLE.COM"),
        ("zo\u00e9@example.com", "ZOE\u0301@example.com"),
        ("stra\u00dfe@example.com", "STRA\u1e9eE@example.com"),
        ("\u03bf\u03b4\u03bf\u03c2@example.com", "\u039f\u0394\u039f\u03a3@example.com"),
        ("i\u0307rem@example.com", "\u0130REM@example.com"),
        ("ama@stra\u00dfe.de", "ama@XN--STRAE-OQA.de"),
        ("ama@b\u00fccher.de", "ama@BU\u0308CHER.de"),
        (" ama@example.com\ufeff", "ama@example.com"),
    ],
)
def test_one_mailbox_is_one_in_every_case_and_composition(one, other):
    assert mailbox(one) == mailbox(other)
    assert mailbox(email_address(one)) == mailbox(one)
    assert mailbox(mailbox(one)) == mailbox(one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("stra\u00dfe@example.com", "strasse@example.com"),
        ("ama@stra\u00dfe.de", "ama@strasse.de"),
        ("zo\u00e9@example.com", "zoe@example.com"),
        ("a.ma@example.com", "ama@example.com"),
    ],
)
def test_two_mailboxes_are_two(one, other):
    assert mailbox(one) != mailbox(other)
