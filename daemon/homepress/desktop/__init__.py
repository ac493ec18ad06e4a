"""What the system around us offers: start at login, notices, file managers, opening folders, power."""
