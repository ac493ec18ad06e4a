"""One table of all the numbers to reach, from what the benchmarks measured. `python -m benchmarks`."""
