"""Charts drawn on the server: SVG that prints, needs no script and can be read as text."""
