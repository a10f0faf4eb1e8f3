"""Public statistics of the Python Package Index, from pypistats.org or what answers as it does."""
