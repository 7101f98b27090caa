"""What a `CalibrationStore` must do."""

from __future__ import annotations

from typing import Any

import pytest

from contextkit.errors import InvalidId
from contextkit.stores import CalibrationStore
from contextkit.testing.conformance.base import Conformance
from contextkit.testing.conformance.values import BAD_IDS, ODD_IDS, ODD_TEXTS, named, near


class CalibrationStoreConformance(Conformance):
    """What was learnt of each model's tokenizer."""

    def test_nothing_is_known_of_a_model_at_first(self, store: CalibrationStore, actor: str) -> None:
        assert store.calibration(actor) is None

    def test_the_last_calibration_of_a_model_is_kept(self, store: CalibrationStore, actor: str) -> None:
        store.save_calibration(actor, "first")
        store.save_calibration(actor, "second")
        store.save_calibration(near(actor, "other"), "third")
        assert store.calibration(actor) == "second"

    @pytest.mark.parametrize("text", ODD_TEXTS, ids=named)
    def test_text_of_a_calibration_comes_back_equal(self, store: CalibrationStore, actor: str, text: str) -> None:
        store.save_calibration(actor, text)
        assert store.calibration(actor) == text

    @pytest.mark.parametrize("odd", ODD_IDS, ids=named)
    def test_any_model_name_is_itself(self, store: CalibrationStore, actor: str, odd: str) -> None:
        store.save_calibration(near(actor, odd), "value")
        assert store.calibration(near(actor, odd)) == "value"
        assert store.calibration(actor) is None

    @pytest.mark.parametrize("bad", BAD_IDS, ids=named)
    def test_bad_model_names_are_refused(self, store: CalibrationStore, bad: Any) -> None:
        with pytest.raises(InvalidId):
            store.calibration(bad)
        with pytest.raises(InvalidId):
            store.save_calibration(bad, "value")
