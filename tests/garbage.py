"""How often a process that tests looks for objects that nothing refers to; a plugin, as it begins before conftest."""

import gc

#: Objects that are made before it looks. Python's 700 suit a small program: here a seventh of the processor time of
#: tests went into looking.
GARBAGE_AFTER = 100_000

# While all is imported and collected there is none, and to look took a fifth of the time.
gc.disable()


def pytest_collection_finish() -> None:
    """Leave what is there before the first test out of each search: it stays until the end."""
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER, *gc.get_threshold()[1:])
    gc.enable()
