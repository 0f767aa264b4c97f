"""Never more than the limit, first come first served, and a place that is given up is free."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeAlias

import pytest

from pixelferry import _native
from pixelferry._native import Reservation, output_capacity, request_buffer, request_capacity
from pixelferry.budget import SMALL, Budget, ExceedsBudget, Need, Saturated
from serving import releasing, until

MIB = 2**20
LIMIT = 64 * MIB
KEPT = 8 * MIB
LARGEST = LIMIT - KEPT

Make: TypeAlias = Callable[..., Budget]


@pytest.fixture(autouse=True)
def an_empty_pool() -> None:
    """What is idle counts as well."""
    _native.trim_pool()
    _native.set_pool_limit(LIMIT)  # a server that drained has left 0


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    made: list[Budget] = []

    def make(**changed: Any) -> Budget:  # noqa: ANN401
        made.append(Budget(**{"limit": LIMIT, "max_queue": 256, "queue_timeout": 30.0, **changed}))
        return made[-1]

    yield make
    for budget in made:
        assert (budget.held, budget.small_waiting, budget.large_waiting) == (0, 0, 0)
        budget.close()


def start(admission: Coroutine[Any, Any, Reservation]) -> asyncio.Task[Reservation]:
    return asyncio.create_task(admission)


async def test_what_fits_is_admitted_at_once(make: Make) -> None:
    budget = make()
    reservation = await budget.admit(Need(LARGEST))
    assert (reservation.nbytes, budget.held) == (LARGEST, LARGEST)
    reservation.release()


async def test_what_never_fits_is_refused_at_once(make: Make) -> None:
    budget = make()
    with pytest.raises(ExceedsBudget) as caught:
        await budget.admit(Need(LARGEST + 1))
    assert (caught.value.asked, caught.value.limit) == (LARGEST + 1, LARGEST)


async def test_an_output_counts_with_its_whole_block() -> None:
    need = Need.of(10, 100, 7)
    assert need.nbytes == 10 + 7 + output_capacity(100)
    assert Need.of(10).nbytes == 10


async def test_a_large_body_counts_with_its_whole_block() -> None:
    for body in (0, 1000, 128 * 1024, MIB - 1, MIB, 5 * MIB):
        need = Need.of(body, 100, 7)
        assert need.nbytes == request_capacity(body) + output_capacity(100) + 7
        assert (need.body, need.output) == (body, 100)


async def test_blocks_that_bodies_leave_are_used_again_under_pressure(make: Make) -> None:
    body, output = 5 * MIB, 20 * MIB
    need = Need.of(body, output)
    budget = make(limit=need.nbytes * 8 // 7 + 8)  # one after the other
    for turn in range(4):
        before = _native.pool_stats()
        reservation = await budget.admit(need)
        for_output = reservation.split(output_capacity(output))
        buffer = request_buffer(body, reservation=reservation)
        owned = _native.rotate_split(bytearray(output), 1, reservation=for_output)
        pool = _native.pool_stats()
        assert pool.used_bytes + pool.idle_bytes <= budget.limit
        assert pool.mapped == before.mapped or turn == 0
        owned.release()
        del buffer, reservation


async def test_first_come_first_served(make: Make) -> None:
    budget = make()
    first = await budget.admit(Need(LARGEST))
    order: list[int] = []

    async def admitted(number: int, nbytes: int) -> None:
        with releasing(await budget.admit(Need(nbytes))):
            order.append(number)

    tasks = [
        asyncio.create_task(admitted(number, nbytes))
        for number, nbytes in enumerate((LARGEST, 2 * MIB, LARGEST, 2 * MIB))
    ]
    await until(lambda: budget.large_waiting == 4)
    first.release()
    await asyncio.gather(*tasks)
    assert order == [0, 1, 2, 3]


async def test_small_needs_do_not_wait_behind_large_ones(make: Make) -> None:
    budget = make()
    large = await budget.admit(Need(LARGEST))
    waiting = start(budget.admit(Need(LARGEST)))
    await until(lambda: budget.large_waiting)
    small = [await budget.admit(Need(SMALL)) for _ in range(KEPT // SMALL)]
    one_more = start(budget.admit(Need(SMALL)))
    await until(lambda: budget.small_waiting)
    small.pop().release()
    (await one_more).release()
    for reservation in (large, *small):
        reservation.release()
    (await waiting).release()


async def test_small_needs_use_the_rest_only_while_no_large_one_waits(make: Make) -> None:
    budget = make()
    small = [await budget.admit(Need(SMALL)) for _ in range(LIMIT // SMALL)]
    assert budget.held == LIMIT
    large, one_more = start(budget.admit(Need(2 * MIB))), start(budget.admit(Need(SMALL)))
    await until(lambda: budget.large_waiting and budget.small_waiting)
    for reservation in small[KEPT // SMALL :]:
        reservation.release()  # of the rest: the small one gets it when the large one has its own
    (await large).release()
    (await one_more).release()
    for reservation in small:
        reservation.release()


async def test_the_last_large_one_lets_the_small_ones_go_on(make: Make) -> None:
    budget = make()
    with releasing(await budget.admit(Need(LARGEST))) as held:
        kept = [await budget.admit(Need(SMALL)) for _ in range(KEPT // SMALL)]
        large = start(budget.admit(Need(SMALL + 1)))
        await until(lambda: budget.large_waiting)
        small = start(budget.admit(Need(SMALL)))
        await until(lambda: budget.small_waiting)
        held.release()
        both = [await large, await small]  # also while nothing more comes back
    for reservation in kept + both:
        reservation.release()


async def test_what_the_kept_part_cannot_hold_is_not_small(make: Make) -> None:
    budget = make(limit=4 * MIB)
    with releasing(await budget.admit(Need(budget.largest))):
        waiting = start(budget.admit(Need(SMALL)))
        await until(lambda: budget.large_waiting)
        (await budget.admit(Need(SMALL // 2))).release()
    (await waiting).release()


async def test_each_lane_is_bounded_in_number(make: Make) -> None:
    budget = make(max_queue=1)
    held = [await budget.admit(Need(LARGEST))]
    held += [await budget.admit(Need(SMALL)) for _ in range(KEPT // SMALL)]
    waiting = [start(budget.admit(Need(2 * MIB)))]
    await until(lambda: budget.large_waiting)
    waiting.append(start(budget.admit(Need(SMALL))))
    await until(lambda: budget.small_waiting)
    for nbytes in (SMALL, SMALL + 1):
        with pytest.raises(Saturated) as caught:
            await budget.admit(Need(nbytes))
        assert (caught.value.code, caught.value.limit) == ("queue_full", 1)
    for reservation in held:
        reservation.release()
    for task in waiting:
        (await task).release()


async def test_waiting_is_bounded_in_time(make: Make) -> None:
    budget = make(queue_timeout=0.05)
    with releasing(await budget.admit(Need(LARGEST))), pytest.raises(Saturated) as caught:
        await budget.admit(Need(LARGEST))
    assert (caught.value.code, caught.value.limit) == ("queue_timeout", 0.05)


async def test_a_place_given_up_is_free_at_once(make: Make) -> None:
    budget = make()
    first = await budget.admit(Need(LARGEST - 2 * MIB))
    too_large, behind = start(budget.admit(Need(3 * MIB))), start(budget.admit(Need(2 * MIB)))
    await until(lambda: budget.large_waiting == 2)
    too_large.cancel()
    (await behind).release()
    first.release()


async def test_a_turn_that_comes_while_one_leaves_is_not_lost(make: Make) -> None:
    budget = make()
    first = await budget.admit(Need(LARGEST))
    leaving, staying = start(budget.admit(Need(LARGEST))), start(budget.admit(Need(LARGEST)))
    await until(lambda: budget.large_waiting == 2)
    first.release()
    budget._admit_waiting()  # it has its turn, and does not know yet
    assert leaving.cancel()
    (await staying).release()
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_what_another_thread_gives_back_wakes(make: Make) -> None:
    budget = make()
    first = await budget.admit(Need(LARGEST))
    waiting = start(budget.admit(Need(LARGEST)))
    await until(lambda: budget.large_waiting)
    await asyncio.to_thread(first.release)
    (await waiting).release()


async def test_what_another_process_holds_counts(make: Make) -> None:
    cells = memoryview(bytearray(32))  # ours, and those of a predecessor that still drains
    others = make(held=cells[:16])
    budget = make(held=cells[16:], peer=cells[:16])
    theirs = await others.admit(Need(LARGEST))
    waiting = start(budget.admit(Need(LARGEST)))
    await until(lambda: budget.large_waiting)
    theirs.release()  # wakes nobody here
    (await waiting).release()


async def test_many_in_disorder_never_exceed_the_limit(make: Make) -> None:
    budget = make(limit=16 * MIB)

    async def work(number: int) -> None:
        nbytes = (number * 7919) % budget.largest + 1
        with releasing(await budget.admit(Need(nbytes))):
            assert budget.held <= budget.limit
            await asyncio.sleep(0)
            if number % 5 == 0:
                raise asyncio.CancelledError

    tasks = [asyncio.create_task(work(number)) for number in range(250)]
    for task in tasks[::7]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_buffer_holds_its_reservation_to_its_end(make: Make) -> None:
    budget = make()
    need = Need.of(2 * MIB)
    buffer = request_buffer(2 * MIB, reservation=await budget.admit(need))
    view = memoryview(buffer)[5:6]
    del buffer
    assert budget.held == need.nbytes
    view.release()
    assert budget.held == 0
