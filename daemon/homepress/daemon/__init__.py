"""The program put together: the daemon, and the same service in-process for when no daemon runs.

`process` runs the daemon, `commands.connect` is how a command reaches it. `core` is what both consist
of, `state` the one thread that owns what is decided.
"""
