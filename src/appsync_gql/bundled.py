"""The modules of all public names, as import statements.

Programs that bundle others into one file (PyInstaller, cx_Freeze, Nuitka) find modules by such
statements, and would leave out what is imported lazily. This module is found, and never imported.
"""

from __future__ import annotations

import appsync_gql.auth.api_key
import appsync_gql.auth.base
import appsync_gql.auth.iam
import appsync_gql.auth.identity_pool
import appsync_gql.auth.source
import appsync_gql.blocking
import appsync_gql.challenges
import appsync_gql.client
import appsync_gql.clock
import appsync_gql.data.paginate
import appsync_gql.data.scalars
import appsync_gql.events
import appsync_gql.exceptions
import appsync_gql.http.request_body
import appsync_gql.http.response
import appsync_gql.notebook
import appsync_gql.persistence.base
import appsync_gql.persistence.dynamodb
import appsync_gql.persistence.file
import appsync_gql.persistence.keyring
import appsync_gql.persistence.memory
import appsync_gql.persistence.redis
import appsync_gql.providers.base
import appsync_gql.providers.client_credentials
import appsync_gql.providers.cognito
import appsync_gql.realtime.buffer
import appsync_gql.realtime.settings
import appsync_gql.session_key
import appsync_gql.store.blocking
import appsync_gql.store.status
import appsync_gql.store.token_store
import appsync_gql.store.validity
import appsync_gql.tokens
import appsync_gql.transport  # noqa: F401
