"""The tables that come with scikit-learn leave as data sets anyone can train on at once, no upload and no network.

iris, wine and breast_cancer (UCI), digits (UCI, NIST) and diabetes (Efron et al., 2004); classes are written as words.
"""

# ruff: noqa: S608 what a file says becomes SQL only through quote_name and quote_text

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas
from sklearn import datasets
from sklearn.utils import Bunch

from trainer.contract.orders import SamplesOrder
from trainer.contract.run_folder import write_json_atomically
from trainer.reading.duckdb_session import open_duckdb, quote_text
from trainer.reading.ingest import PROFILE_FILE, TABLE_FILE
from trainer.reading.profile import profile_table

MEMORY_MB = 512


def _load_iris() -> pandas.DataFrame:
    return _classes(datasets.load_iris(), "species")


def _load_wine() -> pandas.DataFrame:
    frame = _classes(datasets.load_wine(), "cultivar")
    frame["cultivar"] = frame["cultivar"].str.replace("class_", "cultivar ")
    return frame.rename(columns={"od280/od315_of_diluted_wines": "od280_od315"})


def _load_breast_cancer() -> pandas.DataFrame:
    return _classes(datasets.load_breast_cancer(), "diagnosis")


def _load_digits() -> pandas.DataFrame:
    frame = _classes(datasets.load_digits(), "digit")
    frame["digit"] = "digit " + frame["digit"].astype(str)
    return frame


def _load_diabetes() -> pandas.DataFrame:
    bunch = datasets.load_diabetes(as_frame=True, scaled=False)
    frame: pandas.DataFrame = bunch.data.rename(columns=_DIABETES_NAMES)
    return frame.assign(progression=bunch.target)


_DIABETES_NAMES = {
    "bmi": "body_mass_index",
    "bp": "blood_pressure",
    "s1": "total_cholesterol",
    "s2": "ldl",
    "s3": "hdl",
    "s4": "cholesterol_ratio",
    "s5": "log_triglycerides",
    "s6": "blood_sugar",
}  # scikit-learn's own description of the table

SAMPLES: Mapping[str, tuple[str, Callable[[], pandas.DataFrame]]] = {
    "iris": ("species", _load_iris),
    "wine": ("cultivar", _load_wine),
    "breast_cancer": ("diagnosis", _load_breast_cancer),
    "digits": ("digit", _load_digits),
    "diabetes": ("progression", _load_diabetes),
}


def write_samples(order: SamplesOrder) -> None:
    """Write each table into `order.output`/<name>; one that is there already stays as it is."""
    output = Path(order.output).absolute()
    output.mkdir(parents=True, exist_ok=True)
    for name, (target, load) in SAMPLES.items():
        folder = output / name
        if not folder.exists():
            _write_sample(folder, target, load())


def _write_sample(folder: Path, target: str, frame: pandas.DataFrame) -> None:
    """Write into a passing folder and rename it, so that a crash leaves no half sample."""
    unfinished = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    table = unfinished / TABLE_FILE
    with open_duckdb([], unfinished, MEMORY_MB, threads=1) as connection:
        connection.register("sample", frame)
        connection.execute(f"COPY (SELECT * FROM sample) TO {quote_text(str(table))} (FORMAT parquet)")
        profile = profile_table(connection, table, target)
    write_json_atomically(unfinished / PROFILE_FILE, {**_origin(frame, table), **profile})
    unfinished.rename(folder)


def _origin(frame: pandas.DataFrame, table: Path) -> dict[str, Any]:
    return {
        "rows": len(frame),
        "bytes": table.stat().st_size,
        "dialect": {"format": "sample"},
        "notes": [],
        "rejected": {"count": 0, "rows": []},
    }


def _classes(bunch: Bunch, target: str) -> pandas.DataFrame:
    """The table of a scikit-learn data set with its classes as text and its names as one word."""
    names = [str(name).removesuffix(" (cm)").replace(" ", "_") for name in bunch.feature_names]
    frame = pandas.DataFrame(bunch.data, columns=names)
    frame[target] = [str(bunch.target_names[index]) for index in bunch.target]
    return frame
