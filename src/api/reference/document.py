"""The document of an application as text: made once, beside the event loop."""

import asyncio
from threading import Lock

import orjson
from fastapi import FastAPI

from api.http.openapi import document


class DocumentText:
    """It takes about a second of a processor to make, for which nobody else is kept waiting."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._making = Lock()
        self._text = b""

    async def read(self) -> bytes:
        return self._text or await asyncio.to_thread(self._made)

    def _made(self) -> bytes:
        with self._making:
            self._text = self._text or orjson.dumps(document(self._app))
            return self._text
