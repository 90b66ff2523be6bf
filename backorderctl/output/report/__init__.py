"""The report on a catalogue as a table, as data and as a page."""
