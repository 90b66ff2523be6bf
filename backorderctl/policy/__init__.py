"""Pure answers about a Store: which value wins, how many units can be sold, and what a change does."""
