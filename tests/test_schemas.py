"""The closed list of reasons, the JSON Schemas, and the Arrow schema with its features."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from datasets import Features
from jsonschema import Draft202012Validator

from schemas import conversation
from schemas.sample import FAULTS, KINDS, POLICIES, REASONS, Sample, is_fault
from schemas.table import QUESTIONS, REJECT, ROW, ROW_CONSTANTS, SEGMENT_ROW, WORKING

SCHEMAS = ("conversation", "entry", "mix", "card")


def test_a_reason_is_a_fault_or_a_policy_and_never_both() -> None:
    assert not FAULTS.keys() & POLICIES.keys()


@pytest.mark.parametrize(
    "reason, fault",
    [
        ("zero_area", True),
        ("truncated_image", True),
        ("image_tokens", True),
        ("duplicate", False),
        ("no_answer", False),
        ("sampled_out", False),
    ],
)
def test_faults_and_policies_are_told_apart(reason: str, fault: bool) -> None:
    assert is_fault(reason) is fault


def test_reasons_are_a_closed_list() -> None:
    with pytest.raises(KeyError, match="bad_luck"):
        is_fault("bad_luck")


def test_every_rule_of_a_conversation_is_a_reason() -> None:
    assert {
        "bad_id",
        "bad_roles",
        "empty_turn",
        "image_tokens",
        "control_characters",
        "literal_escape",
    } <= REASONS.keys()


@pytest.mark.parametrize("name", SCHEMAS)
def test_json_schemas_are_valid_draft_2020_12(name: str) -> None:
    schema = conversation.load_schema(name)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_json_schema_has_its_own_id(name: str) -> None:
    assert conversation.load_schema(name)["$id"].startswith(f"earthmix/{name}")


def features() -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(ROW.metadata[b"huggingface"])["info"]["features"]
    return stored


def types(node: Any) -> set[str]:
    """Every `_type` that stands in a feature."""
    if isinstance(node, list):
        return {name for part in node for name in types(part)}
    if "_type" in node:
        return {node["_type"]}
    return {name for part in node.values() for name in types(part)}


def test_features_are_spelled_as_datasets_of_every_version_reads_them() -> None:
    assert types(features()) == {"Image", "Value"}  # no "List", which came with 4.0


def test_features_make_the_same_arrow_schema() -> None:
    assert Features.from_dict(features()).arrow_schema.equals(ROW.remove_metadata())


def test_datasets_reads_the_schema_back_to_the_same_features() -> None:
    assert Features.from_arrow_schema(ROW) == Features.from_dict(features())


def test_pictures_are_image_features() -> None:
    assert features()["images"] == [{"_type": "Image"}]


def test_rows_have_the_columns_of_the_design_in_order() -> None:
    assert ROW.names == [
        "id",
        "images",
        "conversations",
        "task",
        "dataset",
        "split",
        "text_origin",
        "dialect",
        "template",
        "regions",
        "scene",
        "recipe",
        "sizes",
        "gsd",
        "lon",
        "lat",
        "sensor",
        "times",
        "license_annotations",
        "license_images",
        "origin",
        "image_sha256",
    ]


def test_a_turn_has_the_keys_of_llava() -> None:
    assert ROW.field("conversations").type == pa.list_(
        pa.struct([("from", pa.string()), ("value", pa.string())])
    )


def test_written_rows_hold_no_dictionaries() -> None:
    assert "dictionary" not in str(ROW)


def test_constant_columns_are_dictionaries_on_their_way() -> None:
    assert ROW_CONSTANTS == (
        "task",
        "dataset",
        "split",
        "text_origin",
        "dialect",
        "template",
        "recipe",
        "sensor",
        "license_annotations",
        "license_images",
    )


def test_segments_hold_the_row_and_the_working_columns_behind_it() -> None:
    assert SEGMENT_ROW.names == [*ROW.names, *WORKING.names]


def test_a_reject_says_where_it_came_from_and_why() -> None:
    assert REJECT.names == [
        "dataset",
        "split",
        "file",
        "key",
        "level",
        "item",
        "reason",
        "kind",
        "detail",
        "items",
        "id",
        "survivor",
    ]


def test_columns_have_a_field_for_each_part_of_an_item() -> None:
    assert QUESTIONS.names == ["key", "pictures", "question", "answer", "type"]


def test_a_region_has_its_shape_in_pixels_beside_what_it_is_called() -> None:
    assert [field.name for field in ROW.field("regions").type.value_type] == [
        "image",
        "label",
        "shape",
        "bbox",
        "points",
        "counts",
        "phrase",
    ]


def test_a_sample_has_a_field_for_each_kind_of_item_and_the_ledger_a_place() -> None:
    card = conversation.load_schema("card")["$defs"]["split"]["properties"]["items"]
    fields = [field for field in Sample.__struct_fields__ if field.endswith("s")]
    assert [f"{kind}s" for kind in KINDS] == [name for name in fields if name != "pictures"]
    assert card["propertyNames"]["enum"] == list(KINDS)
