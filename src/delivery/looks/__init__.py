"""Looks: how people see what they are shown and sent, on pages and in letters: one look."""
