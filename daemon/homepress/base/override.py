"""`@override`: this method is the one of that name in the class or protocol above (PEP 698).

Type checkers hold it to that; at run time it does nothing. The standard library has it from Python 3.12 on,
and one line is not worth a dependency before.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import override as override
else:

    def override(method):
        """Give `method` back as it is."""
        return method
