"""Changes to a store file: from a Store to new text, written whole or not at all."""
