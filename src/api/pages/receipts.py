"""The page of a receipt: what is sent by email, to look at, print and save."""

from typing import Final

from starlette.responses import HTMLResponse

from api.pages.documents import Documents
from delivery.looks.tokens import LETTER
from delivery.receipts.receipt import Receipt

_DOCUMENTS: Final = Documents(
    "api.pages", style="sheet.css", script="sheet.js", look=LETTER, parts="delivery.receipts"
)


def receipt_page(receipt: Receipt, *, copy: bool = False) -> HTMLResponse:
    return _DOCUMENTS.show(
        "receipt_page.html",
        accent=receipt.color,
        picture=receipt.logo,
        title=receipt.subject,
        receipt=receipt,
        copy=copy,
    )
