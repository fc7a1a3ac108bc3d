"""Demo data: a believable merchant, made up but lived through fact by fact."""
