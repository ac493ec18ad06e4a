"""The pages, by word. Each is made when it is first shown."""

import enum
import importlib
import tkinter as tk
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from homepress.ui.window.context import Context, Page


class PageName(enum.StrEnum):
    """The word of a page, as in `homepress window --page`."""

    FIRST_RUN = "first-run"
    FOLDERS = "folders"
    ACTIVITY = "activity"
    COMPARE = "compare"
    STATISTICS = "statistics"
    PRIVACY = "privacy"
    GENERAL = "general"


PAGES = {
    PageName.FOLDERS: "Folders",
    PageName.ACTIVITY: "Activity",
    PageName.COMPARE: "Before and after",
    PageName.STATISTICS: "Statistics",
    PageName.PRIVACY: "Privacy",
    PageName.GENERAL: "General",
}
"""The pages of the side bar with their titles. The first run is not among them."""

FIRST_RUN = PageName.FIRST_RUN


def make_page(name: PageName, parent: tk.Misc, context: "Context") -> "Page":
    """Make a page."""
    module = importlib.import_module(f"homepress.ui.window.pages.{name.value.replace('-', '_')}")
    page: Page = module.make(parent, context)
    return page
