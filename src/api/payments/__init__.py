"""The routes of payments: commands, queries, statistics, exports."""
