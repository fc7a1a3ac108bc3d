"""What a profile changed by, in words."""

import pytest

from console.customers.profile_changes import profile_change

BEFORE = {
    "external_id": "ama",
    "personal": {"name": "Ama", "email": None, "phone": None},
    "tags": ["vip"],
    "metadata": {},
}


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({"tags": ["vip", "{gold}"]}, "Tag {gold} added"),
        ({"tags": ["gold", "kente"]}, "Tags gold, kente added. Tag vip taken off"),
        ({"personal": {"name": "Ama Owusu", "email": "a@b.example"}}, "Changed: name, email"),
        ({"external_id": None, "metadata": {"a": 1}}, "Changed: external id, metadata"),
        ({"tags": [], "external_id": "yaw"}, "Tag vip taken off. Changed: external id"),
        ({}, ""),
    ],
)
def test_it_is_said_which_tags_came_and_went_and_which_fields_changed(after, said):
    assert profile_change({"before": BEFORE, "data": BEFORE | after}) == said


def test_a_fact_that_changed_no_profile_says_nothing():
    assert profile_change({"before": None, "data": {}}) == ""
