"""The store file as values: its settings, tables and products, loaded from text or refused with every problem."""
