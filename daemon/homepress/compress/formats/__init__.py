"""One module a format, each with `compress(source, recipe)`; what a format needs is loaded with it."""
