"""Domain model: aggregates and facts. Pure rules, no database, no web, no clock of their own."""
