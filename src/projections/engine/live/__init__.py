"""Live projection: the projector that follows the ledger, and the reader that waits for it."""
