from __future__ import annotations

import pytest

from mktl.devicefile import Check, Command, Conversion, Template

LINK = "[links.box]\ndriver = 'tcp'\n"
# Pfeiffer TPG: a status and a value for each of two gauges.
PRESSURES = r"""
[queries.prx]
send = 'PRX'
reply = '{status1:d},{p1:e},{status2:d},{p2:e}'
"""


def item(body: str, *, before: str = LINK) -> str:
    return f"{before}[items.x]\n{body}\n"


# -- what a file comes to ----------------------------------------------------------------------------


def test_link_settings_are_kept_as_written_when_no_driver_is_known(loaded) -> None:
    link = loaded(LINK + "host = 'a'\nports = [1, 2]\nretry_s = 1\nencoding = 'latin-1'\n").links["box"]
    assert link.settings == {"host": "a", "ports": [1, 2]}
    assert (link.retry_s, link.encoding) == (1.0, "latin-1")


def test_ends_are_bytes_and_a_brace_is_a_brace(loaded) -> None:
    link = loaded(LINK + "send_end = ''\nreply_end = '}\\r\\x03\\0\\\\'\n").links["box"]
    assert (link.send_end, link.reply_end) == (b"", b"}\r\x03\0\\")


def test_ends_in_double_quotes_mean_the_same(loaded) -> None:
    assert loaded(LINK + 'reply_end = "\\r\\n"\n').links["box"].reply_end == b"\r\n"


def test_a_check_has_its_words_by_bit_number(loaded) -> None:
    check = "check_after_set = { send = 'E?', reply = '{:d}', bits = { 4 = 'range', 5 = 'unknown' } }"
    expected = Check(Template.compile("E?"), Template.compile("{:d}"), (0,), {4: "range", 5: "unknown"})
    assert loaded(LINK + check).links["box"].check_after_set == expected


def test_one_reply_feeds_several_items(loaded) -> None:
    device = loaded(LINK + PRESSURES + "[items.a]\nfrom = 'prx.p1'\npoll_s = 1\n[items.b]\nfrom = 'prx.p2'\n")
    assert [(spec.key, spec.field, spec.link) for spec in device.fed_by("prx")] == [
        ("a", "p1", "box"),
        ("b", "p2", "box"),
    ]
    assert (device.items["a"].poll_s, device.items["b"].poll_s) == (1.0, None)


def test_from_a_query_alone_is_its_field_without_a_name(loaded) -> None:
    device = loaded(LINK + "[queries.q]\nsend = 'Q'\nreply = '{:f}'\n[items.a]\nfrom = 'q'\n")
    assert (device.items["a"].query, device.items["a"].field) == ("q", "")


def test_conditions_are_values_that_a_field_may_have(loaded) -> None:
    spec = loaded(
        LINK + PRESSURES + "[items.a]\nfrom = 'prx.p1'\n"
        "good_when = { status1 = 0 }\ndisabled_when = { status1 = [4, 5] }\n"
    ).items["a"]
    assert (spec.good_when, spec.disabled_when) == ({"status1": (0,)}, {"status1": (4, 5)})


def test_an_item_that_is_only_set_is_not_read_back(loaded) -> None:
    spec = loaded(item("set = 'GO {:d}'\nset_reply = 'OK'\ncheck = false\nreply_timeout_s = 9")).items["x"]
    assert spec.command == Command.of(
        Template.compile("GO {:d}"), Template.compile("OK"), check=False, reply_timeout_s=9.0
    )
    assert (spec.query, spec.read_back) == (None, False)
    assert spec.metadata == {}


def test_read_back_can_be_switched_off(loaded) -> None:
    assert (
        not loaded(item("get = 'A'\nreply = '{:f}'\nset = 'B {:f}'\nread_back = false")).items["x"].read_back
    )


def test_the_own_query_waits_as_long_as_its_item_says(loaded) -> None:
    device = loaded(item("get = 'A'\nreply = '{:f}'\nreply_timeout_s = 3"))
    assert device.queries["item:x"].steps[0].reply_timeout_s == 3.0


def test_scale_and_offset_are_the_conversion(loaded) -> None:
    spec = loaded(item("type = 'numeric'\nget = 'A'\nreply = '{:d}'\nscale = 0.1\noffset = 5")).items["x"]
    assert spec.conversion == Conversion(0.1, 5.0)


def test_an_item_without_a_device_has_no_link_though_the_file_has_one(loaded) -> None:
    spec = loaded(item("type = 'string'")).items["x"]
    assert (spec.link, spec.query, spec.read_back, spec.metadata) == (None, None, False, {"type": "string"})


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("get = 'A'\nreply = '{:f}'", {"settable": False}),
        ("get = 'A'\nreply = '{:f}'\nset = 'B'", {}),
        ("set = 'B'\ngettable = false", {"gettable": False}),
        ("set = 'B'\nsettable = false", {"settable": False}),
        ("type = 'numeric'\nrange = [0.5, inf]", {"type": "numeric", "range": [0.5, None]}),
        ("type = 'numeric'\nmaximum = 5", {"type": "numeric", "range": [None, 5]}),
        ("type = 'numeric'\nminimum = -5\nmaximum = 5", {"type": "numeric", "range": [-5, 5]}),
        ("units = { '' = 'rad', formatted = 'h' }", {"units": {"": "rad", "formatted": "h"}}),
        ("type = 'boolean'", {"type": "boolean", "enumerators": {"0": "False", "1": "True"}}),
        (
            "type = 'boolean'\nenumerators = { 0 = 'off', 1 = 'on' }\ninitial = 'ON'",
            {"type": "boolean", "enumerators": {"0": "off", "1": "on"}, "initial": 1},
        ),
        (
            "type = 'mask'\nenumerators = { none = 'fine', 0 = 'hot', 3 = 'open' }\ninitial = 'hot, open'",
            {"type": "mask", "enumerators": {"none": "fine", "0": "hot", "3": "open"}, "initial": 9},
        ),
        (
            "type = 'mask'\nenumerators = { none = 'fine', 0 = 'hot' }\ninitial = 'fine'",
            {"type": "mask", "enumerators": {"none": "fine", "0": "hot"}, "initial": 0},
        ),
        ("type = 'numeric array'\ninitial = [1, 2.5]", {"type": "numeric array", "initial": [1, 2.5]}),
        ("persist = true\ninitial = { a = 1 }", {"persist": True, "initial": {"a": 1}}),
    ],
)
def test_clients_are_told_this(loaded, body: str, told: dict[str, object]) -> None:
    assert loaded(item(body)).metadata() == {"x": told}


def test_a_simulator_may_start_outside_the_range(loaded) -> None:
    device = loaded(item("type = 'numeric'\nrange = [0, 1]") + "[simulate]\ninitial = { x = 5 }\n")
    assert device.simulate.initial == {"x": 5}


def test_the_value_of_another_item_may_stand_in_a_command(loaded) -> None:
    device = loaded(item("set = 'GO {:f},{item.speed:f}'") + "[items.speed]\ntype = 'numeric'\n")
    command = device.items["x"].command
    assert command is not None
    assert command.steps[0].send.item_references == ("speed",)


def test_text_is_in_the_encoding_of_its_link(loaded) -> None:
    device = loaded(item("get = '°?'\nreply = '{:s}'", before=LINK + "encoding = 'latin-1'\n"))
    assert device.queries["item:x"].steps[0].send.format({}) == b"\xb0?"
