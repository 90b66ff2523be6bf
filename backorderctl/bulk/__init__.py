"""Answers at any size: the policy as small tables, and one SQL text that an engine runs over the rows."""
