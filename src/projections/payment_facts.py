"""Payment facts that change no count and no amount, named once for the folds that ignore them."""

from domain.payment import Payment

NoMoneyMoved = (
    Payment.Amended
    | Payment.ActionRequired
    | Payment.ProcessingStarted
    | Payment.Authorized
    | Payment.PartiallyCaptured
    | Payment.Canceled
    | Payment.RestReleased
    | Payment.Expired
    | Payment.ReceiptRequested
)
Uncounted = NoMoneyMoved | Payment.DisputeOpened | Payment.DisputeWon
