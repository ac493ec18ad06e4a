"""A picture under a size in bytes: which of its pixels, and which quality, look best in it."""
