"""Frees what an exception's traceback holds, before the garbage collector comes to it."""

from traceback import clear_frames


def free_frames(error: BaseException | None) -> None:
    """Clear the frames that have ended of `error` and of what caused it.

    A request that is cut off leaves its exception in a reference cycle of aiohttp's, and with it
    every buffer that its frames knew.
    """
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
