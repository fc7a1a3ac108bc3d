"""Every fact is folded, or named as ignored, by every fold that is about its kind of thing."""

import pytest

from domain.catalogue import AGGREGATES, facts_of
from projections.engine.folding.definitions import folded_by, ignored_by
from projections.read_models import FOLDS


def left_out(fold, facts):
    """The facts that a fold neither folds nor names as ignored, if it is about any of them."""
    folded = folded_by(fold)
    if not any(issubclass(fact, folded) or issubclass(folded[0], fact) for fact in facts):
        return []
    return [fact for fact in facts if not issubclass(fact, (*folded, *ignored_by(fold)))]


@pytest.mark.parametrize("fold", FOLDS, ids=lambda fold: fold.__module__)
def test_a_fold_folds_every_fact_or_names_it_as_ignored(fold):
    for aggregate in AGGREGATES:
        assert left_out(fold, facts_of(aggregate)) == []


@pytest.mark.parametrize("fold", FOLDS, ids=lambda fold: fold.__module__)
def test_a_fold_ignores_nothing_that_it_folds(fold):
    assert not set(folded_by(fold)) & set(ignored_by(fold))


@pytest.mark.parametrize(
    "fold", [fold for fold in FOLDS if ignored_by(fold)], ids=lambda fold: fold.__module__
)
def test_a_fact_that_is_new_is_found_missing(fold):
    kind = next(each for each in AGGREGATES if set(facts_of(each)) & set(ignored_by(fold)))
    new = type("PutOff", (kind.Event,), {"TOPIC": f"{kind.TOPIC}.put_off"})

    assert left_out(fold, [*facts_of(kind), new]) == [new]
