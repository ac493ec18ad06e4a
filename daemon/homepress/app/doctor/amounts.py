"""Amounts of data in words."""


def amount(size: int) -> str:
    """A number of bytes as a person reads it; KB = 1,000 bytes."""
    for unit, factor in (("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000)):
        if size >= factor:
            return f"{size / factor:,.1f} {unit}"
    return f"{size} bytes"
