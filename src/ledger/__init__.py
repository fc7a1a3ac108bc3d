"""The append-only store: append, read, verify. It knows bytes, not business."""
