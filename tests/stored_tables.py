"""Tables put into a running server without an upload, where a test is about looking at them: big ones, and odd ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
from sqlmodel import Session, create_engine, select

from app.records import Dataset, DatasetStatus, User
from tests.servers import Server


def store_table(server: Server, query: str, name: str, written: str = "") -> str:
    """Make a data set of what a DuckDB query selects, everybody's to look at; returns its id.

    `written` selects how cells stood in the file, for columns of the same names.
    """
    engine = create_engine(f"sqlite:///{server.data_dir / 'tamrin.db'}")
    try:
        with Session(engine) as session:
            owner = session.exec(select(User)).first()
            assert owner is not None, "somebody has registered"
            record = Dataset(
                owner_id=owner.id,
                name=name,
                filename=f"{name}.csv",
                type="csv",
                size=0,
                sha256="",
                is_shared=True,
                status=DatasetStatus.READY,
            )
            folder = server.data_dir / "datasets" / record.id
            folder.mkdir(parents=True)
            record.rows, record.columns = write_table(folder, query, written)
            (folder / "profile.json").write_text(json.dumps({"rows": record.rows, "bytes": 0, "columns": [], "suggested": {}}))
            session.add(record)
            session.commit()
            return record.id
    finally:
        engine.dispose()


def write_table(folder: Path, query: str, written: str = "", piece_bytes: int | None = None) -> tuple[int, int]:
    """Write table.parquet, and written.parquet where there is something to write; returns (rows, columns).

    The table's pieces are about `piece_bytes` long.
    """
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.sql(query).write_parquet(str(folder / "table.parquet"), row_group_size_bytes=piece_bytes)
        if written:
            connection.sql(written).write_parquet(str(folder / "written.parquet"))
        table = connection.read_parquet(str(folder / "table.parquet"))
        return table.count("*").fetchall()[0][0], len(table.columns)


def remove_table(server: Server, dataset_id: str) -> None:
    """Take the files away under the server's feet."""
    shutil.rmtree(server.data_dir / "datasets" / dataset_id)
