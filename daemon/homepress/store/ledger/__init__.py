"""What is remembered: the history, what is done, and the journal of what is under way, in one SQLite file."""
