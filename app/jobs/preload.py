"""What the fork server imports before all else: what is imported after it comes without pandas."""

import gc

import numpy.ma  # noqa: F401 - otherwise numpy imports it in each process, at its first unique()

from app.files.without_pandas import keep_pandas_out

keep_pandas_out()

# Collections during the imports find nothing, and take a fifth of their time; each process of a job has them again.
gc.disable()
