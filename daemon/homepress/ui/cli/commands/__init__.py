"""The commands by subject; each is a click command of its own name."""
