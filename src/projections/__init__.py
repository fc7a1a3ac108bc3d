"""Read models: every question the outside world may ask, folded from facts, rebuilt at will."""
