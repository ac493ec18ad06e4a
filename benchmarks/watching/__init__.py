"""The cases of scale.py: what a watched folder goes through, and what it costs."""
