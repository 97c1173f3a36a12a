"""Everything that relies on undocumented parts of other packages, each with its reason.

One module for each of them: ``gql``, ``aiohttp``, ``botocore``; ``forks`` is what a forked child
needs from asyncio and aiohttp, and ``gevent`` an event loop in one of gevent's threads.
``tests/compat/`` fails when one of these parts changes. Seen in gql 4.0 and 4.4, aiohttp 3.12 to
3.14, Python 3.10 to 3.13.
"""
