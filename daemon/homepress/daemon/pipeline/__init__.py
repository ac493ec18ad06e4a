"""The pipeline: carries pictures from watching through compressing to storing.

`worker_loop` gives the jobs of the queue to threads; `carry` knows the stations of the journey.
"""
