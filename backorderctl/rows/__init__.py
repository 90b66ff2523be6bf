"""Rows from outside as values: source items, reservations and salable quantities, in CSV or Parquet."""
