"""Any file: opening it within limits, locking it, replacing it or a folder whole, and files in git."""
