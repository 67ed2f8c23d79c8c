from __future__ import annotations

import pytest

LINK = "[links.box]\ndriver = 'tcp'\n"
TWO_LINKS = "[links.box]\ndriver = 'tcp'\n[links.bag]\ndriver = 'tcp'\n"
# Pfeiffer TPG: a status and a value for each of two gauges.
PRESSURES = r"""
[queries.prx]
send = 'PRX'
reply = '{status1:d},{p1:e},{status2:d},{p2:e}'
"""


def item(body: str, *, before: str = LINK) -> str:
    return f"{before}[items.x]\n{body}\n"


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        # names
        (
            item("link = 'bok'\nget = 'A'\nreply = '{:f}'"),
            "items.x.link",
            'no link "bok"; did you mean "box"?',
        ),
        (
            item("link = 'usb'\nset = 'A'", before=TWO_LINKS),
            "items.x.link",
            'no link "usb"; the links are "box" and "bag"',
        ),
        (item("set = 'A'", before=TWO_LINKS), "items.x", 'missing key "link"; the links are "box" and "bag"'),
        (item("set = 'A'", before=""), "items.x", 'missing key "link"; the file has no [links.NAME]'),
        (
            TWO_LINKS + PRESSURES,
            "queries.prx",
            'missing key "link"; the links are "box" and "bag"',
        ),
        (
            item("link = 'bag'\nfrom = 'prx.p1'", before=TWO_LINKS + PRESSURES + "link = 'box'\n"),
            "items.x.link",
            '"bag", but the query "prx" is on "box"',
        ),
        (
            item("from = 'prz.p1'", before=LINK + PRESSURES),
            "items.x.from",
            'no query "prz"; did you mean "prx"?',
        ),
        (item("from = 'prx.p1'"), "items.x.from", 'no query "prx"; there are no queries'),
        (
            item("from = 'prx.gauge'", before=LINK + PRESSURES),
            "items.x.from",
            'the reply of query "prx" has no field "gauge"; '
            'the fields are "status1", "p1", "status2" and "p2"',
        ),
        (
            item("from = 'prx'", before=LINK + PRESSURES),
            "items.x.from",
            'the reply of query "prx" has no field without a name, such as {:f}, '
            'only "status1", "p1", "status2" and "p2"',
        ),
        (
            item("get = 'A {item.y:f}'\nreply = '{:f}'"),
            "items.x.get",
            '{item.y} names no item; there is only "x"',
        ),
        (
            item("set = 'A {:f} {item.x1:f}'"),
            "items.x.set",
            '{item.x1} names no item; did you mean "x"?',
        ),
        # keys that need each other
        (item("get = 'A'"), "items.x.get", "needs a \"reply\", the form of the answer: reply = '{:f}'"),
        (item("reply = '{:f}'"), "items.x.reply", 'there is no "get" that it could be the answer to'),
        (
            item("set = 'A'\nreply = 'OK'"),
            "items.x.reply",
            'there is no "get" that it could be the answer to; the answer to "set" is "set_reply"',
        ),
        (
            item("get = 'A'\nreply = '{:f}'\nfrom = 'prx.p1'", before=LINK + PRESSURES),
            "items.x.from",
            'either "get" and "reply" or "from", not both',
        ),
        (
            item("reply = '{:f}'\nfrom = 'prx.p1'", before=LINK + PRESSURES),
            "items.x.reply",
            'either "get" and "reply" or "from", whose query has a reply',
        ),
        (item("set_reply = 'OK'"), "items.x.set_reply", 'there is no "set" that it could be the answer to'),
        (item("check = false"), "items.x.check", 'there is no "set" to check after'),
        (
            item("set = 'A'\npoll_s = 1"),
            "items.x.poll_s",
            'the item has nothing to read: no "get" and no "from"',
        ),
        (
            item("set = 'A'\nread_back = true"),
            "items.x.read_back",
            'the item has nothing to read: no "get" and no "from"',
        ),
        (
            item("good_when = { a = 1 }"),
            "items.x.good_when",
            'the item has nothing to read: no "get" and no "from"',
        ),
        (
            item("reply_timeout_s = 1"),
            "items.x.reply_timeout_s",
            'there is no "get" and no "set" whose answer could be late',
        ),
        (
            item("type = 'numeric'\nscale = 2"),
            "items.x.scale",
            "there is no number of a device to convert",
        ),
        (
            item("link = 'box'"),
            "items.x.link",
            'nothing goes over the link: no "get", no "set" and no "from"',
        ),
        (
            item("get = 'A'\nreply = '{:f}'\nsettable = true"),
            "items.x.settable",
            'true, but the item has no "set" with the command to send',
        ),
        # templates
        (
            item("get = 'A {:d}'\nreply = '{:f}'"),
            "items.x.get",
            'nothing gives "{:…}" a value here; a query may hold only other items\' values, {item.x}',
        ),
        (
            LINK + "[queries.q]\nsend = '{ch:d}?'\nreply = '{:f}'\n",
            "queries.q.send",
            'nothing gives "{ch:…}" a value here; a query may hold only other items\' values, {item.x}',
        ),
        (
            item("set = 'A {ch:d},{:f}'"),
            "items.x.set",
            "{ch:…} has no value here; the item's is {:…}, another item's {item.x}",
        ),
        (
            item("get = 'A'\nreply = '{status:d},{value:f}'"),
            "items.x.reply",
            "the reply has no field without a name, such as {:f}, "
            'only "status" and "value"; the item\'s value is the field without a name',
        ),
        (
            item("type = 'numeric'\nget = 'A'\nreply = '{:s}'"),
            "items.x.reply",
            '{:…} is text, but the item\'s type is "numeric"; a field for it is like {:f}',
        ),
        (
            item("type = 'boolean'\nget = 'A'\nreply = '{:OFF|ON}'"),
            "items.x.reply",
            '{:…} is text, but the item\'s type is "boolean"; a field for it is like {:d} or {:OFF=0|ON=1}',
        ),
        (
            item("type = 'mask'\nset = 'A {:q}'"),
            "items.x.set",
            '{:…} is text, but the item\'s type is "mask"; a field for it is like {:d}',
        ),
        (
            item("type = 'string'\nfrom = 'prx.p1'", before=LINK + PRESSURES),
            "items.x.from",
            '{p1:…} is a number, but the item\'s type is "string"; a field for it is like {:s}',
        ),
        (
            item("type = 'numeric array'\nget = 'A'\nreply = '{:f}'"),
            "items.x.reply",
            '{:…} is a number, but the item\'s type is "numeric array"; a field for it is like {:f*,}',
        ),
        (
            item("type = 'bulk'\nget = 'A'\nreply = '{:d}'"),
            "items.x.reply",
            '{:…} is a whole number, but the item\'s type is "bulk"; a field for it is like {:bytes}',
        ),
        (
            item("from = 'prx.p1'\ngood_when = { status = 0 }", before=LINK + PRESSURES),
            "items.x.good_when.status",
            'the reply has no field "status"; did you mean "status2"?',
        ),
        (
            item("from = 'prx.p1'\ndisabled_when = { status1 = [0, 'off'] }", before=LINK + PRESSURES),
            "items.x.disabled_when.status1",
            '{status1:…} is a whole number, so it can never be "off"',
        ),
    ],
)
def test_tables_and_keys_that_do_not_fit_are_one_problem(
    problems_in, text: str, path: str, message: str
) -> None:
    assert [(problem.path, problem.message) for problem in problems_in(text)] == [(path, message)]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (item("get = 'A{'\nreply = '{:f}'"), "items.x.get"),
        (item("get = 'A'\nreply = '{:z}'"), "items.x.reply"),
        (item("set = 'A {:z}'"), "items.x.set"),
        (item("set = 'A'\nset_reply = '{:z}'"), "items.x.set_reply"),
        (LINK + "[queries.q]\nsend = '{'\nreply = '{:f}'\n", "queries.q.send"),
        (LINK + "identity = { send = 'A', reply = '{:z}' }", "links.box.identity.reply"),
        (LINK + "check_after_set = { send = '{', reply = '{:d}' }", "links.box.check_after_set.send"),
    ],
)
def test_a_template_error_is_a_problem_of_its_key(problems_in, text: str, path: str) -> None:
    (problem,) = problems_in(text)
    assert problem.path == path
    assert ", character " in problem.message


