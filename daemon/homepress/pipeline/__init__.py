"""The pipeline: carries pictures from watching through compressing to storing.

`StateThread` owns what is decided; `Pipeline` gives the jobs of the queue to a thread a worker slot;
`Carrier` knows the stations of the journey; `plan_for` turns a folder's settings into a `Plan`.
"""

from homepress.pipeline.backoff import Backoff
from homepress.pipeline.carry import Carrier
from homepress.pipeline.job import Destination, Job, Plan, Told
from homepress.pipeline.pipeline import STOPPING, Pipeline
from homepress.pipeline.plan import plan_for
from homepress.pipeline.queue import FairQueue, Load
from homepress.pipeline.state import StateClosedError, StateThread, Timer, confined
from homepress.pipeline.trust import Trust

__all__ = [
    "STOPPING",
    "Backoff",
    "Carrier",
    "Destination",
    "FairQueue",
    "Job",
    "Load",
    "Pipeline",
    "Plan",
    "StateClosedError",
    "StateThread",
    "Timer",
    "Told",
    "Trust",
    "confined",
    "plan_for",
]
