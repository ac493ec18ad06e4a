"""The report: one static HTML file that shows what the window shows, for browsers and screen readers."""

from homepress.ui.report.write import open_report, write_report

__all__ = ["open_report", "write_report"]
