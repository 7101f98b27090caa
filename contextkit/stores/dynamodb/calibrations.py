"""Calibrations: what was learnt of each model's tokenizer."""

from __future__ import annotations

from contextkit.stores import check_id
from contextkit.stores.codec import from_bytes, to_bytes
from contextkit.stores.dynamodb.database import Database
from contextkit.stores.dynamodb.keys import model_key
from contextkit.stores.dynamodb.payloads import Payloads
from contextkit.stores.dynamodb.writes import Put

_ITEM = "calibration"


class Calibrations:
    """`CalibrationStore`."""

    def __init__(self, database: Database, payloads: Payloads) -> None:
        self._database = database
        self._payloads = payloads

    def calibration(self, model: str) -> str | None:
        row = self._database.get("prefs", model_key(check_id("model name", model)), _ITEM)
        return None if row is None else from_bytes(self._payloads.get("prefs", row))

    def save_calibration(self, model: str, calibration: str) -> None:
        pk = model_key(check_id("model name", model))
        columns = self._payloads.put("prefs", pk, _ITEM, to_bytes(calibration), None)
        self._database.write([Put("prefs", {"pk": pk, "sk": _ITEM, **columns})])
