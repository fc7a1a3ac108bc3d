"""Pages of workflows: what follows from what, what it would have brought about, and what it did."""

from console.workflows import changing, executions, rules

# What has a name of its own comes before those that are called by their id.
ROUTERS = (rules.router, changing.router, executions.router)
