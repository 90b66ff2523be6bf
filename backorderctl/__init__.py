"""Backorder policy as code: what is in force, from where, and how many can still be sold."""
