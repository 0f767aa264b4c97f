"""What tests have done in a process of its own, which must find it in a module by its name."""

import asyncio


async def echo(text: str, over: asyncio.Event) -> str:
    """Return what was given."""
    await over.wait()
    return text


async def fail(_: str, over: asyncio.Event) -> str:
    """Return nothing."""
    raise ValueError
