"""The digest of the definitions changes with what might give other rows, and with nothing else."""

import sys
from importlib.util import module_from_spec, spec_from_file_location

import pytest

from projections.engine.folding import definitions as engine

VISITS = '''
"""How often somebody came."""

from sqlalchemy import MetaData

from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.definitions import Definitions
from projections.engine.folding.tables import key, total, view

METADATA = MetaData(schema="views")
visits = view("visits", key("guest"), total("count"), metadata=METADATA)


def fold(recorded: Recorded, changes: Changes) -> None:
    """Count a visit."""
    # One by one.
    changes.merge(visits, (recorded.fact.guest,), count=1)


class Visits:
    """How many there were."""
'''


@pytest.fixture
def digest(tmp_path, monkeypatch):
    """The digest of the views whose module has this text."""
    made = iter(range(100))

    def digest(text):
        path = tmp_path / f"visits_{next(made)}.py"
        path.write_text(text)
        spec = spec_from_file_location("visits", path)
        module = module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "visits", module)
        spec.loader.exec_module(module)
        return engine.Definitions(module.METADATA, (module.fold,)).digest()

    return digest


@pytest.mark.parametrize(
    "said",
    [
        '"""How often somebody came."""',
        '    """Count a visit."""\n',
        "    # One by one.\n",
        '"""How many there were."""',
    ],
)
def test_what_is_only_said_does_not_count(digest, said):
    assert said in VISITS
    said_otherwise = VISITS.replace(said, said.replace("o", "u"))

    assert digest(said_otherwise) == digest(VISITS)


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("count=1", "count=2"),
        ('total("count")', 'latest("count")'),
        ('"visits"', '"calls"'),
        ('key("guest"), ', 'key("guest"), key("day"), '),
    ],
)
def test_another_fold_or_table_counts(digest, written, instead):
    other = VISITS.replace(written, instead).replace("key, total", "key, latest, total")
    plain = VISITS.replace("key, total", "key, latest, total")

    assert digest(other) != digest(plain)


def test_another_version_of_the_engine_counts(digest, monkeypatch):
    before = digest(VISITS)

    monkeypatch.setattr(engine, "ENGINE_VERSION", engine.ENGINE_VERSION + 1)

    assert digest(VISITS) != before
