"""The longest texts that commands take fit into every key and index of PostgreSQL."""

from sqlalchemy import Text

from commands import checkout, customers, link_payments, payments, subscriptions
from projections.read_models import DEFINITIONS

# Of a page of 8 KiB, three entries must fit on it (nbtree: BTMaxItemSize).
LONGEST_ENTRY = 2_704
# The header of an entry, eight bytes for each number, a length before each text.
OVERHEAD = 100
IN_UTF_8 = 4
# What folding makes of a character at most, in bytes: two of them become three.
FOLDED = 6

OURS = 40
BOOK = len("org_00000000000000000000000001/test")
LONGEST_EMAIL = 254


def said_in(body, field):
    """The most characters that a field of a body may have."""
    schema = body.model_json_schema()["properties"][field]
    kinds = [schema, *schema.get("anyOf", [])]
    return next(kind["maxLength"] for kind in kinds if "maxLength" in kind)


def stated(*bodies, field):
    return IN_UTF_8 * max(said_in(body, field) for body in bodies)


PROVIDER = stated(
    payments.ConfirmPayment, link_payments.PayThroughLink, checkout.SelectMethod, field="provider"
)
SOURCE_ID = stated(payments.CreatePayment, field="source_id")
LONGEST = {
    "book": BOOK,
    "source_id": SOURCE_ID,
    "first_source_id": SOURCE_ID,
    "external_id_seen": stated(customers.CreateCustomer, field="external_id"),
    "mailbox": LONGEST_EMAIL * FOLDED,
    "plan_id": stated(subscriptions.CreateSubscription, field="plan_id"),
    "provider": PROVIDER,
    "tag": IN_UTF_8 * 64,
    "note": 64,
}


def entries():
    for table in DEFINITIONS.tables:
        yield table.name, list(table.primary_key)
        for index in table.indexes:
            yield index.name, list(index.columns)


def test_the_longest_texts_fit_into_every_key_and_index():
    sizes = {
        name: OVERHEAD + sum(LONGEST.get(c.name, OURS) for c in columns if isinstance(c.type, Text))
        for name, columns in entries()
    }

    assert {name: size for name, size in sizes.items() if size > LONGEST_ENTRY} == {}
    assert max(sizes.values()) > 1_500
