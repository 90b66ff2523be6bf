"""Values to tables, JSON and CSV: the only room that knows Rich."""
