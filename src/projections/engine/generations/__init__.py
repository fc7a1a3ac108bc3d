"""Generations: complete sets of view tables, their registry, and which of them serves."""
