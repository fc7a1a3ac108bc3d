"""An imported key: what a key that was made elsewhere stands for."""

from datetime import datetime
from typing import Self

from domain.fact import Entity, Fact, FirstFact


class ImportedKey(Entity):
    """What a key that was made elsewhere stands for, in a book named after its digest."""

    TOPIC = "imported_key"

    class Event(Fact):
        """What happened to a key that was made elsewhere."""

        TOPIC = "imported_key.event"

    class Imported(Event, FirstFact):
        """From now on the key stands for a key of an organization, in the mode of the book."""

        TOPIC = "imported_key.imported"
        org_id: str
        key_id: str

    @classmethod
    def bring_in(cls, stream: str, *, org_id: str, key_id: str, now: datetime) -> Self:
        return cls._create(
            cls.Imported, id=stream, timestamp=now, occurred_at=now, org_id=org_id, key_id=key_id
        )

    def __init__(self, org_id: str, key_id: str) -> None:
        self.org_id = org_id
        self.key_id = key_id
