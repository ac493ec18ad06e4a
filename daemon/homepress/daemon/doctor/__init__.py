"""What is missing or wrong on this computer, and the fix. Nothing is changed by looking."""

from homepress.daemon.doctor.finding import Finding, Level
from homepress.daemon.doctor.report import bundle, examine

__all__ = ["Finding", "Level", "bundle", "examine"]
