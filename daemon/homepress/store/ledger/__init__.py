"""What is remembered, in one SQLite file: the history, files that are done, the journal of open jobs."""
