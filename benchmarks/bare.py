"""Bare FastAPI baseline: the same route with the same validation and nothing behind it."""

import sys

import uvicorn
from fastapi import FastAPI

from commands.payments import CreatePayment

app = FastAPI()


@app.post("/v1/payments/intents", status_code=201)
async def create_payment(command: CreatePayment) -> dict[str, object]:
    return command.model_dump(mode="json", exclude_none=True)


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
