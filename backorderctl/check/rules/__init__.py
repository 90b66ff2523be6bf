"""The rules of `check`, by what they judge."""
