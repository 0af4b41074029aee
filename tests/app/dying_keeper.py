"""A keeper that dies before the n-th change that it asks of the system, unless its worker has been started by then.

`python -m tests.app.dying_keeper FOLDER N`: of its own, so that it imports no more than keepers do.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.dying import die_at
from trainer.contract import RunFolder
from trainer.keeper import Keeper, spawn_worker


def main() -> None:
    folder, fatal = sys.argv[1:]
    death = die_at(int(fatal))

    class DyingKeeper(Keeper):
        def _start(self) -> int:
            worker = super()._start()
            death.is_averted = True  # the start is over
            return worker

    DyingKeeper(RunFolder(Path(folder)), 5.0, spawn_worker).run()


if __name__ == "__main__":
    main()
