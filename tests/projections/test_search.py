"""A part of a name, email, phone, external id or id finds the customer, on every kind of database.

With an index of parts of words and without one the answers are the same.
"""

import logging
import random
from uuid import uuid4

import pytest

from ledger.database import open_engine
from projections.customer_filters import CustomerFilter
from projections.customer_list import customer_list
from projections.engine.folding.searchable_text import searchable
from projections.engine.generations.generation import postgresql_generation, sqlite_generation
from projections.read_models import DEFINITIONS


@pytest.fixture(scope="module")
def unindexed_views(tmp_path_factory):
    """As a library without FTS5 leaves them."""
    generation = sqlite_generation(tmp_path_factory.mktemp("views") / "views-1.db", 1, "")
    made(generation)
    with generation.writing() as connection:
        connection.exec_driver_sql("DROP TABLE customers_search")
    yield generation
    generation.close()


@pytest.fixture(scope="module")
def trigram_views(server_with_trigrams):
    engine = open_engine(server_with_trigrams)
    generation = postgresql_generation(engine, f"views_{uuid4().hex}", 1, "")
    yield made(generation)
    generation.drop()
    engine.dispose()


def made(generation):
    generation.create(DEFINITIONS)
    generation.create_keys(DEFINITIONS)
    generation.create_indexes(DEFINITIONS)
    return generation


@pytest.fixture(params=["sqlite", "unindexed", "postgresql", "trigram"])
def views(request):
    return request.getfixturevalue(f"{request.param}_views")


@pytest.fixture
def shop(views, shop_in):
    return shop_in(views)


def found(shop, part):
    page = shop.ask(customer_list, CustomerFilter(search=part), now=shop.now, limit=100).page
    assert page.total == len(page.rows)
    assert page.total_is_exact
    return [row.customer_id for row in page.rows]


def test_a_part_of_anything_finds_the_customer(shop):
    shop.register(
        "cus_ama", external_id="user_77", name="Ama Owusu", email="Ama@Shop.gh", phone="+233241"
    )
    shop.register("cus_kofi", name="Kofi Boateng")

    for part in ("ama ow", "OWUSU", "a@shop.g", "33241", "r_7", "cus_am", "wu", "A@"):
        assert found(shop, part) == ["cus_ama"], part
    assert found(shop, "cus_") == ["cus_kofi", "cus_ama"]
    assert found(shop, "owusu ama") == []


def test_a_new_text_takes_the_place_of_the_old_one(shop):
    ama = shop.register("cus_ama", name="Ama Owusu")
    assert found(shop, "owusu") == ["cus_ama"]

    ama.update({"name": "Ama Mensah"}, shop.now)
    ama.update({"tags": ["vip"]}, shop.now)
    shop.record(ama)

    assert found(shop, "owusu") == []
    assert found(shop, "mensah") == ["cus_ama"]
    ama.delete(shop.now)
    shop.record(ama)
    assert found(shop, "mensah") == []


def test_what_means_something_to_a_database_means_nothing_here(shop):
    names = {
        "percent": "100% cotton",
        "underscore": "snake_case",
        "backslash": "back\\slash",
        "slash": "this/that",
        "quote": 'she said "go" and went',
        "apostrophe": "O'Neill",
        "words": "this AND that OR NOT near",
        "star": "wild* card",
        "greek": "Ὀδυσσεύς Λαερτιάδης",
        "sharp": "Weißenfels",
        "chinese": "秋瑾女士",
        "emoji": "rock 🎸🎸 roll",
    }
    for number, (customer_id, name) in enumerate(names.items()):
        shop.register(customer_id, name=name, external_id=f"number {number:02}")

    for part, customer_id in {
        "0% cot": "percent",
        "%": "percent",
        "e_c": "underscore",
        "k\\s": "backslash",
        "s/t": "slash",
        '"go" a': "quote",
        '"': "quote",
        "o'n": "apostrophe",
        "THAT or not": "words",
        "d* c": "star",
        "ΛΑΕΡΤ": "greek",
        "WEISS": "sharp",
        "瑾女": "chinese",
        "秋瑾女士": "chinese",
        "🎸🎸 r": "emoji",
        "number 04": "quote",
    }.items():
        assert found(shop, part) == [customer_id], part
    for part in ("%%%", "___", "a*d", '""""', "x" * 255, "(near", "秋女士", "-" * 90 + "go"):
        assert found(shop, part) == [], part


def test_a_name_is_found_whatever_its_composition_and_without_its_accents(shop):
    names = {
        "olaide": "\u1eccl\u00e1\u00edd\u00e9",
        "esi": "\u0190si Owusu",
        "odo": "\u0186d\u0254",
        "zoe": "Zoe\u0301 M\u00fcller",
        "bjorn": "Bj\u00f8rn \u0141ukasz",
        "dodzi": "\u0189odzi \u014autsu",
        "oneill": "Sin\u00e9ad O\u2019Neill",
        "hidden": "Ko\u00adfi\u200b Boateng",
        "nguyen": "Nguy\u1ec5n \u0110\u1ee9c",
        "yildiz": "Y\u0131ld\u0131z \u0130nan",
    }
    for customer_id, name in names.items():
        shop.register(f"cus_{customer_id}", name=name)

    for part, customer_id in {
        "Olaide": "olaide",
        "\u1ecdl\u00e1\u00edd\u00e9": "olaide",
        "o\u0323la\u0301i\u0301de\u0301": "olaide",
        "\u1ecdlaide": "olaide",
        "Esi": "esi",
        "\u025bsi": "esi",
        "ODO": "odo",
        "ZO\u00c9": "zoe",
        "zoe mu": "zoe",
        "bjorn lu": "bjorn",
        "dodzi nu": "dodzi",
        "o'ne": "oneill",
        "sinead": "oneill",
        "kofi b": "hidden",
        "nguyen duc": "nguyen",
        "yildiz inan": "yildiz",
    }.items():
        assert found(shop, part) == [f"cus_{customer_id}"], part


