"""A believable merchant to try things on: made up, but lived through fact by fact."""
