"""Signing out with Cognito emulators of other projects."""

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
    persistence = MemoryPersistence()
    mine = TokenStore(cognito_local.provider(), tokens=tokens, persistence=persistence)
    await mine.headers()
    await mine.sign_out()
    other = TokenStore(cognito_local.provider(), persistence=persistence)
    with pytest.raises(SignedOut):
        await other.headers()


@pytest.mark.peer("moto")
async def test_without_revocation_the_session_still_ends_for_all_stores_that_share_it(
    moto_server: MotoServer, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = await asyncio.to_thread(moto_server.sign_in)
    persistence = MemoryPersistence()
    mine = TokenStore(moto_server.provider(), tokens=tokens, persistence=persistence)
    await mine.headers()
    await mine.sign_out()
    assert "can't revoke" in caplog.text
    other = TokenStore(moto_server.provider(), persistence=persistence)
    with pytest.raises(SignedOut):
        await other.headers()
