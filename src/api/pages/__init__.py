"""Pages for people: one look, one way to answer with HTML, figures as the reader writes them."""
