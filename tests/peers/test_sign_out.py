"""Signing out where others than this package's emulator decide."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from appsync_gql import MemoryPersistence, SignedOut, TokenStore

if TYPE_CHECKING:
    from .cognito_local import CognitoLocal
    from .moto_pool import MotoServer


@pytest.mark.peer("cognito-local")
async def test_cognito_local_revokes_the_session(cognito_local: CognitoLocal) -> None:
    tokens = await asyncio.to_thread(cognito_local.sign_in)
    place = MemoryPersistence()
    mine = TokenStore(cognito_local.provider(), tokens=tokens, persistence=place)
    await mine.headers()
    await mine.sign_out()
    other = TokenStore(cognito_local.provider(), persistence=place)
    with pytest.raises(SignedOut):
        await other.headers()


@pytest.mark.peer("moto")
async def test_where_there_is_no_revocation_the_session_still_ends_for_all_who_share_it(
    moto_server: MotoServer, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = await asyncio.to_thread(moto_server.sign_in)
    place = MemoryPersistence()
    mine = TokenStore(moto_server.provider(), tokens=tokens, persistence=place)
    await mine.headers()
    await mine.sign_out()
    assert "can't revoke" in caplog.text
    other = TokenStore(moto_server.provider(), persistence=place)
    with pytest.raises(SignedOut):
        await other.headers()
