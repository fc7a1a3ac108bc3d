"""Every question the outside world may ask: facts folded into rows, rebuilt at will."""
