"""Looking for programs."""


def found(program: str) -> str | None:
    """The path of a program, by its name or path; None when it is not there or cannot be run."""
    import shutil  # only when asked: with its archives it would weigh on the tray for as long as that lives

    return shutil.which(program)
