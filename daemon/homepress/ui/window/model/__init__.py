"""What the window knows and decides, without a toolkit: plain values and functions, tested as such."""