def test_letters_that_only_look_like_accented_ones_are_others(shop):
    shop.register("cus_ga", name="\u304c\u3093\u3070\u308b")
    shop.register("cus_ha", name="\ud55c\uad6d")

    assert found(shop, "\u304b\u3093") == []
    assert found(shop, "\ud558") == []
    assert found(shop, "\u304c\u3093\u3070") == ["cus_ga"]


@pytest.mark.parametrize(
    "written",
    [
        "024 412 3456",
        "0244123456",
        "+233 (0)24-412-3456",
        "+233 024 412 3456",
        "00233 24 412 3456",
        "244 123",
        "024-412",
        "(024) 412.34",
        "\uff0b233 244 123456 ",
    ],
)
def test_a_number_is_found_as_people_write_it(shop, written):
    shop.register("cus_ama", name="Ama", phone="+233244123456")
    shop.register("cus_kofi", name="Kofi", phone="+233209999999", external_id="2024-12")

    assert found(shop, written) == ["cus_ama"]


def test_a_number_that_was_kept_as_it_was_typed_is_found_too(shop):
    shop.register("cus_ama", phone="+2330244123456")

    for written in ("+233244123456", "0244123456", "+233 24 412 3456"):
        assert found(shop, written) == ["cus_ama"], written


def test_digits_may_still_be_of_anything(shop):
    shop.register("cus_ama", external_id="00123-45", phone="+233244123456")
    shop.register("cus_kofi", name="Kofi 0024", phone="+233209999999")

    assert found(shop, "0123-45") == ["cus_ama"]
    assert found(shop, "0024") == ["cus_kofi"]


def test_a_search_of_nothing_that_is_seen_asks_nothing(shop):
    shop.register("cus_ama", name="Ama")

    assert found(shop, "\u200b") == ["cus_ama"]


def test_books_do_not_find_each_others_customers(views, shop_in):
    one, other = shop_in(views), shop_in(views)
    for shop in (one, other):
        shop.register("cus_ama", name="Ama Owusu")
    other.register("cus_two", name="Ama Owusu the second")

    assert found(one, "owusu") == ["cus_ama"]
    assert found(other, "owusu") == ["cus_two", "cus_ama"]
    assert found(one, "second") == []


def test_what_is_found_is_what_contains_the_part(shop):
    chance = random.Random(5)

    def word(length):
        return "".join(chance.choice("abß'\" %é") for _ in range(length))

    texts = {}
    for number in range(120):
        customer = shop.register(f"{number:03}", name=word(12))
        if number % 3 == 0:
            customer.update({"name": word(12)}, shop.now)
            shop.record(customer)
        texts[customer.id] = searchable(f"{customer.id}\n{customer.personal['name']}")

    for _ in range(60):
        part = word(chance.randrange(1, 7))
        right = {each for each, told in texts.items() if searchable(part) in told}
        page = shop.ask(customer_list, CustomerFilter(search=part), now=shop.now, limit=200).page
        assert {row.customer_id for row in page.rows} == right, part


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_views(request, tmp_path):
    """Tables with keys, and no index yet."""
    if request.param == "sqlite":
        generation = sqlite_generation(tmp_path / "views-1.db", 1, "")
    else:
        engine = open_engine(request.getfixturevalue("server_with_trigrams"))
        generation = postgresql_generation(engine, f"views_{uuid4().hex}", 1, "")
    generation.create(DEFINITIONS)
    generation.create_keys(DEFINITIONS)
    yield generation
    generation.drop()
    generation.engine.dispose()


def test_what_was_loaded_before_the_index_is_in_it(bare_views, shop_in):
    shops = [shop_in(bare_views) for _ in range(3)]
    for shop in shops:
        ama = shop.register("cus_ama", name="Ama Owusu")
        ama.update({"name": "Ama Mensah"}, shop.now)
        shop.record(ama)
        assert found(shop, "mensah") == ["cus_ama"]

    bare_views.create_indexes(DEFINITIONS)
    shops.append(shop_in(bare_views))
    shops[-1].register("cus_ama", name="Ama Mensah")

    for shop in shops:
        assert found(shop, "mensah") == ["cus_ama"]
        assert found(shop, "owusu") == []


def test_the_log_says_that_there_is_no_index(tmp_path, caplog):
    generation = sqlite_generation(tmp_path / "views-1.db", 1, "")
    generation.create(DEFINITIONS)
    with generation.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE customers_search (in_the_way TEXT)")

    with caplog.at_level(logging.WARNING):
        generation.create_indexes(DEFINITIONS)

    assert "searching customers looks through all its rows" in caplog.text
    generation.close()
