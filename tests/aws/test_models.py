"""Models of services that an older botocore has."""

from __future__ import annotations

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from contextkit.aws.models import check_agentcore
from contextkit.errors import MissingExtra


@pytest.mark.parametrize("service", ["bedrock-agentcore", "bedrock-agentcore-control"])
def test_a_model_without_the_expiry_of_records_is_too_old(service: str) -> None:
    known = Loader().load_service_model(service, "service-2")
    check_agentcore(ServiceModel(known, service))

    shapes = {name: shape for name, shape in known["shapes"].items() if name != "RecordExpirySpecification"}
    with pytest.raises(MissingExtra, match=r"or too old.*contextkit-sdk\[agentcore\]"):
        check_agentcore(ServiceModel({**known, "shapes": shapes}, service))
