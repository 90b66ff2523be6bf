"""The store file as text: parsing it, finding a key in it, changing one table of it, replacing it on disk."""
