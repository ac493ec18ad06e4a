"""Work beside the window. Threads never touch Tk: what they find goes through the `Mailbox`."""

from homepress.ui.window.threads.follower import Follower
from homepress.ui.window.threads.jobs import Jobs
from homepress.ui.window.threads.ledger import Ledger
from homepress.ui.window.threads.mailbox import Mailbox

__all__ = ["Follower", "Jobs", "Ledger", "Mailbox"]
