"""The command line: `python -m trainer {train|predict|ingest|work}`, usable without the web application."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from trainer.contract.messages import Refusal
from trainer.contract.spec import FIELDS


def main() -> int:
    """Read the arguments and run the verb; imports are made where they are needed, so that `--help` is instant."""
    arguments = build_parser().parse_args()
    if arguments.verb == "work":
        from trainer.worker import run_worker  # noqa: PLC0415

        return run_worker(arguments.folder)
    from trainer import commands  # noqa: PLC0415

    verbs = {"train": commands.run_train, "predict": commands.run_predict, "ingest": commands.run_ingest}
    try:
        return verbs[arguments.verb](arguments)
    except Refusal as refusal:
        return commands.print_refusal(refusal)
    except BrokenPipeError:  # whoever read the output, `head` perhaps, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return commands.STOPPED_EXIT


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trainer", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)

    train = verbs.add_parser("train", help="train a network on a table (csv, json, parquet, xlsx ...)")
    train.add_argument("--data", type=Path, required=True, help="the table")
    train.add_argument("--out", type=Path, default=Path("model.pt"), help="where the model goes (default: model.pt)")
    for name, field in FIELDS.items():
        listed = {"names": " Separated by commas.", "widths": " Separated by commas, such as 128,64."}.get(field.kind, "")
        choices = f" One of: {', '.join(field.choices)}." if field.choices else ""
        train.add_argument(f"--{name.replace('_', '-')}", help=field.help + listed + choices)

    predict = verbs.add_parser("predict", help="predict rows with a trained model")
    predict.add_argument("--model", type=Path, required=True, help="the model.pt of a finished run")
    predict.add_argument("--data", type=Path, required=True, help="the rows (csv, json, parquet, xlsx ...)")
    predict.add_argument("--out", type=Path, help="where the CSV goes (default: printed)")

    ingest = verbs.add_parser("ingest", help="turn a table into table.parquet and profile.json")
    ingest.add_argument("--data", type=Path, required=True, help="the table")
    ingest.add_argument("--out", type=Path, required=True, help="the folder for both files")

    work = verbs.add_parser("work", help="carry out the spec.json of a run folder (started by a keeper)")
    work.add_argument("folder", type=Path)
    return parser


if __name__ == "__main__":
    sys.exit(main())
