"""What costs most CPU, compiled from C; `library.Loaded` says whether it is there.

Everything in here but the scans of a JPEG, which mozjpeg's pass chooses as well, is also written with numpy,
which is the reference: tests hold both together.
"""