def test_an_item_of_a_wrong_query_is_not_a_second_problem(problems_in) -> None:
    text = LINK + "[queries.q]\nsend = 'Q'\nreply = '{'\n[items.x]\nfrom = 'q.a'\ngood_when = { b = 1 }\n"
    assert [problem.path for problem in problems_in(text)] == ["queries.q.reply"]


def test_a_link_with_a_mistake_still_has_its_name(problems_in) -> None:
    text = "[links.box]\ndriver = 5\nencoding = 8\n" + item(
        "link = 'box'\nget = '°'\nreply = '{:s}'", before=""
    )
    assert [problem.path for problem in problems_in(text)] == ["links.box.driver", "links.box.encoding"]


def test_words_that_an_item_knows_as_no_value_are_read_in_the_place_of_its_number(loaded) -> None:
    device = loaded(
        LINK
        + PRESSURES
        + "[items.x]\nfrom = 'prx.p1'\nsentinels = { '---' = 'none', '9.9E37' = 'over', nan = 'off' }\n"
        + "[items.y]\nfrom = 'prx.p2'\nsentinels = { '---' = 'none' }\n"
    )
    reply = device.queries["prx"].steps[0].reply
    assert reply.source == "{status1:d},{p1:e|---|nan},{status2:d},{p2:e|---}"
    assert reply.parse(b"5,nan,5,---") == {"status1": 5, "p1": "nan", "status2": 5, "p2": "---"}


def test_a_sentinel_that_the_link_can_never_say_is_a_mistake(problems_in) -> None:
    text = item("get = 'A'\nreply = '{:f}'\nsentinels = { '°' = 'warm' }")
    assert [(problem.path, problem.message) for problem in problems_in(text)] == [
        ("items.x.sentinels", "'°' cannot be written in ascii")
    ]


def test_a_number_s_word_may_be_what_a_good_value_needs(loaded) -> None:
    text = LINK + "[queries.q]\nsend = 'Q'\nreply = '{s:d|---},{a:f}'\n"
    device = loaded(text + "[items.x]\nfrom = 'q.a'\ndisabled_when = { s = '---' }\n")
    assert device.items["x"].disabled_when == {"s": ("---",)}
