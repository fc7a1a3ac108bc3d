"""The console: what people look at. It asks the API as anybody may, and has no logic of its own."""
