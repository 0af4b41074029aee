"""An exception enters, whether it means that the system gave no more memory leaves.

Each library says it in its own way: Python, NumPy, torch, DuckDB, the C++ below them, and the loader of shared objects.
"""

from __future__ import annotations

import errno

# torch.OutOfMemoryError, duckdb.OutOfMemoryException: named, as importing them for a comparison would load both libraries.
NAMES = frozenset({"OutOfMemoryError", "OutOfMemoryException"})
# Of a RuntimeError (torch's allocator, C++) or an ImportError (a library that could not be mapped).
WORDS = (
    "can't allocate memory",
    "not enough memory",
    "std::bad_alloc",
    "annot allocate memory",
    "failed to map segment from shared object",
)


def is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or type(error).__name__ in NAMES:
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, RuntimeError | ImportError) and any(words in str(error) for words in WORDS)
