"""What the window knows and decides, without Tk: plain values and functions, tested as such."""
