"""Unsupported fields: what means money in other systems and would do nothing here, is refused.

Whoever sends a discount and is answered 201 believes that it was given. All other names that are
not known stay without effect (contract 1.0.6).
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from domain.errors import RuleBroken

# How many, of what, and how often: none of it would cost nothing.
_SOLD: Final = frozenset(
    {
        *("quantity", "adjustable_quantity", "items", "line_items", "add_invoice_items", "addons"),
        *("price", "prices", "price_id", "unit_amount", "seats", "minimum_quantity"),
        *("billing_cycles", "total_cycles", "total_count", "invoice_limit", "installments"),
        "interval_count",
    }
)

# As Stripe, Paystack, Flutterwave, Paddle, Chargebee and the like call them.
MONEY_ELSEWHERE: Final = _SOLD | frozenset(
    {
        # Less of it.
        *("discount", "discounts", "discount_id", "discount_code", "discount_amount"),
        *("coupon", "coupons", "coupon_code", "promotion_code", "promotion_codes", "promo_code"),
        *("allow_promotion_codes", "voucher", "credit", "credits", "balance"),
        # More of it.
        *("tax", "taxes", "tax_amount", "tax_behavior", "tax_percent", "tax_rate", "tax_rates"),
        *("automatic_tax", "default_tax_rates", "vat", "vat_rate", "withholding_tax"),
        *("fee", "fees", "setup_fee", "setup_amount", "late_fee", "shipping", "shipping_amount"),
        *(
            "shipping_cost",
            "shipping_fee",
            "shipping_options",
            "tip",
            "surcharge",
            "currency_options",
        ),
        # Somebody else's.
        *("application_fee", "application_fee_amount", "application_fee_percent"),
        *("bearer", "split", "split_code", "subaccount", "subaccounts", "transaction_charge"),
        *("transfer_data", "transfer_group", "on_behalf_of"),
        # A part of it, more rarely, or not for ever.
        *("prorate", "proration", "proration_behavior", "proration_date"),
        *("proration_billing_mode", "backdate_start_date", "billing_cycle_anchor"),
        *("billing_cycle_anchor_config", "billing_thresholds", "billing_period"),
        *("duration", "cancel_at", "cancel_after", "end_date", "ends_at", "ended_at"),
        *("pay_as_you_go", "usage", "usage_type", "metered", "invoice_now"),
        *("refund", "refunds", "refund_amount"),
        # Later.
        *("trial", "trial_period", "trial_period_days", "trial_days", "trial_end"),
        *("trial_duration", "trial_from_plan", "trial_settings", "start_date", "starts_at"),
        *("start_at", "days_until_due", "collection_method", "pause_collection"),
        *("resume_at", "resumes_at", "resume_date", "effective_at", "effective_from"),
        *("cancel_at_period_end", "cancel_at_cycle_end", "at_period_end", "end_of_term"),
    }
)

# What an invoice asks for is what its subscription cost when it was issued.
AMOUNTS_OF_AN_INVOICE: Final = frozenset(
    {
        *("amount", "amount_due", "amount_paid", "amount_remaining", "currency", "lines"),
        *("subtotal", "total"),
    }
)


class UnsupportedField(RuleBroken):
    code = "unsupported_field"

    def __init__(self, field: str) -> None:
        super().__init__(f"{field}: this is not supported, and would change nothing", field=field)


def refuse_unsupported(body: Mapping[str, Any], names: Collection[str]) -> None:
    """Refuses the first of the names that says something, with UnsupportedField.

    No tax, a discount of 0 and no proration are what everybody has; but 0 of something sold is not.
    """
    for name, value in body.items():
        if name in names and (value or (name in _SOLD and _is_zero(value))):
            raise UnsupportedField(name)


def _is_zero(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == 0
