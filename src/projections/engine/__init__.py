"""The projection engine: how facts become rows, live, rebuilt, or as of a moment."""
