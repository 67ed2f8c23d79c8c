from __future__ import annotations

import pytest

LINK = "[links.box]\ndriver = 'tcp'\n"


def item(body: str, *, before: str = LINK) -> str:
    return f"{before}[items.x]\n{body}\n"


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        # values
        (
            item("type = 'enumerated'"),
            "items.x.type",
            '"enumerated" needs enumerators = { 0 = "off", 1 = "on" }',
        ),
        (
            item("enumerators = { 0 = 'off' }"),
            "items.x.enumerators",
            'the item has no type; words for numbers go with type "enumerated", "boolean" or "mask"',
        ),
        (
            item("type = 'string'\nenumerators = { 0 = 'off' }"),
            "items.x.enumerators",
            'type "string" has none; words for numbers go with type "enumerated", "boolean" or "mask"',
        ),
        (
            item("type = 'boolean'\nenumerators = { 2 = 'off' }"),
            "items.x.enumerators.2",
            "a boolean is 0 or 1, not 2",
        ),
        (
            item("type = 'enumerated'\nenumerators = { none = 'off' }"),
            "items.x.enumerators.none",
            'only a mask has a word for "none"; an enumerated item has a whole number here',
        ),
        (
            item("type = 'mask'\nenumerators = { -1 = 'off' }"),
            "items.x.enumerators.-1",
            "a mask has the number of a bit here, from 0; -1 is none",
        ),
        (
            item("type = 'numeric'\nrange = [2, 1]"),
            "items.x.range",
            "the lowest value 2 is above the highest value 1",
        ),
        (
            item("type = 'numeric'\nminimum = 2\nmaximum = 1"),
            "items.x.minimum",
            "the lowest value 2 is above the highest value 1",
        ),
        (
            item("type = 'numeric'\nrange = [1, 2]\nmaximum = 2"),
            "items.x.range",
            'either "range" or "minimum" and "maximum", not both',
        ),
        (
            item("type = 'string'\nrange = [1, 2]"),
            "items.x.range",
            'the item\'s type is "string"; limits go with type "numeric" or "numeric array"',
        ),
        (
            item("maximum = 2"),
            "items.x.maximum",
            'the item has no type; limits go with type "numeric" or "numeric array"',
        ),
        (
            item("type = 'numeric'\nunits = 'mm'\nrange = [0, 300]\ninitial = 312.0"),
            "items.x.initial",
            "312.0 mm is above the maximum 300 mm",
        ),
        (
            item("type = 'numeric array'\nrange = [0, 300]\ninitial = [1, -5]"),
            "items.x.initial",
            "-5 is below the minimum 0",
        ),
        (item("type = 'numeric'\ninitial = 'far'"), "items.x.initial", 'expected a number, got "far"'),
        (item("type = 'numeric'\ninitial = true"), "items.x.initial", "expected a number, got true"),
        (item("type = 'string'\ninitial = 5"), "items.x.initial", "expected text, got 5"),
        (
            item("type = 'numeric array'\ninitial = 5"),
            "items.x.initial",
            "expected a list of numbers, got 5",
        ),
        (
            item("type = 'enumerated'\nenumerators = { 0 = 'off', 1 = 'low' }\ninitial = 2"),
            "items.x.initial",
            '2 is not among the enumerators { 0 = "off", 1 = "low" }',
        ),
        (
            item("type = 'enumerated'\nenumerators = { 0 = 'off', 1 = 'low' }\ninitial = 'lwo'"),
            "items.x.initial",
            '"lwo" is not among the enumerators; did you mean "low"?',
        ),
        (
            item("type = 'enumerated'\nenumerators = { 0 = 'off' }\ninitial = 0.5"),
            "items.x.initial",
            "expected a whole number or one of the words, got 0.5",
        ),
        (
            item("type = 'boolean'\ninitial = 2"),
            "items.x.initial",
            '2 is not among the enumerators { 0 = "False", 1 = "True" }',
        ),
        (
            item("type = 'mask'\nenumerators = { 0 = 'hot' }\ninitial = 3"),
            "items.x.initial",
            '3 has bit 1 set, which is not among the enumerators { 0 = "hot" }',
        ),
        (item("type = 'mask'\ninitial = -1"), "items.x.initial", "a mask is 0 or more, got -1"),
        (
            item("type = 'numeric'\nset = 'A {:f}'\nscale = 0"),
            "items.x.scale",
            "0 would make every value the same; for no scaling leave it out",
        ),
        (
            item("type = 'string'\nset = 'A {:s}'\noffset = 1"),
            "items.x.offset",
            'only numbers are converted; the item\'s type is "string"',
        ),
        (
            item("get = 'A'\nreply = '{:f}'\npoll_s = 0"),
            "items.x.poll_s",
            "expected a number above 0, got 0",
        ),
        (
            item("get = 'A'\nreply = '{:f}'\npoll_s = inf"),
            "items.x.poll_s",
            "expected a finite number, got inf",
        ),
        # links
        (
            LINK + "encoding = 'asci'",
            "links.box.encoding",
            '"asci" is no text encoding; did you mean "ascii"?',
        ),
        (
            LINK + "encoding = 'utf-16'",
            "links.box.encoding",
            '"utf-16" is no text encoding; did you mean "utf-8"?',
        ),
        (
            LINK + r"send_end = '\q'",
            "links.box.send_end",
            r"'\q' is not an escape; there are \r \n \t \0 \\ \xNN",
        ),
        (LINK + "reply_end = '→'", "links.box.reply_end", "'→' cannot be written in ascii"),
        (
            LINK + "retry_max_s = 0.1",
            "links.box.retry_max_s",
            "the longest pause, 0.1 s, is less than the first, 0.5 s",
        ),
        (
            LINK + "retry_s = 20",
            "links.box.retry_s",
            "the longest pause, 10 s, is less than the first, 20 s",
        ),
        (LINK + "quiet_s = -1", "links.box.quiet_s", "expected a number of at least 0, got -1"),
        (LINK + "identity = { send = 'I' }", "links.box.identity", 'missing key "reply"'),
        (LINK + "identity = 'I'", "links.box.identity", 'expected a table, got "I"'),
        (
            LINK + "check_after_set = { send = 'E', reply = '{e:d}' }",
            "links.box.check_after_set.reply",
            'the reply has no field without a name, such as {:f}, only "e"; "good" is compared with it',
        ),
        (
            LINK + "check_after_set = { send = 'E', reply = '{:s}' }",
            "links.box.check_after_set.good",
            "{:…} is text, so it can never be 0",
        ),
        (
            LINK + "check_after_set = { send = 'E', reply = '{:s}', good = 'OK', bits = { 1 = 'a' } }",
            "links.box.check_after_set.bits",
            'bits are looked for in a whole number; the reply needs "{:d}"',
        ),
        (
            LINK + "check_after_set = { send = 'E', reply = '{:d}', bits = { x = 'a' } }",
            "links.box.check_after_set.bits.x",
            'expected the number of a bit, from 0, before the word, got "x"',
        ),
        # simulate
        ("[simulate]\nmodel = 'lake'", "simulate.model", 'expected "package.module:Class", got "lake"'),
        (
            item("type = 'numeric'") + "[simulate]\ninitial = { y = 1 }",
            "simulate.initial.y",
            'no item "y"; there is only "x"',
        ),
        (
            item("type = 'numeric'") + "[simulate]\ninitial = { x = 'hot' }",
            "simulate.initial.x",
            'expected a number, got "hot"',
        ),
    ],
)
def test_a_value_that_makes_no_sense_is_one_problem(problems_in, text: str, path: str, message: str) -> None:
    assert [(problem.path, problem.message) for problem in problems_in(text)] == [(path, message)]
