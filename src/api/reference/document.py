"""The document of an application as text: made once, beside the event loop."""

import asyncio
from threading import Lock
from typing import Final

import orjson
from fastapi import FastAPI

from api.http.openapi import document

_VERSION: Final = b'"openapi":"3.1.0"'
_OLDER_VERSION: Final = b'"openapi":"3.0.3"'


class DocumentText:
    """It takes about a second of a processor to make, for which nobody else is kept waiting."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._making = Lock()
        self._text = b""

    async def read(self) -> bytes:
        return self._text or await asyncio.to_thread(self._made)

    async def read_as_older(self) -> bytes:
        """The same under the version before, for the page.

        RapiDoc reads both alike, but takes four times as long to follow references in a newer one.
        """
        return (await self.read()).replace(_VERSION, _OLDER_VERSION, 1)

    def _made(self) -> bytes:
        with self._making:
            self._text = self._text or orjson.dumps(document(self._app))
            return self._text
