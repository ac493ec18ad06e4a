"""How people see Homepress: command line, tray, window. All of them ask a `Service` and do no work."""
