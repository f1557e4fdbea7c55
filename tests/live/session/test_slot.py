"""The slot: newest wins, overwrites are counted, nothing queues, arrays come back only when nobody looks at them."""

import threading

from live.slot import LatestSlot


def test_the_newest_item_wins_and_each_overwrite_is_counted() -> None:
    slot: LatestSlot[int] = LatestSlot()
    for item in range(5):
        slot.put(item)
    assert slot.take(0.0) == 4
    assert slot.dropped == 4


def test_take_gives_none_on_a_timeout_and_for_ever_after_the_end() -> None:
    slot: LatestSlot[int] = LatestSlot()
    assert slot.take(0.0) is None
    assert not slot.ended
    slot.put(1)
    slot.close()
    assert not slot.ended
    assert slot.take() == 1
    assert slot.ended
    assert slot.take() is None
    assert slot.put(2) is False


def test_a_blocking_slot_waits_instead_of_overwriting() -> None:
    slot: LatestSlot[int] = LatestSlot(blocking=True)

    def put_all() -> None:
        for item in range(50):
            slot.put(item)
        slot.close()

    thread = threading.Thread(target=put_all)
    thread.start()
    taken = []
    while (item := slot.take()) is not None:
        taken.append(item)
    thread.join()
    assert taken == list(range(50))
    assert slot.dropped == 0


def test_close_wakes_a_putter_that_waits() -> None:
    slot: LatestSlot[int] = LatestSlot(blocking=True)
    slot.put(0)
    results: list[bool] = []
    thread = threading.Thread(target=lambda: results.append(slot.put(1)))
    thread.start()
    slot.close()
    thread.join()
    assert results == [False]


def test_close_wakes_a_taker_that_waits() -> None:
    slot: LatestSlot[int] = LatestSlot()
    results: list[int | None] = []
    thread = threading.Thread(target=lambda: results.append(slot.take()))
    thread.start()
    slot.close()
    thread.join()
    assert results == [None]


def test_an_item_is_a_spare_only_after_the_taker_took_another() -> None:
    slot: LatestSlot[list[int]] = LatestSlot()
    held = [0]
    slot.put(held)
    assert slot.take() is held
    slot.put([1])
    assert slot.spare() is None
    slot.take()
    assert slot.spare() is held
    assert slot.spare() is None


def test_an_overwritten_item_is_a_spare_while_the_taken_one_is_not() -> None:
    slot: LatestSlot[list[int]] = LatestSlot()
    held, overwritten = [0], [1]
    slot.put(held)
    slot.take()
    slot.put(overwritten)
    slot.put([2])
    assert slot.take(timeout_s=None) == [2]
    spares = [slot.spare(), slot.spare()]
    assert any(spare is overwritten for spare in spares)


def test_a_timed_out_take_leaves_the_last_item_to_the_taker() -> None:
    slot: LatestSlot[list[int]] = LatestSlot()
    slot.put([0])
    slot.take()
    assert slot.take(0.0) is None
    assert slot.spare() is None


def test_items_that_nobody_wants_back_do_not_pile_up() -> None:
    slot: LatestSlot[list[int]] = LatestSlot()
    for number in range(1000):
        slot.put([number])
        slot.take()
    assert sum(slot.spare() is not None for _ in range(10)) <= 2
