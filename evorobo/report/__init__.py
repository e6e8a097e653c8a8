"""Floor 5, how results are shown: statistics, tables, figures, replays and the report page."""
