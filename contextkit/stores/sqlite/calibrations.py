"""Calibrations: what was learnt of each model's tokenizer."""

from __future__ import annotations

from contextkit.stores import check_id
from contextkit.stores.codec import from_bytes, to_bytes
from contextkit.stores.sqlite.connection import Database


class Calibrations:
    """`CalibrationStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def calibration(self, model: str) -> str | None:
        model = check_id("model name", model)
        with self._database.read() as connection:
            row = connection.execute("SELECT calibration FROM calibrations WHERE model = ?", (model,)).fetchone()
        return None if row is None else from_bytes(row[0])

    def save_calibration(self, model: str, calibration: str) -> None:
        model = check_id("model name", model)
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO calibrations (model, calibration) VALUES (?, ?)",
                (model, to_bytes(calibration)),
            )
