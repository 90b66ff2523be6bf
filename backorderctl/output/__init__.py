"""Values to tables, JSON and CSV: the only layer that knows Rich."""
