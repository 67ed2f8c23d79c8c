"""Items as clients handle them: operators, callbacks, the store as a mapping."""

from __future__ import annotations

import gc
import threading
import time

import pytest

import mktl
from tests.conftest import wait_for


@pytest.fixture
def store(make_daemon):
    make_daemon()
    return mktl.get("lab")


@pytest.fixture
def number(store):
    number = store["target"]
    number.value = 6
    return number


def test_arithmetic_is_the_values_own(number, store) -> None:
    assert (number + 1, 1 + number, number - 2, 10 - number, number * 2, 2 / number) == (
        7,
        7,
        4,
        4,
        12,
        2 / 6,
    )
    assert (number // 4, number % 4, number**2, -number, abs(number), round(number)) == (1, 2, 36, -6, 6, 6)
    assert (number & 4, number | 1, number ^ 2, ~number, number << 1) == (4, 7, 4, -7, 12)
    assert (number == 6, number != 6, number < 7, number >= 6, number > 5) == (True, False, True, True, True)
    assert (int(number), float(number), bool(number)) == (6, 6.0, True)
    assert number + store["temp"] == 10.2


def test_in_place_operators_set(number) -> None:
    number += 4
    assert number.value == 10
    number /= 4
    assert number == 2.5
    assert isinstance(number, mktl.Item)


def test_errors_are_the_native_types_own(number, store) -> None:
    number.value = 2.5
    with pytest.raises(TypeError):
        _ = ~number
    store["name"].value = "text"
    for operation in (lambda i: i - 1, lambda i: -i, lambda i: i**2, lambda i: i / 2):
        with pytest.raises(TypeError):
            operation(store["name"])
    assert store["name"] + "!" == "text!"
    assert store["name"] * 2 == "texttext"


def test_words_of_no_are_false(store) -> None:
    name = store["name"]
    for text, truth in (("", False), ("off", False), ("No", False), ("testing", True)):
        name.value = text
        assert bool(name) is truth


def test_an_item_is_one_object_and_can_be_a_key(store) -> None:
    assert store["temp"] is store["TEMP"] is mktl.get("lab.temp") is mktl.get("lab", "Temp")
    assert {store["temp"]: 1}[mktl.get("lab.temp")] == 1
    assert store[store["temp"]] is store["temp"]


def test_words_are_formatted_and_set_without_regard_to_case(store) -> None:
    heater = store["heater"]
    heater.formatted = "hIGH"
    assert (heater.value, heater.formatted) == (3, "high")
    with pytest.raises(KeyError):
        heater.formatted = "medium"
    with pytest.raises(RuntimeError):
        heater.set(2)
    alarms = store["alarms"]
    alarms.formatted = "hot, dry"
    assert (alarms.value, alarms.formatted) == (5, "hot, dry")


def test_a_store_is_a_read_only_mapping(store) -> None:
    assert "temp" in store
    assert "TEMP" in store
    assert "nothing" not in store
    assert all(isinstance(item, mktl.Item) for item in store)
    assert len(store) == len(list(store)) == len(store.keys()) == len(store.values())
    assert dict(store.items())["temp"] is store["temp"]
    for write in (
        lambda: store.__setitem__("temp", 1),
        lambda: store.__delitem__("temp"),
        store.clear,
        store.copy,
        lambda: store.update({}),
        lambda: store.pop("temp"),
    ):
        with pytest.raises(NotImplementedError, match="store 'lab' is read only"):
            write()
    with pytest.raises(KeyError, match="did you mean temp"):
        store["tmep"]


def test_every_update_is_called_back_in_order(number) -> None:
    seen = []
    number.register(lambda item, value, timestamp: seen.append((item, value, timestamp)))
    for n in range(100):
        number.set(n)
    wait_for(lambda: len(seen) >= 100)
    assert [value for _, value, _ in seen] == list(range(100))
    assert all(item is number for item, _, _ in seen)
    assert seen[-1][2] == pytest.approx(time.time(), abs=60)


def test_a_primed_callback_has_the_value_before_register_returns(number) -> None:
    seen = []
    number.register(lambda item, value, timestamp: seen.append(value), prime=True)
    assert seen == [6]


def test_a_bound_method_is_held_weakly_and_a_function_is_not(number) -> None:
    seen: list[str] = []

    class Watcher:
        def changed(self, item, value, timestamp) -> None:
            seen.append("method")

    watcher = Watcher()
    number.register(watcher.changed)
    number.register(lambda item, value, timestamp: seen.append("function"))
    number.set(1)
    wait_for(lambda: len(seen) == 2)
    del watcher
    gc.collect()
    number.set(2)
    wait_for(lambda: len(seen) == 3)
    assert sorted(seen) == ["function", "function", "method"]


def test_a_callback_that_raises_harms_no_other(number, caplog) -> None:
    seen = []

    def fail(item, value, timestamp) -> None:
        raise RuntimeError("mine")

    number.register(fail)
    number.register(lambda item, value, timestamp: seen.append(value))
    number.set(9)
    wait_for(lambda: seen == [9])
    assert "lab.target: callback" in caplog.text


def test_what_cannot_be_called_is_refused(number) -> None:
    with pytest.raises(TypeError, match="cannot be called back"):
        number.register("not a function")


def test_a_slow_callback_delays_only_its_own_item(store) -> None:
    release, seen = threading.Event(), []
    store["target"].register(lambda *_: release.wait(10))
    store["name"].register(lambda item, value, timestamp: seen.append(value))
    store["target"].set(1)
    store["name"].set("quick")
    wait_for(lambda: seen == ["quick"])
    store["target"].set(2)
    assert store["target"].value == 2
    release.set()


def test_publish_with_repeat_updates_the_time_and_calls_back(make_daemon) -> None:
    daemon = make_daemon()
    item = daemon.items["temp"]
    seen = []
    item.register(lambda item, value, timestamp: seen.append((value, timestamp)))
    item.publish(5.0, timestamp=100.0)
    item.publish(5.0, timestamp=200.0)
    item.publish(5.0, timestamp=300.0, repeat=True)
    wait_for(lambda: len(seen) == 2)
    assert seen == [(5.0, 100.0), (5.0, 300.0)]
    assert item.time == 300.0


def test_an_array_that_is_the_same_is_not_published_again(make_daemon) -> None:
    import numpy as np

    daemon = make_daemon()
    item = daemon.items["image"]
    seen = []
    item.register(lambda item, value, timestamp: seen.append(value))
    for array in (np.array([1, np.nan]), np.array([1, np.nan]), np.array([1, 2.0]), np.array([1, 2])):
        item.publish(array)
    wait_for(lambda: len(seen) == 3)
    assert [array.dtype.kind for array in seen] == ["f", "f", "i"]


def test_a_change_of_status_that_overtakes_the_answer_to_a_get_stays(store, monkeypatch) -> None:
    from mktl.item import Item
    from mktl.item.reading import Reading

    item = Item.__new__(Item)  # one that is not authoritative, with its answer handed in
    item.__dict__.update(store["temp"].__dict__, authoritative=False, _callbacks=store["temp"]._callbacks)
    item._reading = Reading(4.2, 100.0, 100.0, "timeout", "invalid", "no reply")
    old = item._reading.to_payload()

    def answer_late(request):
        item._heard(
            Reading(4.2, 100.0, 101.0, "ok").to_payload(), None
        )  # the recovery, while the answer travels
        return old

    monkeypatch.setattr(item, "_ask", answer_late, raising=False)
    item._fetch(False)
    assert item.status == "ok"
