"""What quality.py, fidelity.py and presets.py share: programs to compare with, sets of pictures, measures."""
