"""The page of a receipt: what is sent by email, to look at, print and save."""

from dataclasses import dataclass
from typing import Final

from starlette.responses import HTMLResponse

from api.pages.documents import Documents
from delivery.looks.tokens import LETTER
from delivery.receipts.receipt import Receipt

_DOCUMENTS: Final = Documents(
    "api.pages", style="sheet.css", script="sheet.js", look=LETTER, parts="delivery.receipts"
)


@dataclass(frozen=True)
class End:
    """What whoever has just paid is told beside their receipt, and where they go on to.

    ``state``: how the payment stands, as a page that waits for it tells states apart.
    """

    outcome: str
    state: str
    continues_at: str | None


def receipt_page(receipt: Receipt, *, copy: bool = False, end: End | None = None) -> HTMLResponse:
    return _DOCUMENTS.show(
        "receipt_page.html",
        accent=receipt.color,
        picture=receipt.logo,
        title=receipt.subject,
        receipt=receipt,
        copy=copy,
        end=end,
    )
