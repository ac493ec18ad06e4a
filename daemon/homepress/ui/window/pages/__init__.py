"""The pages of the window, one module each; every module has `make(parent, context)`."""
