"""Pages for people, and one way to answer with HTML."""
