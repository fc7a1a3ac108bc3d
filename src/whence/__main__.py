"""Lets `python -m whence` do what `whence` does."""

from whence.cli import main

main()
