"""TOML text: parsing it, finding a key in it, changing one table of it."""
