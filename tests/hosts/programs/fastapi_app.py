"""A FastAPI application that asks the API in ``async def`` and ``def`` endpoints."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from hosts.settings import Settings
from hosts.users import Users

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

users = Users(Settings.from_environment())


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    yield
    await users.aclose()


app = FastAPI(lifespan=lifespan)


@app.get("/async/ask")  # type: ignore[untyped-decorator]
async def ask_in_a_task(user: str, text: str, mutation: bool) -> dict[str, Any]:  # noqa: FBT001
    text, user = await users.ask_async(user, text, mutation)
    return {"text": text, "user": user}


@app.get("/def/ask")  # type: ignore[untyped-decorator]
def ask_in_a_thread(user: str, text: str, mutation: bool) -> dict[str, Any]:  # noqa: FBT001
    text, user = users.ask_blocking(user, text, mutation)
    return {"text": text, "user": user}
