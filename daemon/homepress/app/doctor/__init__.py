"""What is missing or wrong on this computer, and the fix. Nothing is changed by looking."""

from homepress.app.doctor.bundle import bundle
from homepress.app.doctor.examine import examine
from homepress.app.doctor.finding import Finding, Level

__all__ = ["Finding", "Level", "bundle", "examine"]
