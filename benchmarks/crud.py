"""CRUD baseline, the usual application: FastAPI, a SQLAlchemy session, a commit per request.

Written as a good engineer would: the same validation, keys kept as hashes, an idempotency key that
is unique, the payment and its first status in one transaction, the database's strictest durability.
`python crud.py PORT DATABASE_URL` prints an API key, then serves.
"""

import hashlib
import secrets
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException
from sqlalchemy import JSON, BigInteger, Engine, ForeignKey, create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from commands.payments import CreatePayment

app = FastAPI()
Sessions: sessionmaker[Session] = sessionmaker()


class Base(DeclarativeBase):
    pass


class ApiKey(Base):
    __tablename__ = "crud_api_keys"
    secret_sha256: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str]


class Payment(Base):
    __tablename__ = "crud_payments"
    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(index=True)
    customer_id: Mapped[str | None] = mapped_column(index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    method: Mapped[str]
    source: Mapped[str]
    source_id: Mapped[str | None]
    source_description: Mapped[str | None]
    reference: Mapped[str | None]
    description: Mapped[str | None]
    status: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[str] = mapped_column(index=True)


class StatusChange(Base):
    __tablename__ = "crud_status_changes"
    id: Mapped[str] = mapped_column(primary_key=True)
    payment_id: Mapped[str] = mapped_column(ForeignKey(Payment.id), index=True)
    status: Mapped[str]
    changed_at: Mapped[str]


class Reply(Base):
    __tablename__ = "crud_replies"
    org_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)


def session() -> Iterator[Session]:
    with Sessions() as opened:
        yield opened


def org_id(
    database: Annotated[Session, Depends(session)], x_reevit_key: Annotated[str, Header()]
) -> str:
    found = database.get(ApiKey, hashlib.sha256(x_reevit_key.encode()).hexdigest())
    if found is None:
        raise HTTPException(401)
    return found.org_id


@app.post("/v1/payments/intents", status_code=201)
def create_payment(
    command: CreatePayment,
    database: Annotated[Session, Depends(session)],
    org: Annotated[str, Depends(org_id)],
    idempotency_key: Annotated[str | None, Header()] = None,
) -> dict[str, Any]:
    if idempotency_key is not None:
        wanted = select(Reply).where(Reply.org_id == org, Reply.key == idempotency_key)
        replied = database.scalars(wanted).one_or_none()
        if replied is not None:
            return replied.body
    now = datetime.now(UTC).isoformat()
    payment_id = f"pay_{secrets.token_hex(13)}"
    said = command.model_dump(mode="json", exclude_none=True)
    database.add(
        Payment(
            id=payment_id,
            org_id=org,
            customer_id=command.customer_id,
            amount=command.amount,
            currency=command.currency,
            method=command.method,
            source=command.source,
            source_id=command.source_id,
            source_description=command.source_description,
            reference=command.reference,
            description=command.description,
            status="pending",
            details=said["metadata"],
            created_at=now,
        )
    )
    database.flush()
    change = f"psh_{secrets.token_hex(13)}"
    database.add(StatusChange(id=change, payment_id=payment_id, status="pending", changed_at=now))
    body = {"id": payment_id, "status": "pending", "created_at": now, **said}
    if idempotency_key is not None:
        database.add(Reply(org_id=org, key=idempotency_key, body=body))
    database.commit()
    return body


def engine_of(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(
            url.replace("postgresql://", "postgresql+psycopg://", 1), pool_size=20, max_overflow=20
        )
    engine = create_engine(url, pool_size=20, max_overflow=20)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA busy_timeout = 30000")

    return engine


if __name__ == "__main__":
    engine = engine_of(sys.argv[2])
    Sessions.configure(bind=engine, expire_on_commit=False)
    Base.metadata.create_all(engine)
    key = secrets.token_hex(32)
    with Sessions.begin() as opened:
        sha256 = hashlib.sha256(key.encode()).hexdigest()
        opened.add(ApiKey(secret_sha256=sha256, org_id="org_bench"))
    print(key, flush=True)
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
