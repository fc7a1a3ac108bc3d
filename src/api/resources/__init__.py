"""What answers look like: one module per resource, its model and how it is filled."""
