"""An archive is written on while it is sent: never more than a step of its rows is held."""

import io
import json
from datetime import UTC, datetime
from zipfile import ZipFile

from api.customers.archive.zipped import Part, zipped
from projections.engine.querying.pages import EXPORT_STEP

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
MANY = 20 * EXPORT_STEP


def test_no_more_than_a_step_of_rows_is_read_before_what_came_of_it_is_taken():
    read, taken = 0, 0

    def rows():
        nonlocal read
        for number in range(MANY):
            read += 1
            assert read - taken <= EXPORT_STEP + 1
            yield {"number": number, "word": f"=word {number}"}

    def pieces():
        nonlocal taken
        for piece in zipped("Read me", {"who": "ama"}, [part], now=NOW):
            taken = read
            yield piece

    part = Part("things", "all things", ("number", "word"), rows())
    archive = ZipFile(io.BytesIO(b"".join(pieces())))

    assert archive.testzip() is None
    assert archive.namelist() == ["README.txt", "things.csv", "data.json"]
    whole = json.loads(archive.read("data.json"))
    assert whole["who"] == "ama"
    assert [row["number"] for row in whole["things"]] == list(range(MANY))
    lines = archive.read("things.csv").decode().splitlines()
    assert lines[:2] == ["number,word", "0,'=word 0"]
    assert len(lines) == 1 + MANY


def test_a_part_without_rows_is_a_table_of_names_and_an_empty_list():
    part = Part("things", "all things", ("number",), iter(()))

    content = b"".join(zipped("", {"who": "ama"}, [part], now=NOW))

    archive = ZipFile(io.BytesIO(content))
    assert archive.read("things.csv") == b"number\r\n"
    assert json.loads(archive.read("data.json")) == {"who": "ama", "things": []}
