from datetime import timedelta

import pytest

from projections.engine.querying.pages import EXPORT_STEP
from projections.payment_list import (
    PaymentFilter,
    payment_export,
    payment_history,
    payment_list,
)
from projections.payments import payment


def ids(page):
    return [each.payment.payment_id for each in page.rows]


def found(shop, **asked):
    page = shop.ask(payment_list, PaymentFilter(**asked), limit=50)
    assert page.total == len(page.rows)
    return ids(page)


def test_a_payment_is_what_became_of_it(shop):
    made = shop.create(
        "cus_ama",
        5000,
        method="mobile_money",
        country="GH",
        reference="order-7",
        description="Two kente scarves",
        metadata={"cart": {"items": 2}},
        source="payment_link",
        source_id="pl_1",
        source_description="Summer Sale",
    )
    shop.later(minutes=1)
    made.collect(shop.now, provider="hubtel", provider_ref_id="h-1")
    made.refund("ref_1", 1000, shop.later(minutes=1))
    shop.record(made)

    told = shop.ask(payment, made.id)

    assert (told.status, told.amount, told.captured_amount) == ("partially_refunded", 5000, 5000)
    assert (told.refunded_amount, told.disputed_amount) == (1000, 0)
    assert (told.provider, told.provider_ref_id) == ("hubtel", "h-1")
    assert (told.source, told.source_id) == ("payment_link", "pl_1")
    assert told.source_description == "Summer Sale"
    assert told.metadata == {"cart": {"items": 2}}
    assert told.updated_at - told.created_at == timedelta(minutes=2)
    assert told.succeeded_at - told.created_at == timedelta(minutes=1)
    assert shop.ask(payment, "pay_nobody") is None


def test_a_payment_is_found_at_once_by_what_it_is_called(shop):
    made = shop.create(None, reference="Order-7", payment_id="pay_01hxa2b3c4d5e6zn1sfxw2sqx7")
    shop.create(None, reference="order-77")
    made.collect(shop.now, provider="hubtel", provider_ref_id="HB-1")
    shop.record(made)

    for name in (made.id, "order-7", " ORDER-7 ", "hb-1", "ZN1S-FXW2-SQX7", "zn1s fxw2 sqx7"):
        assert found(shop, named=name) == [made.id], name
    assert found(shop, named="order") == []
    assert found(shop, search="hb-1") == [made.id]
    assert found(shop, search="SQX7-ZN1S-FXW2") == []


def test_why_it_failed_and_what_to_do_next_are_forgotten_with_the_status(shop):
    made = shop.create(None)
    made.require_action({"type": "redirect", "url": "https://bank.example"}, shop.now)
    shop.record(made)
    assert shop.ask(payment, made.id).next_action["type"] == "redirect"

    made.fail("card_declined", "the bank declined the card", shop.now)
    shop.record(made)
    told = shop.ask(payment, made.id)
    assert (told.next_action, told.failure_code) == (None, "card_declined")

    made.retry(shop.now)
    shop.record(made)
    told = shop.ask(payment, made.id)
    assert (told.status, told.failure_code, told.failure_message) == ("pending", None, None)


def test_amount_and_notes_can_be_amended(shop):
    made = shop.create(None, 500, metadata={"color": "red", "size": "L"})
    made.amend(shop.now, amount=700, metadata={"size": "L"})
    shop.record(made)

    told = shop.ask(payment, made.id)

    assert (told.amount, told.metadata) == (700, {"size": "L"})
    assert found(shop, metadata={"color": "red"}) == []
    assert found(shop, metadata={"size": "L"}) == [made.id]


def test_the_newest_come_first_by_when_they_happened(shop):
    shop.create(None, payment_id="pay_b")
    shop.create(None, payment_id="pay_a")
    shop.create(None, payment_id="pay_c", at=shop.now - timedelta(days=1))

    assert found(shop) == ["pay_b", "pay_a", "pay_c"]


