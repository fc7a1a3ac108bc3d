"""What answers look like: one module per thing; how they are filled is in renderings."""
