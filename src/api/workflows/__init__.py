"""Workflows: rules, the words and the ways their messages take, and what followed from them."""