@pytest.mark.parametrize(
    "asked",
    [
        {"status": "succeeded"},
        {"customer_id": "cus_ama"},
        {"provider": "hubtel"},
        {"method": "mobile_money"},
        {"currency": "USD"},
        {"country": "NG"},
        {"source": "payment_link"},
        {"source_id": "pl_1"},
        {"search": "ORDER-7"},
        {"search": "kente SCARVES"},
        {"search": "ÉCHARPE"},
        {"search": "summer"},
        {"search": "pay_wanted"},
        {"amount_min": 5000},
        {"metadata": {"color": "red"}},
        {"metadata": {"color": "red", 'odd "name"': "ü"}},
        {"status": "succeeded", "currency": "USD", "search": "order"},
    ],
)
def test_each_filter_finds_the_one_and_not_the_other(shop, asked):
    shop.register("cus_ama", name="Ama")
    shop.create("cus_kofi", 100, country="GH", metadata={"color": "blue", "other": "red"})
    shop.pay(
        "cus_ama",
        5000,
        payment_id="pay_wanted",
        method="mobile_money",
        provider="hubtel",
        currency="USD",
        country="NG",
        reference="order-7",
        description="Two Kente scarves, une écharpe",
        source="payment_link",
        source_id="pl_1",
        source_description="Summer Sale",
        metadata={"color": "red", 'odd "name"': "ü", "number": 5},
    )

    assert found(shop, **asked) == ["pay_wanted"]


def test_the_wildcards_of_sql_are_ordinary_characters(shop):
    shop.create(None, payment_id="pay_a", description="100% cotton")
    shop.create(None, payment_id="pay_b", description="a_b")
    shop.create(None, payment_id="pay_c", description="100 percent, axb, c\\d, e/f")

    assert found(shop, search="100%") == ["pay_a"]
    assert found(shop, search="a_b") == ["pay_b"]
    assert found(shop, search="c\\d") == ["pay_c"]
    assert found(shop, search="e/f") == ["pay_c"]


def test_numbers_among_the_notes_are_not_text(shop):
    shop.create(None, metadata={"seats": 5})

    assert found(shop, metadata={"seats": "5"}) == []


def test_amounts_are_inclusive_and_times_half_open(shop):
    shop.create(None, 100, payment_id="pay_a")
    shop.create(None, 200, payment_id="pay_b", at=shop.now + timedelta(hours=1))

    assert found(shop, amount_min=100, amount_max=100) == ["pay_a"]
    assert found(shop, start=shop.now, end=shop.now + timedelta(hours=1)) == ["pay_a"]
    assert found(shop, start=shop.now + timedelta(hours=1)) == ["pay_b"]


def test_a_history_has_the_payments_of_one_customer_attached_ones_too(shop):
    shop.register("cus_ama", name="Ama")
    shop.pay("cus_ama", payment_id="pay_a")
    shop.pay("cus_kofi", payment_id="pay_b")
    attached = shop.pay(None, payment_id="pay_c")
    attached.attach("cus_ama", shop.later(days=1))
    shop.record(attached)

    page = shop.ask(payment_history, "cus_ama", limit=20)

    assert ids(page) == ["pay_c", "pay_a"]
    assert (page.total, page.rows[0].customer_name) == (2, "Ama")
    assert shop.ask(payment_history, "cus_nobody", limit=20).total == 0


def test_the_payments_of_a_deleted_customer_stay_without_the_name(shop):
    ama = shop.register("cus_ama", name="Ama")
    shop.pay("cus_ama")
    ama.delete(shop.now)
    shop.record(ama)

    page = shop.ask(payment_list, PaymentFilter(), limit=20)

    assert page.rows[0].payment.customer_id == "cus_ama"
    assert page.rows[0].customer_name is None


def test_pages_by_cursor_and_by_offset_agree_and_count_the_whole_list(shop):
    for number in range(9):
        shop.create("cus_ama", payment_id=f"pay_{number}", at=shop.now + timedelta(number // 2))
    whole = ids(shop.ask(payment_history, "cus_ama", limit=20))

    turned, cursor = [], None
    for offset in range(0, 9, 4):
        page = shop.ask(payment_history, "cus_ama", limit=4, cursor=cursor)
        assert ids(page) == ids(shop.ask(payment_history, "cus_ama", limit=4, offset=offset))
        assert page.total == 9
        turned += ids(page)
        cursor = page.next_cursor

    assert cursor is None
    assert turned == whole


def test_an_export_has_every_payment_that_fits_once(shop):
    for number in range(EXPORT_STEP + 2):
        shop.create(None, payment_id=f"pay_{number:04}")
    shop.create(None, currency="USD")

    def exported(connection, book):
        wanted = PaymentFilter(currency="GHS")
        return [each.payment.payment_id for each in payment_export(connection, book, wanted)]

    assert shop.ask(exported) == [f"pay_{number:04}" for number in reversed(range(EXPORT_STEP + 2))]
