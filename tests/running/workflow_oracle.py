"""The oracle of workflows: knows what everybody did, and what each rule says at the moment.

Nothing here knows of facts.
"""

from collections import Counter, defaultdict

TAGS = ("vip", "early", "churned")
_CUSTOMERS = (
    *("customer_ids", "customer_tags", "customer_tags_all", "customer_tags_none"),
    *("customer_metadata_match", "metadata_match", "as_of"),
)
_MONEY = (*_CUSTOMERS, "min_amount", "max_amount", "currencies", "min_lifetime_value")
_SUBSCRIPTIONS = (*_MONEY, "methods")
_PAYMENTS = (*_SUBSCRIPTIONS, "countries", "sources", "source_ids")

# What may be asked of each.
TRIGGERS = {
    "payment.created": _PAYMENTS,
    "payment.success": (*_PAYMENTS, "first_payment"),
    "payment.failed": _PAYMENTS,
    "payment.canceled": _PAYMENTS,
    "payment.expired": _PAYMENTS,
    "receipt.requested": _PAYMENTS,
    "refund.success": _PAYMENTS,
    "dispute.created": _PAYMENTS,
    "dispute.resolved": _PAYMENTS,
    "customer.created": _CUSTOMERS,
    "customer.updated": _CUSTOMERS,
    "cart.abandoned": _PAYMENTS,
    "subscription.created": _SUBSCRIPTIONS,
    "subscription.renewed": _SUBSCRIPTIONS,
    "subscription.past_due": _MONEY,
    "subscription.paused": _SUBSCRIPTIONS,
    "subscription.canceled": _SUBSCRIPTIONS,
    "invoice.paid": _MONEY,
}


def some_conditions(chance, trigger, people):
    """Of all kinds that mean something there, a few at a time."""
    all_of, none_of = chance.sample(TAGS, 2)
    offered = {
        "min_amount": chance.randrange(100, 900),
        "max_amount": chance.randrange(900, 1400),
        "currencies": [chance.choice(["GHS", "NGN"])],
        "countries": [chance.choice(["GH", "NG"])],
        "methods": [chance.choice(["card", "mobile_money"])],
        "sources": [chance.choice(["api", "payment_link", "subscription"])],
        "source_ids": ["poster"],
        "first_payment": chance.random() < 0.5,
        "min_lifetime_value": chance.randrange(500, 3000),
        "customer_ids": chance.sample(people, min(len(people), 3)) or ["nobody"],
        "customer_tags": chance.sample(TAGS, 2),
        "customer_tags_all": [all_of],
        "customer_tags_none": [none_of],
        "customer_metadata_match": {"plan": chance.choice("ab")},
        "metadata_match": {"campaign": chance.choice("ab")},
        "as_of": "now",
    }
    names = chance.sample(sorted(TRIGGERS[trigger]), chance.randrange(3))
    return {name: offered[name] for name in names}


class Oracle:
    """``expected``: by rule, what it followed from, and what was given back there, if anything."""

    def __init__(self):
        self.rules, self.people = {}, {None: {"tags": set(), "metadata": {}}}
        self.paid, self.kept = Counter(), defaultdict(int)
        self.expected = Counter()
        self._later = []

    def moves(self, who, currency, amount):
        self.kept[who, currency] += amount

    def happens(self, trigger, about, who, *, moved=None, cart=None, **what):
        """``cart``: the payment that was begun there, as it stands."""
        for rule_id, rule in self.rules.items():
            if not rule["on"] or rule["trigger"] != trigger:
                continue
            case = (rule_id, about, moved), rule["asks"], who, what, cart
            if cart is not None or rule["asks"].get("as_of") == "now":
                self._later.append(case)
            else:
                self._note(*case)

    def is_given_to(self, who, about, **what):
        """A payment that succeeded as nobody's: what went for nobody has followed already."""
        for rule_id, rule in self.rules.items():
            if not rule["on"] or rule["trigger"] != "payment.success":
                continue
            if not self._all_met(rule["asks"], None, what):
                case = (rule_id, about, None), rule["asks"], who, what, None
                if rule["asks"].get("as_of") == "now":
                    self._later.append(case)
                else:
                    self._note(*case)

    def end(self):
        """The turn has come of all that is asked as of now."""
        for case in self._later:
            self._note(*case)

    def _note(self, key, asks, who, what, cart):
        who = who if cart is None else cart["who"]
        is_left = cart is None or (who is not None and cart["status"] in ("pending", "failed"))
        if is_left and self._all_met(asks, who, what):
            self.expected[key] += 1

    def _all_met(self, asks, who, what):
        return all(self._is_met(name, said, who, what) for name, said in asks.items())

    def _is_met(self, name, said, who, what):
        tags, metadata = self.people[who]["tags"], self.people[who]["metadata"]
        return {
            "min_amount": lambda: what["amount"] >= said,
            "max_amount": lambda: what["amount"] <= said,
            "currencies": lambda: what["currency"] in said,
            "countries": lambda: what["country"] in said,
            "methods": lambda: what["method"] in said,
            "sources": lambda: what["source"] in said,
            "source_ids": lambda: what["source_id"] in said,
            "first_payment": lambda: who is not None and said == (self.paid[who] == 1),
            "min_lifetime_value": lambda: (
                who is not None and self.kept[who, what["currency"]] >= said
            ),
            "customer_ids": lambda: who in said,
            "customer_tags": lambda: bool(tags & set(said)),
            "customer_tags_all": lambda: set(said) <= tags,
            "customer_tags_none": lambda: not tags & set(said),
            "customer_metadata_match": lambda: said.items() <= metadata.items(),
            "metadata_match": lambda: said.items() <= what.get("metadata", {}).items(),
            "as_of": lambda: True,
        }[name]()
