"""The routes of payment links: commands, queries, and the pages somebody pays on."""
