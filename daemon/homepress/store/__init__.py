"""The only room that writes into a user's files: replacing, originals, recovery, undo and the ledger.

`operation` is the page to read first: the one frame in which files change. `store` is the way in, `reader`
its read-only side for windows and commands.
"""
